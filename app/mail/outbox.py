"""The outbox: mails are rows of the transaction that causes them, taken by any worker.

A mail is claimed by moving its ``send_after`` ahead, by one worker at a time, so
that a killed worker's mail comes back by itself: at least once, never forgotten. The one mail that
was leaving at that moment is marked: nobody knows whether it left, and it leaves a second time. Where
there is such a doubt, what would be a third mail about the same thing waits for the next day.
"""

import json
import uuid
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Update, delete, func, select, text, update
from sqlalchemy.orm import Session

from app import clock, crypto
from app.bulk import insert_rows
from app.db import vault_of
from app.mail.models import SET_ASIDE, STILL_WAITS, CaughtMail, MailState, OutboxMail

# Tries of one mail after which it is set aside, and the wait before each next try; and those of a fault of ours.
MAX_ATTEMPTS = 8
BACKOFF = (60, 300, 900, 3600, 4 * 3600, 12 * 3600, 24 * 3600)
FIRST_WAIT, LAST_WAIT = timedelta(minutes=1), timedelta(hours=1)
CLAIM = timedelta(minutes=5)
CLAIMING = 0x5160_0002  # advisory lock
# What ``error`` says of a mail on its way to the server; still there afterwards, its worker was killed.
LEAVING, LEAVING_AGAIN = "leaving", "leaving again"
LEFT_TWICE = "left twice, perhaps"
# Why one never leaves.
OVER_BUDGET, BOUNCED, TAKEN_OFF = "over budget", "bounced", "taken off"
# How often each has left, at most.
_DOUBTS = {LEAVING: 1, LEAVING_AGAIN: 2, LEFT_TWICE: 2}
MAILS_A_DAY = 2
NEXT_DAY = timedelta(days=1)
MAX_UNKNOWN = 5
# Written to a crowd in small groups: they leave when nothing else does.
LAST = ("signatures/amended", "updates/letter", "updates/news")


@dataclass(frozen=True)
class Mail:
    """What to send: ``template`` is a folder of ``templates/email``; ``context`` plain JSON."""

    template: str
    to: str
    locale: str
    context: dict[str, Any] = field(default_factory=dict)
    # What it is about, so that an erasure finds it.
    subject: uuid.UUID | None = None
    # RFC 8058 link, for mailings that one subscribed to.
    unsubscribe: str = ""


def enqueue(session: Session, mails: Iterable[Mail], delay: timedelta = timedelta(0)) -> None:
    """Write the mails in the caller's transaction."""
    insert_rows(session, OutboxMail.__table__, _rows(session, mails), _waiting(delay))


def enqueue_held(session: Session, mails: Iterable[Mail], delay: timedelta) -> list[int]:
    """Write mails that may be cancelled until *delay* has passed; gives their ids."""
    rows = [OutboxMail(**row, **_waiting(delay)) for row in _rows(session, mails)]
    session.add_all(rows)
    session.flush()
    return [row.id for row in rows]


def cancel_held(session: Session, mail_ids: Sequence[int]) -> bool:
    """Cancel mails that no worker has taken yet: all of them, or none and False."""
    rows = session.scalars(
        select(OutboxMail)
        .where(OutboxMail.id.in_(mail_ids))
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    if any(row.state != MailState.WAITING or row.attempts for row in rows):
        return False
    for row in rows:
        row.state, row.sealed = MailState.CANCELLED, b""
    return True


def _rows(session: Session, mails: Iterable[Mail]) -> list[dict[str, Any]]:
    key = vault_of(session).outbox
    return [
        {
            "template": mail.template,
            "sealed": crypto.seal(key, _json([mail.to, mail.locale, mail.context, mail.unsubscribe]).encode()),
            "subject": mail.subject,
        }
        for mail in mails
    ]


_json = json.JSONEncoder(ensure_ascii=False).encode


def _waiting(delay: timedelta) -> dict[str, Any]:
    now = clock.now()
    return {"state": MailState.WAITING, "created_at": now, "send_after": now + delay, "attempts": 0, "error": ""}


def opened(session: Session, row: OutboxMail) -> Mail:
    """The mail of a row; raises Unsealable."""
    to, locale, context, unsubscribe = json.loads(crypto.unseal(vault_of(session).outbox, row.sealed))
    return Mail(row.template, to, locale, context, row.subject, unsubscribe)


def claim(session: Session, limit: int = 20) -> Sequence[tuple[OutboxMail, bool]]:
    """Due mails, oldest first, now this worker's for five minutes; with each, whether it was never tried.

    One worker at a time, or two could each take one of a pair of which only one may leave; whoever
    comes meanwhile finds nothing, and comes again.
    """
    postgres = session.get_bind().dialect.name == "postgresql"  # SQLite has one writer
    if postgres and not session.scalar(select(func.pg_try_advisory_xact_lock(CLAIMING))):
        return []
    now = clock.now()
    rows = _due(session, now, OutboxMail.template.not_in(LAST), limit)
    if len(rows) < limit:
        rows = [*rows, *_due(session, now, OutboxMail.template.in_(LAST), limit - len(rows))]
    left, doubtful = _lately(session, rows, now) if rows else (Counter(), set())
    mine = []
    for row in rows:
        about = _about(row)
        if row.error in {LEAVING, LEAVING_AGAIN} and row.attempts >= MAX_UNKNOWN:
            row.state, row.error = MailState.ASIDE, "left without our knowing, too often"
        elif about in doubtful and left[about] >= MAILS_A_DAY:
            row.send_after = now + NEXT_DAY
            row.error = LEAVING if row.error == LEAVING_AGAIN else row.error
        else:
            first = not row.attempts and not row.error  # a fault of ours counts no try, but says its reason
            row.attempts += 1
            row.send_after = now + CLAIM
            row.error = LEAVING_AGAIN if row.error == LEAVING else ""
            left[about] += 1
            mine.append((row, first))
    return mine


def _due(session: Session, now: datetime, which: ColumnElement[bool], limit: int) -> Sequence[OutboxMail]:
    return session.scalars(
        select(OutboxMail)
        .where(OutboxMail.state == MailState.WAITING, OutboxMail.send_after <= now, which)
        .order_by(OutboxMail.send_after)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()


def waiting(session: Session, template: str) -> bool:
    """Some mail of this kind was never tried yet; those put off to the next day are not waited for."""
    # Spelled out, so that the index of those that wait is used.
    waits = text("state = 'waiting'")
    soon = OutboxMail.send_after <= clock.now() + LAST_WAIT
    query = select(OutboxMail.id).where(waits, soon, OutboxMail.attempts == 0, OutboxMail.template == template)
    return session.scalar(query.limit(1)) is not None


def _about(row: Any) -> tuple[object, str]:
    """What a limit holds for: the mails of one domain about one thing."""
    return row.subject or row.id, row.template.partition("/")[0]


def _lately(
    session: Session, rows: Sequence[OutboxMail], now: datetime
) -> tuple[Counter[tuple[object, str]], set[tuple[object, str]]]:
    """How many mails about the same things may have left in a day; and where that is not sure."""
    left: Counter[tuple[object, str]] = Counter()
    doubtful = set()
    for row in session.execute(
        select(OutboxMail.id, OutboxMail.subject, OutboxMail.template, OutboxMail.error).where(
            OutboxMail.subject.in_({row.subject for row in rows}) | OutboxMail.id.in_([row.id for row in rows]),
            OutboxMail.error.in_((LEAVING, LEAVING_AGAIN))
            | (OutboxMail.sent_at > now - NEXT_DAY)
            # Claimed by somebody, and about to leave.
            | ((OutboxMail.error == "") & (OutboxMail.attempts > 0) & (OutboxMail.send_after > now)),
        )
    ):
        left[_about(row)] += _DOUBTS.get(row.error, 1)
        if row.error in _DOUBTS:
            doubtful.add(_about(row))
    return left, doubtful


def lease(session: Session, mail_id: int, attempts: int, *, again: bool) -> bool:
    """This claimed mail is handed to the server now, and stays this worker's for five minutes more.

    False when it is not its own any more: erased meanwhile, or another's since the claim ended.
    """
    done = session.execute(
        _still_mine(mail_id, attempts).values(error=LEAVING_AGAIN if again else LEAVING, send_after=clock.now() + CLAIM)
    )
    return bool(done.rowcount)  # type: ignore[attr-defined]


def release(session: Session, mail_id: int, attempts: int, *, again: bool) -> None:
    """Claimed and not tried: another worker may take it at once."""
    before = {"error": LEAVING} if again else {}
    session.execute(_still_mine(mail_id, attempts).values(send_after=clock.now(), attempts=attempts - 1, **before))


def _still_mine(mail_id: int, attempts: int) -> Update:
    """Whoever claims a mail counts an attempt more."""
    return _still_waits(mail_id).where(OutboxMail.attempts == attempts)


def _still_waits(mail_id: int) -> Update:
    return update(OutboxMail).where(OutboxMail.id == mail_id, OutboxMail.state == MailState.WAITING)


def sent(session: Session, mail_id: int, *, again: bool = False) -> None:
    """The address and the text are forgotten as soon as the mail has left."""
    session.execute(
        update(OutboxMail)
        .where(OutboxMail.id == mail_id, OutboxMail.state.in_((MailState.WAITING, MailState.ASIDE)))
        .values(state=MailState.SENT, sent_at=clock.now(), sealed=b"", error=LEFT_TWICE if again else "")
    )


def refused(session: Session, mail_id: int, why: str) -> None:
    """Its address had enough, or does not answer, or what it tells is taken off: it never leaves."""
    values = {"state": MailState.CANCELLED, "sealed": b"", "error": why}
    session.execute(_still_waits(mail_id).values(values))


def failed(session: Session, mail_id: int, attempts: int, reason: str, *, final: bool = False) -> None:
    """Try again later, or set the mail aside where the operator sees it."""
    now = clock.now()
    if final or attempts >= MAX_ATTEMPTS:
        values: dict[str, Any] = {"state": MailState.ASIDE}
    else:
        values = {"send_after": now + timedelta(seconds=BACKOFF[min(attempts, len(BACKOFF)) - 1])}
    session.execute(_still_waits(mail_id).values(error=reason, **values))


def postponed(session: Session, mail_id: int, attempts: int, reason: str) -> None:
    """Nothing of this mail: our server, our settings, our code. It is tried until it leaves, and no try is counted.

    After a minute first, then after as long as it has waited, an hour at most.
    """
    row = session.scalar(select(OutboxMail).where(OutboxMail.id == mail_id))
    if row is not None:
        now = clock.now()
        wait = min(max(now - row.created_at, FIRST_WAIT), LAST_WAIT)
        session.execute(
            _still_mine(mail_id, attempts).values(error=reason, attempts=attempts - 1, send_after=now + wait)
        )


def cancel(session: Session, *subjects: uuid.UUID) -> None:
    """Nothing more is sent about *subjects*, and what was caught of them goes."""
    session.execute(delete(OutboxMail).where(OutboxMail.subject.in_(subjects)))
    session.execute(delete(CaughtMail).where(CaughtMail.mail_subject.in_(subjects)))


def abandon(session: Session, subject: uuid.UUID, kept: uuid.UUID) -> None:
    """Nothing more is sent about *subject*; that a mail has left, or is leaving now, stays known under *kept*."""
    gone = (OutboxMail.state == MailState.SENT) | OutboxMail.error.in_((LEAVING, LEAVING_AGAIN))
    session.execute(delete(OutboxMail).where(OutboxMail.subject == subject, ~gone))
    session.execute(update(OutboxMail).where(OutboxMail.subject == subject).values(subject=kept))
    session.execute(
        update(OutboxMail)
        .where(OutboxMail.subject == kept, OutboxMail.state == MailState.WAITING)
        .values(state=MailState.CANCELLED, sealed=b"")
    )
    session.execute(delete(CaughtMail).where(CaughtMail.mail_subject == subject))


def left(session: Session, subject: uuid.UUID) -> Sequence[datetime]:
    """When the mails about *subject* were written that have left, or may be leaving."""
    gone = OutboxMail.state.in_((MailState.SENT, MailState.CANCELLED)) | OutboxMail.error.in_((LEAVING, LEAVING_AGAIN))
    return session.scalars(select(OutboxMail.created_at).where(OutboxMail.subject == subject, gone)).all()


def subject_of(session: Session, mail_id: int) -> uuid.UUID | None:
    """What a mail was about, as long as the outbox remembers."""
    return session.scalar(select(OutboxMail.subject).where(OutboxMail.id == mail_id))


def health(session: Session, now: datetime) -> dict[str, Any]:
    """Waiting mails, those of them whose last try failed, set-aside ones; the age in seconds of the oldest due one."""
    waiting, oldest = session.execute(
        select(func.count(OutboxMail.id), func.min(OutboxMail.created_at)).where(text(STILL_WAITS))
    ).one()
    failing = session.scalar(
        select(func.count(OutboxMail.id)).where(
            text(STILL_WAITS), OutboxMail.error.not_in(("", LEAVING, LEAVING_AGAIN))
        )
    )
    aside = session.scalar(select(func.count(OutboxMail.id)).where(text(SET_ASIDE)))
    return {
        "waiting": waiting,
        "failing": failing or 0,
        "aside": aside or 0,
        "oldest_seconds": int((now - oldest).total_seconds()) if oldest else 0,
    }
