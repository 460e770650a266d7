"""Every SELECT about comments."""

import uuid
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import and_, func, insert, or_, select, tuple_
from sqlalchemy.orm import Session

from app.comments.hints import VERSIONS
from app.comments.models import Comment, CommentRevision, CommentState, HintOff
from app.signatures.models import Signature
from app.signatures.queries import PUBLIC

PER_PAGE = 20
Cursor = tuple[datetime, int]


def _with_author() -> Any:
    """A comment and what its author lets the public see; no row when the signature is gone."""
    return select(
        Comment.id.label("comment_id"),
        Comment.petition_id,
        Comment.state,
        Comment.text,
        Comment.created_at,
        Comment.decided_at,
        Comment.revision,
        Comment.version,
        Comment.masks,
        Comment.tombstone,
        *PUBLIC,
    ).outerjoin(
        Signature,
        and_(Signature.petition_id == Comment.petition_id, Signature.id == Comment.signature_id),
    )


def published(session: Session, petition_id: int, limit: int, before: Cursor | None = None) -> Sequence[Any]:
    """Published comments, newest first; a removed one leaves its row (a tombstone)."""
    query = _with_author().where(
        Comment.petition_id == petition_id, or_(_readable(), Comment.state == CommentState.REMOVED)
    )
    if before is not None:
        query = query.where(tuple_(Comment.created_at, Comment.id) < before)
    return session.execute(query.order_by(Comment.created_at.desc(), Comment.id.desc()).limit(limit)).all()


def published_count(session: Session, petition_id: int) -> int:
    return session.scalar(select(func.count()).where(Comment.petition_id == petition_id, _readable())) or 0


def _readable() -> Any:
    """Published, and not emptied yet at the end of its retention."""
    return (Comment.state == CommentState.PUBLISHED) & (Comment.text != "")


def waiting_count(session: Session, petition_id: int) -> int:
    waiting = (Comment.petition_id == petition_id) & (Comment.state == CommentState.WAITING)
    return session.scalar(select(func.count()).where(waiting)) or 0


def insert_waiting(session: Session, rows: Sequence[dict[str, Any]]) -> Sequence[int]:
    """Insert comments and give back their ids in the order of *rows*."""
    return session.scalars(insert(Comment).returning(Comment.id, sort_by_parameter_order=True), list(rows)).all()


def insert_revisions(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    session.execute(insert(CommentRevision), list(rows))


def of_signature(session: Session, signature_id: uuid.UUID) -> Sequence[Comment]:
    return session.scalars(select(Comment).where(Comment.signature_id == signature_id).order_by(Comment.id)).all()


def lock(session: Session, comment_id: int) -> Comment | None:
    """As it stands once it is ours, whatever a page had read of it before."""
    query = select(Comment).where(Comment.id == comment_id).with_for_update()
    return session.scalars(query.execution_options(populate_existing=True)).one_or_none()


def with_author(session: Session, comment_id: int) -> Any:
    row: Any = session.execute(_with_author().where(Comment.id == comment_id)).one_or_none()
    return row


def authors(session: Session, comment_ids: Collection[int]) -> Sequence[Any]:
    """The same of several, in no order."""
    return session.execute(_with_author().where(Comment.id.in_(comment_ids))).all() if comment_ids else ()


def revision(session: Session, comment: Comment) -> CommentRevision:
    return session.get_one(CommentRevision, (comment.id, comment.revision))


def hints_off(session: Session) -> set[str]:
    """Rules that were wrong too often, in their present version."""
    rows = session.execute(select(HintOff.hint, HintOff.version)).all()
    return {row.hint for row in rows if VERSIONS.get(row.hint) == row.version}


def revisions(session: Session, comment_id: int) -> Sequence[CommentRevision]:
    return session.scalars(
        select(CommentRevision).where(CommentRevision.comment_id == comment_id).order_by(CommentRevision.number)
    ).all()
