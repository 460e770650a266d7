"""The local mailbox, and who takes fewer mails than it was offered."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, select, text
from sqlalchemy.orm import Session

from app.bulk import insert_for
from app.mail.destinations import RELAY
from app.mail.models import STILL_WAITS, CaughtMail, MailRoute, OutboxMail

# What a worker has said of a way out holds for so long: it may be gone, or have had nothing to send.
SAID = timedelta(minutes=15)
# Where addresses with accents before the @ go: noted while our server takes none, for as long as no worker says
# otherwise.
ACCENTS = "smtputf8"


def caught(session: Session, limit: int = 100) -> Sequence[CaughtMail]:
    return session.scalars(select(CaughtMail).order_by(CaughtMail.id.desc()).limit(limit)).all()


def caught_mail(session: Session, mail_id: int) -> CaughtMail | None:
    return session.get(CaughtMail, mail_id)


def note_route(session: Session, name: str, now: datetime, until: datetime, room: int, words: str) -> None:
    values: dict[str, Any] = {"at": now, "until": until, "room": room, "words": words}
    statement = insert_for(session)(MailRoute).values(name=name, since=now, **values)
    session.execute(statement.on_conflict_do_update(index_elements=["name"], set_=values))


def forget_route(session: Session, name: str) -> None:
    session.execute(delete(MailRoute).where(MailRoute.name == name))


def slow_routes(session: Session, now: datetime) -> Sequence[MailRoute]:
    """Our own way out first, then the providers that take fewer mails than they were offered."""
    said = (MailRoute.at > now - SAID) & (MailRoute.name != ACCENTS)
    return session.scalars(select(MailRoute).where(said).order_by(MailRoute.name)).all()


def note_accents(session: Session, now: datetime, *, taken: bool) -> None:
    if taken:
        forget_route(session, ACCENTS)
    else:
        note_route(session, ACCENTS, now, now, 0, "SMTPUTF8 is not offered")


def takes_accents(session: Session) -> bool:
    """False once our server is known not to."""
    return session.get(MailRoute, ACCENTS) is None


def no_way_out(session: Session, now: datetime) -> MailRoute | None:
    """Set while our own server takes no mail."""
    found = session.get(MailRoute, RELAY)
    return found if found is not None and found.room == 0 and found.at > now - SAID else None


def waiting_by_way(session: Session) -> Sequence[Any]:
    """Where the mails that wait go, the reason of their last try, how many, and when the oldest was written."""
    return session.execute(
        select(OutboxMail.destination, OutboxMail.error, func.count(), func.min(OutboxMail.created_at))
        .where(text(STILL_WAITS))
        .group_by(OutboxMail.destination, OutboxMail.error)
    ).all()
