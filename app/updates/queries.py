"""Every SELECT about updates and letters."""

from collections.abc import Sequence
from datetime import datetime
from typing import TypeVar

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.mail.models import OutboxMail
from app.updates.models import LETTER_MAIL, Letter, Sending, Update

Sent = TypeVar("Sent", bound=Sending)


def of_petition(session: Session, petition_id: int, limit: int = 50) -> Sequence[Update]:
    return session.scalars(
        select(Update).where(Update.petition_id == petition_id).order_by(Update.id.desc()).limit(limit)
    ).all()


def unfinished(session: Session, kind: type[Sent]) -> Sent | None:
    """One that is still being sent, ours alone until the commit."""
    return session.scalars(
        select(kind).where(kind.finished_at.is_(None)).order_by(kind.id).limit(1).with_for_update(skip_locked=True)
    ).one_or_none()


def letters(session: Session, limit: int = 20) -> Sequence[Letter]:
    return session.scalars(select(Letter).order_by(Letter.id.desc()).limit(limit)).all()


def letter_titled(session: Session, title: str) -> Letter | None:
    return session.scalars(select(Letter).where(Letter.title == title)).one_or_none()


def letter_under_way(session: Session) -> bool:
    return session.scalar(select(func.count()).where(Letter.finished_at.is_(None))) != 0


def mails_of(session: Session, letter: Letter, now: datetime) -> dict[str, int]:
    """State → how many mails of this letter the outbox still has. One letter is written at a time."""
    rows = session.execute(
        select(OutboxMail.state, func.count())
        .where(
            OutboxMail.template == LETTER_MAIL,
            OutboxMail.created_at.between(letter.created_at, letter.finished_at or now),
        )
        .group_by(OutboxMail.state)
    )
    return {row[0]: row[1] for row in rows}
