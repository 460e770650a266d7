"""Every SELECT about the charter, the queue and the decisions."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session, selectinload

from app.comments.models import Comment
from app.moderation.models import CharterVersion, Decision
from app.petitions.models import Petition

QUEUE_PAGE = 50


def charter_versions(session: Session) -> Sequence[CharterVersion]:
    return session.scalars(
        select(CharterVersion).order_by(CharterVersion.number.desc()).options(selectinload(CharterVersion.articles))
    ).all()


def charter_at(session: Session, at: datetime) -> CharterVersion:
    """The version in force at that moment; the first one for anything older."""
    versions = charter_versions(session)
    return next((v for v in versions if v.effective_from <= at), versions[-1])


def waiting(session: Session, limit: int = QUEUE_PAGE) -> Sequence[Any]:
    """Comments waiting, in the order of waiting, with their petition."""
    return session.execute(
        select(
            Comment.id,
            Comment.text,
            Comment.created_at,
            Comment.version,
            Comment.revision,
            Comment.claimed_by,
            Comment.claimed_until,
            Petition.id.label("petition_id"),
            Petition.slug,
            Petition.title,
        )
        .join(Petition, Petition.id == Comment.petition_id)
        .where(Comment.state == "waiting")
        .order_by(Comment.created_at, Comment.id)
        .limit(limit)
    ).all()


def waiting_summary(session: Session) -> tuple[int, datetime | None]:
    """How many comments wait, and since when the oldest does."""
    n, oldest = session.execute(
        select(func.count(), func.min(Comment.created_at)).where(Comment.state == "waiting")
    ).one()
    return n, oldest


def decisions(session: Session, target: str, target_id: int) -> Sequence[Decision]:
    """All decisions on one thing, the present one last."""
    return session.scalars(
        select(Decision).where(Decision.target == target, Decision.target_id == target_id).order_by(Decision.id)
    ).all()


def latest(session: Session, target: str, target_ids: Iterable[int]) -> dict[int, Decision]:
    """Thing → its present decision."""
    rows = session.scalars(
        select(Decision)
        .where(Decision.target == target, Decision.target_id.in_(list(target_ids)))
        .order_by(Decision.id)
    )
    return {row.target_id: row for row in rows}


def author_record(session: Session, signature_id: Any) -> dict[str, int]:
    """How the author's comments fared on this petition: state → number."""
    if signature_id is None:
        return {}
    rows = session.execute(
        select(Comment.state, func.count()).where(Comment.signature_id == signature_id).group_by(Comment.state)
    )
    return dict(rows.tuples().all())
