"""SELECTs about cases: what several people say of one revision of one thing."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.moderation.models import Case, Notice


def lock_case(session: Session, case_id: int) -> Case | None:
    """As it stands once it is ours, whatever a page had read of it before."""
    query = select(Case).where(Case.id == case_id).with_for_update()
    return session.scalars(query.execution_options(populate_existing=True)).one_or_none()


def reported(session: Session, case_id: int) -> Any:
    """``(target, target_id)`` of what a case is about, to be locked before the case, as everybody does."""
    return session.execute(select(Case.target, Case.target_id).where(Case.id == case_id)).one_or_none()


def latest_case(session: Session, target: str, target_id: int, revision: int) -> Case | None:
    """The last case about this revision, open or closed, ours alone until the commit."""
    return session.scalars(
        select(Case)
        .where(Case.target == target, Case.target_id == target_id, Case.revision == revision)
        .order_by(Case.id.desc())
        .limit(1)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()


def open_cases(session: Session, target: str, target_id: int) -> Sequence[Case]:
    return session.scalars(
        select(Case).where(Case.target == target, Case.target_id == target_id, Case.closed_at.is_(None))
    ).all()


def case_of(session: Session, target: str, target_id: int, revision: int) -> Case | None:
    """The open case about this revision."""
    return session.scalars(
        select(Case).where(
            Case.target == target, Case.target_id == target_id, Case.revision == revision, Case.closed_at.is_(None)
        )
    ).one_or_none()


def notices_of(session: Session, case_id: int, limit: int = 20) -> Sequence[Notice]:
    return session.scalars(select(Notice).where(Notice.case_id == case_id).order_by(Notice.id).limit(limit)).all()
