"""Every SELECT about updates."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.updates.models import Update


def of_petition(session: Session, petition_id: int, limit: int = 50) -> Sequence[Update]:
    return session.scalars(
        select(Update).where(Update.petition_id == petition_id).order_by(Update.id.desc()).limit(limit)
    ).all()


def unfinished(session: Session) -> Update | None:
    """One update that is still being sent, ours alone until the commit."""
    return session.scalars(
        select(Update)
        .where(Update.finished_at.is_(None))
        .order_by(Update.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    ).one_or_none()
