"""Comments, and the decisions that quote them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.orm import Session

from app.comments.models import Comment, CommentRevision, CommentState
from app.moderation.models import AuthorLimit, Decision, Note, Target
from app.petitions.models import Petition
from app.privacy import schedule
from app.privacy.queries import FORGOTTEN, Due, delete_some, due, ended_at, together


def waiting_due(session: Session, now: datetime) -> Due:
    return due(
        session,
        Comment.waiting_since,
        schedule.COMMENT_WAITING,
        Comment.state == CommentState.WAITING,
        Comment.waiting_since <= now - schedule.COMMENT_WAITING,
    )


def waiting_ids(session: Session, now: datetime, limit: int) -> Sequence[int]:
    return session.scalars(
        select(Comment.id)
        .where(Comment.state == CommentState.WAITING, Comment.waiting_since <= now - schedule.COMMENT_WAITING)
        .order_by(Comment.waiting_since)
        .limit(limit)
    ).all()


def _published_where(now: datetime) -> Any:
    closed = select(Petition.id).where(ended_at <= now - schedule.COMMENT_AFTER_CLOSING)
    return Comment.state == CommentState.PUBLISHED, Comment.text != "", Comment.petition_id.in_(closed)


def published_due(session: Session, now: datetime) -> Due:
    n = session.scalar(select(func.count()).where(*_published_where(now))) or 0
    oldest = session.scalar(
        select(func.min(ended_at)).where(Petition.id.in_(select(Comment.petition_id).where(*_published_where(now))))
    )
    return n, oldest + schedule.COMMENT_AFTER_CLOSING if n and oldest else None


def published_ids(session: Session, now: datetime, limit: int) -> Sequence[int]:
    return session.scalars(select(Comment.id).where(*_published_where(now)).limit(limit)).all()


def _refused_where(now: datetime) -> Any:
    return (
        Comment.state.in_([CommentState.REFUSED, CommentState.REMOVED, CommentState.WITHDRAWN]),
        Comment.text != "",
        func.coalesce(Comment.decided_at, Comment.created_at) <= now - schedule.COMMENT_REFUSED,
    )


def refused_due(session: Session, now: datetime) -> Due:
    moment = func.coalesce(Comment.decided_at, Comment.created_at, type_=Comment.created_at.type)
    return together(
        due(session, moment, schedule.COMMENT_REFUSED, *_refused_where(now)),
        due(session, AuthorLimit.created_at, schedule.COMMENT_REFUSED, _limited_long_ago(now)),
    )


def _limited_long_ago(now: datetime) -> Any:
    """By then the petition is closed: there is nothing left to keep the author from."""
    return AuthorLimit.created_at <= now - schedule.COMMENT_REFUSED


def delete_limits(session: Session, now: datetime, limit: int) -> int:
    return delete_some(session, AuthorLimit.signature_id, limit, _limited_long_ago(now))


def refused_ids(session: Session, now: datetime, limit: int) -> Sequence[int]:
    return session.scalars(select(Comment.id).where(*_refused_where(now)).limit(limit)).all()


def forget_texts(session: Session, comment_ids: Sequence[int]) -> None:
    """The words go, and what was said of them; the code of the decision and its date stay."""
    forget_words(session, comment_ids)
    forget_reasons(session, comment_ids)


def forget_words(session: Session, comment_ids: Sequence[int]) -> None:
    """What authors wrote, and what moderators noted of it."""
    if not comment_ids:
        return
    session.execute(
        update(Comment).where(Comment.id.in_(comment_ids)).values(text="", signature_id=None, hints=[], masks=[])
    )
    session.execute(update(CommentRevision).where(CommentRevision.comment_id.in_(comment_ids)).values(text=""))
    session.execute(delete(Note).where(Note.target == "comment", Note.target_id.in_(comment_ids)))


def forget_reasons(session: Session, comment_ids: Sequence[int]) -> None:
    """Decisions quote what they judged: the quotation goes with the words."""
    if not comment_ids:
        return
    session.execute(
        update(Decision)
        .where(
            Decision.target == Target.COMMENT,
            Decision.target_id.in_(comment_ids),
            or_(Decision.passage.not_in(["", FORGOTTEN]), Decision.explanation != ""),
        )
        .values(passage=FORGOTTEN, explanation="", statement={})
    )


def anonymise_comments(session: Session, petition_id: int) -> None:
    """At the end of life authors become "Anonyme"."""
    session.execute(update(Comment).where(Comment.petition_id == petition_id).values(signature_id=None))
