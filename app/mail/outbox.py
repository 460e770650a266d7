"""The outbox: mails are rows of the transaction that causes them, taken by any worker.

A mail is claimed by moving its ``send_after`` ahead, by one worker at a time, so
that a killed worker's mail comes back by itself: at least once, never forgotten. Those few that
were leaving at that moment are marked: nobody knows whether they left, and they leave a second time. Where
there is such a doubt, what would be a third mail about the same thing waits for the next day.
"""

import json
import uuid
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Update, case, delete, func, select, text, tuple_, update
from sqlalchemy.orm import Session

from app import clock, crypto
from app.bulk import insert_rows
from app.db import vault_of
from app.mail import destinations
from app.mail.models import SET_ASIDE, STILL_WAITS, CaughtMail, MailRoute, MailState, OutboxMail, Urgency

# Tries of one mail after which it is set aside, and the wait before each next try; and those of a fault of ours.
MAX_ATTEMPTS = 8
BACKOFF = (60, 300, 900, 3600, 4 * 3600, 12 * 3600, 24 * 3600)
FIRST_WAIT, LAST_WAIT = timedelta(minutes=1), timedelta(hours=1)
# A claimed mail is its worker's that long, and again as long as that worker lives; one that is leaving for longer,
# as nobody knows whether it has left.
CLAIM = timedelta(seconds=8)
LEAVES = timedelta(minutes=5)
CLAIMING = 0x5160_0002  # advisory lock
# What ``error`` says of a mail on its way to the server; still there afterwards, its worker was killed.
LEAVING, LEAVING_AGAIN = "leaving", "leaving again"
LEFT_TWICE = "left twice, perhaps"
TOO_OFTEN = "left without our knowing, too often"
# Why one never leaves.
OVER_BUDGET, BOUNCED, TAKEN_OFF = "over budget", "bounced", "taken off"
# How often each has left, at most.
_DOUBTS = {LEAVING: 1, LEAVING_AGAIN: 2, LEFT_TWICE: 2}
MAILS_A_DAY = 2
NEXT_DAY = timedelta(days=1)
MAX_UNKNOWN = 5
# Somebody waits for them, in front of a page.
FIRST = ("signatures/confirm", "signatures/reminder", "signatures/replacement", "accounts/")
# Written to a crowd in small groups: they leave when nothing else does.
LAST = ("signatures/amended", "updates/letter", "updates/news")
# Rows are changed by groups, and nobody has them in a session.
UNSEEN = {"synchronize_session": False}


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
    # As it waits in the outbox: no two are alike, each is the same at every try, and none is kept once it has left.
    sealed: bytes = b""


class Taken(NamedTuple):
    """A mail that is this worker's; ``first``: never tried before."""

    id: int
    template: str
    sealed: bytes
    subject: uuid.UUID | None
    attempts: int
    # LEAVING_AGAIN: a killed worker may have sent it already.
    error: str
    urgency: Urgency
    first: bool

    @property
    def key(self) -> tuple[int, int]:
        return self.id, self.attempts


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


def urgency_of(template: str) -> Urgency:
    if template.startswith(FIRST):
        return Urgency.FIRST
    return Urgency.LAST if template in LAST else Urgency.USUAL


def _rows(session: Session, mails: Iterable[Mail]) -> list[dict[str, Any]]:
    key = vault_of(session).outbox
    return [
        {
            "template": mail.template,
            "urgency": urgency_of(mail.template),
            "destination": destinations.provider(mail.to),
            "sealed": crypto.seal(key, _json([mail.to, mail.locale, mail.context, mail.unsubscribe]).encode()),
            "subject": mail.subject,
        }
        for mail in mails
    ]


_json = json.JSONEncoder(ensure_ascii=False).encode


def _waiting(delay: timedelta) -> dict[str, Any]:
    now = clock.now()
    return {"state": MailState.WAITING, "created_at": now, "send_after": now + delay, "attempts": 0, "error": ""}


def opened(session: Session, row: OutboxMail | Taken) -> Mail:
    """The mail of a row; raises Unsealable."""
    to, locale, context, unsubscribe = json.loads(crypto.unseal(vault_of(session).outbox, row.sealed))
    return Mail(row.template, to, locale, context, row.subject, unsubscribe, row.sealed)


def claim(session: Session, limit: int = 20, without: Collection[str] = (), last: int | None = None) -> list[Taken]:
    """Due mails, the most urgent first, then the oldest, now this worker's for CLAIM; none to *without*.

    *last*: how many of those that leave when nothing else does, at most.

    One worker at a time, or two could each take one of a pair of which only one may leave; whoever
    comes meanwhile finds nothing, and comes again.
    """
    postgres = session.get_bind().dialect.name == "postgresql"  # SQLite has one writer
    if postgres and not session.scalar(select(func.pg_try_advisory_xact_lock(CLAIMING))):
        return []
    now, rows = clock.now(), list[Any]()
    for urgency in Urgency:
        room = limit - len(rows)
        if urgency == Urgency.LAST and last is not None:
            room = min(room, last)
        if room > 0:
            rows += _due(session, now, urgency, without, room)
    left, doubtful = _lately(session, rows, now) if rows else (Counter(), set())
    mine, later, aside = list[Taken](), list[int](), list[int]()
    for row in rows:
        about = _about(row)
        if row.error in {LEAVING, LEAVING_AGAIN} and row.attempts >= MAX_UNKNOWN:
            aside.append(row.id)
        elif about in doubtful and left[about] >= MAILS_A_DAY:
            later.append(row.id)
        else:
            first = not row.attempts and not row.error  # a fault of ours counts no try, but says its reason
            error = LEAVING_AGAIN if row.error == LEAVING else ""
            left[about] += 1
            kept = row.id, row.template, row.sealed, row.subject
            mine.append(Taken(*kept, row.attempts + 1, error, row.urgency, first))
    doubt = case((OutboxMail.error == LEAVING_AGAIN, LEAVING), else_=OutboxMail.error)
    _change(session, aside, state=MailState.ASIDE, error=TOO_OFTEN)
    _change(session, later, send_after=now + NEXT_DAY, error=doubt)
    again = case((OutboxMail.error == LEAVING, LEAVING_AGAIN), else_="")
    _change(session, [one.id for one in mine], send_after=now + CLAIM, error=again, attempts=OutboxMail.attempts + 1)
    return mine


_COLUMNS = (
    OutboxMail.id, OutboxMail.template, OutboxMail.sealed, OutboxMail.subject, OutboxMail.attempts, OutboxMail.error,
    OutboxMail.urgency,
)  # fmt: skip


def _due(session: Session, now: datetime, urgency: Urgency, without: Collection[str], limit: int) -> Sequence[Any]:
    query = select(*_COLUMNS).where(text(STILL_WAITS), OutboxMail.urgency == urgency, OutboxMail.send_after <= now)
    if without:
        query = query.where(OutboxMail.destination.not_in(without))
    rows: Sequence[Any] = session.execute(
        query.order_by(OutboxMail.send_after).limit(limit).with_for_update(skip_locked=True)
    ).all()
    return rows


def _change(session: Session, ids: Sequence[int], **values: Any) -> None:
    if ids:
        these = update(OutboxMail).where(OutboxMail.id.in_(ids), OutboxMail.state == MailState.WAITING)
        session.execute(these.values(values), execution_options=UNSEEN)


def waiting(session: Session, template: str) -> bool:
    """Some mail of this kind was never tried yet; those put off to the next day are not waited for, nor are those of a
    provider that takes none for now."""
    now = clock.now()
    closed = select(MailRoute.name).where(MailRoute.name != destinations.RELAY, MailRoute.until > now)
    query = select(OutboxMail.id).where(
        text(STILL_WAITS),  # spelled out, so that the index of those that wait is used
        OutboxMail.send_after <= now + LAST_WAIT,
        OutboxMail.attempts == 0,
        OutboxMail.template == template,
        OutboxMail.destination.not_in(closed),
    )
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


def lease(session: Session, mails: Collection[Taken]) -> set[int]:
    """Those of these claimed mails that are still this worker's: handed to the server now, for LEAVES at most.

    Not so any more: erased meanwhile, or another's since the claim ended.
    """
    if not mails:
        return set()
    leaving = case((OutboxMail.error == LEAVING_AGAIN, LEAVING_AGAIN), else_=LEAVING)
    these = _these_still_mine(mails).values(error=leaving, send_after=clock.now() + LEAVES)
    return set(session.scalars(these.returning(OutboxMail.id), execution_options=UNSEEN))


def hold_on(session: Session, mails: Collection[Taken]) -> None:
    """These claimed mails wait for their turn, and stay this worker's for CLAIM more."""
    if mails:
        session.execute(_these_still_mine(mails).values(send_after=clock.now() + CLAIM), execution_options=UNSEEN)


def release(session: Session, mails: Collection[Taken], until: datetime | None = None) -> None:
    """Claimed and not tried: another worker may take them at once, or once *until* has come."""
    if mails:
        before = case((OutboxMail.error == LEAVING_AGAIN, LEAVING), else_=OutboxMail.error)
        session.execute(
            _these_still_mine(mails).values(
                send_after=until or clock.now(), attempts=OutboxMail.attempts - 1, error=before
            ),
            execution_options=UNSEEN,
        )


def _these_still_mine(mails: Collection[Taken]) -> Update:
    """Whoever claims a mail counts an attempt more."""
    keys = tuple_(OutboxMail.id, OutboxMail.attempts)
    return update(OutboxMail).where(keys.in_([mail.key for mail in mails]), OutboxMail.state == MailState.WAITING)


def _still_waits(mail_id: int) -> Update:
    return update(OutboxMail).where(OutboxMail.id == mail_id, OutboxMail.state == MailState.WAITING)


def sent(session: Session, mails: Collection[Taken]) -> None:
    """The address and the text are forgotten as soon as the mail has left."""
    for again, error in ((False, ""), (True, LEFT_TWICE)):
        ids = [mail.id for mail in mails if (mail.error == LEAVING_AGAIN) == again]
        if ids:
            session.execute(
                update(OutboxMail)
                .where(OutboxMail.id.in_(ids), OutboxMail.state.in_((MailState.WAITING, MailState.ASIDE)))
                .values(state=MailState.SENT, sent_at=clock.now(), sealed=b"", error=error),
                execution_options=UNSEEN,
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


def postponed(session: Session, mail: Taken, reason: str, until: datetime | None = None) -> None:
    """Nothing of this mail: our server, our settings, our code. It is tried until it leaves, and no try is counted.

    Without *until* after a minute first, then after as long as it has waited, an hour at most.
    """
    row = session.scalar(select(OutboxMail).where(OutboxMail.id == mail.id))
    if row is not None:
        now = clock.now()
        until = until or now + min(max(now - row.created_at, FIRST_WAIT), LAST_WAIT)
        # In doubt as before.
        error = LEAVING if mail.error == LEAVING_AGAIN else reason
        session.execute(
            _these_still_mine([mail]).values(error=error, attempts=OutboxMail.attempts - 1, send_after=until),
            execution_options=UNSEEN,
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
