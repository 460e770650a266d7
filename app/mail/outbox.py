"""The outbox: mails are rows of the transaction that causes them, taken by any worker.

A mail is claimed by moving its ``send_after`` ahead, under a row lock that other workers skip, so
that a killed worker's mail comes back by itself: at least once, never forgotten. The one mail that
was leaving at that moment is marked: nobody knows whether it left, and it leaves a second time; a
worker killed on it again keeps the third for the next day, as the limit of two a day would.
"""

import json
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from app import clock, crypto
from app.db import insert_rows, vault_of
from app.mail.models import CaughtMail, OutboxMail

# Tries after which a mail is set aside, and the wait before each next try.
MAX_ATTEMPTS = 8
BACKOFF = (60, 300, 900, 3600, 4 * 3600, 12 * 3600, 24 * 3600)
CLAIM = timedelta(minutes=5)
# What ``error`` says of a mail on its way to the server; still there afterwards, its worker was killed.
LEAVING, LEAVING_AGAIN = "leaving", "leaving again"
NEXT_TRY = timedelta(days=1)
MAX_UNKNOWN = 5


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
    return insert_rows(session, OutboxMail.__table__, _rows(session, mails), _waiting(delay), returning="id")


def cancel_held(session: Session, mail_ids: Sequence[int]) -> bool:
    """Cancel mails that no worker has taken yet: all of them, or none and False."""
    rows = session.scalars(
        select(OutboxMail)
        .where(OutboxMail.id.in_(mail_ids))
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    if any(row.state != "waiting" or row.attempts for row in rows):
        return False
    for row in rows:
        row.state, row.sealed = "cancelled", b""
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
    return {"state": "waiting", "created_at": now, "send_after": now + delay, "attempts": 0, "error": ""}


def opened(session: Session, row: OutboxMail) -> Mail:
    """The mail of a row; raises Unsealable."""
    to, locale, context, unsubscribe = json.loads(crypto.unseal(vault_of(session).outbox, row.sealed))
    return Mail(row.template, to, locale, context, row.subject, unsubscribe)


def claim(session: Session, limit: int = 20) -> Sequence[OutboxMail]:
    """Due mails, oldest first, now this worker's for five minutes."""
    now = clock.now()
    rows = session.scalars(
        select(OutboxMail)
        .where(OutboxMail.state == "waiting", OutboxMail.send_after <= now)
        .order_by(OutboxMail.send_after)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    mine = []
    for row in rows:
        if row.error in {LEAVING, LEAVING_AGAIN} and row.attempts >= MAX_UNKNOWN:
            row.state, row.error = "aside", "left without our knowing, too often"
        elif row.error == LEAVING_AGAIN:
            row.error, row.send_after = LEAVING, now + NEXT_TRY
        else:
            row.attempts += 1
            row.send_after = now + CLAIM
            mine.append(row)
    return mine


def leaving(session: Session, mail_id: int, *, again: bool) -> None:
    """This claimed mail is the one that is handed to the server now."""
    error = LEAVING_AGAIN if again else LEAVING
    session.execute(update(OutboxMail).where(OutboxMail.id == mail_id).values(error=error))


def release(session: Session, mail_ids: Sequence[int]) -> None:
    """Claimed and not tried: another worker may take them at once."""
    session.execute(
        update(OutboxMail)
        .where(OutboxMail.id.in_(mail_ids), OutboxMail.state == "waiting")
        .values(send_after=clock.now(), attempts=OutboxMail.attempts - 1)
    )


def sent(session: Session, mail_id: int) -> None:
    """The address and the text are forgotten as soon as the mail has left."""
    session.execute(
        update(OutboxMail)
        .where(OutboxMail.id == mail_id)
        .values(state="sent", sent_at=clock.now(), sealed=b"", error="")
    )


def failed(session: Session, mail_id: int, attempts: int, reason: str, *, final: bool = False) -> None:
    """Try again later, or set the mail aside where the operator sees it."""
    now = clock.now()
    if final or attempts >= MAX_ATTEMPTS:
        values: dict[str, Any] = {"state": "aside"}
    else:
        values = {"send_after": now + timedelta(seconds=BACKOFF[min(attempts, len(BACKOFF)) - 1])}
    session.execute(update(OutboxMail).where(OutboxMail.id == mail_id).values(error=reason, **values))


def cancel(session: Session, subject: uuid.UUID) -> None:
    """Nothing more is sent about *subject*, and what was caught of it goes."""
    session.execute(delete(OutboxMail).where(OutboxMail.subject == subject))
    session.execute(delete(CaughtMail).where(CaughtMail.mail_subject == subject))


def health(session: Session, now: datetime) -> dict[str, Any]:
    """Waiting and set-aside mails, and the age in seconds of the oldest due one."""
    waiting, oldest = session.execute(
        select(func.count(), func.min(OutboxMail.created_at)).where(OutboxMail.state == "waiting")
    ).one()
    aside = session.scalar(select(func.count()).where(OutboxMail.state == "aside"))
    return {
        "waiting": waiting,
        "aside": aside or 0,
        "oldest_seconds": int((now - oldest).total_seconds()) if oldest else 0,
    }
