"""SELECTs about notices, cases, claims, notes, preferences and hints."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.comments.models import Comment, CommentState
from app.moderation.models import (
    Appeal,
    AppealOutcome,
    Case,
    CaseKind,
    Decision,
    Notice,
    NoticeOutcome,
    Order,
    Reply,
    ReplyState,
    Target,
)


def notices_to_tell(session: Session, case_id: int) -> Sequence[Notice]:
    return session.scalars(
        select(Notice).where(Notice.case_id == case_id, Notice.outcome == NoticeOutcome.OPEN).order_by(Notice.id)
    ).all()


def notice(session: Session, notice_id: int) -> Notice | None:
    return session.get(Notice, notice_id)


def lock_notice(session: Session, notice_id: int) -> tuple[Notice, Case] | None:
    """With its decision and its case, locked as an undoing does; as they stand then."""
    decided = session.scalar(select(Notice.decision_id).where(Notice.id == notice_id))
    if decided is not None:
        session.execute(select(Decision.id).where(Decision.id == decided).with_for_update())
    case = session.scalars(
        select(Case)
        .join(Notice, Notice.case_id == Case.id)
        .where(Notice.id == notice_id)
        .with_for_update(of=Case)
        .execution_options(populate_existing=True)
    ).one_or_none()
    found = session.get(Notice, notice_id, populate_existing=True, with_for_update=True)
    return (found, case) if found is not None and case is not None else None


# Claims, notes, preferences


# Appeals, replies, second looks


def lock_appeal(session: Session, appeal_id: int) -> Appeal | None:
    query = select(Appeal).where(Appeal.id == appeal_id).with_for_update()
    return session.scalars(query.execution_options(populate_existing=True)).one_or_none()


def contested(session: Session, appeal_id: int) -> Any:
    """``(target, target_id)`` of what an appeal is about, to be locked before the appeal, as an erasure does."""
    return session.execute(
        select(Decision.target, Decision.target_id)
        .join(Appeal, Appeal.decision_id == Decision.id)
        .where(Appeal.id == appeal_id)
    ).one_or_none()


def lock_open_appeals(session: Session, comment_ids: Sequence[int]) -> Sequence[Appeal]:
    decided = select(Decision.id).where(Decision.target == Target.COMMENT, Decision.target_id.in_(comment_ids))
    return session.scalars(
        select(Appeal)
        .where(Appeal.outcome == AppealOutcome.OPEN, Appeal.decision_id.in_(decided))
        .order_by(Appeal.id)
        .with_for_update()
    ).all()


def appeal_of(session: Session, decision_id: int, appellant: str) -> Appeal | None:
    return session.scalars(
        select(Appeal).where(Appeal.decision_id == decision_id, Appeal.appellant == appellant)
    ).one_or_none()


def appeals_on(session: Session, decision_ids: Sequence[int]) -> dict[int, str]:
    """Decision → outcome of the appeal against it ("" while it waits)."""
    rows = session.execute(select(Appeal.decision_id, Appeal.outcome).where(Appeal.decision_id.in_(decision_ids)))
    return {row.decision_id: row.outcome for row in rows}


def lock_reply(session: Session, reply_id: int) -> Reply | None:
    query = select(Reply).where(Reply.id == reply_id).with_for_update()
    return session.scalars(query.execution_options(populate_existing=True)).one_or_none()


def replies(session: Session, petition_id: int) -> Sequence[Reply]:
    """The published ones; not those to a comment that is no longer there."""
    gone = select(Comment.id).where(Comment.id == Reply.comment_id, Comment.state != CommentState.PUBLISHED).exists()
    return session.scalars(
        select(Reply)
        .where(Reply.petition_id == petition_id, Reply.state == ReplyState.PUBLISHED, ~gone)
        .order_by(Reply.id)
    ).all()


# Hints


# The urgent path


def urgent_cases(session: Session) -> Sequence[Case]:
    return session.scalars(
        select(Case).where(Case.kind == CaseKind.URGENT, Case.closed_at.is_(None)).order_by(Case.opened_at)
    ).all()


def orders(session: Session, limit: int = 20) -> Sequence[Order]:
    return session.scalars(select(Order).order_by(Order.id.desc()).limit(limit)).all()


# Those whom a new charter concerns
