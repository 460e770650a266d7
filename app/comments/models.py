"""Comments and their revisions."""

import uuid
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, one_of

MAX_LENGTH = 2000


class CommentState(StrEnum):
    WAITING = "waiting"
    PUBLISHED = "published"
    REFUSED = "refused"
    REMOVED = "removed"
    WITHDRAWN = "withdrawn"


_S = CommentState
# What a comment may become, and why. A decision is undone in its first minute: then it is what it was before.
MOVES: dict[tuple[CommentState, CommentState], str] = {
    (_S.WAITING, _S.PUBLISHED): "a moderator publishes it",
    (_S.WAITING, _S.REFUSED): "a moderator refuses it, or nobody has read it in thirty days",
    (_S.PUBLISHED, _S.WAITING): "its publication is undone",
    (_S.PUBLISHED, _S.REMOVED): "a moderator takes it down, after a notice or an order; or its return is undone",
    (_S.PUBLISHED, _S.REFUSED): "its return is undone",
    (_S.REFUSED, _S.WAITING): "its author writes again; or its refusal is undone",
    (_S.REFUSED, _S.PUBLISHED): "a moderator, or whoever judges the appeal, thinks otherwise",
    (_S.REMOVED, _S.WAITING): "its author writes again",
    (_S.REMOVED, _S.PUBLISHED): "a moderator, or whoever judges the appeal, thinks otherwise; or its removal is undone",
    **{(state, _S.WITHDRAWN): "its author takes it back" for state in CommentState if state is not _S.WITHDRAWN},
    **{(_S.WITHDRAWN, state): "its author undoes that at once" for state in CommentState if state is not _S.WITHDRAWN},
}


class Comment(Base):
    __tablename__ = "comment"
    __table_args__ = (
        CheckConstraint(one_of("state", CommentState), name="state"),
        # The queue reads the oldest of each severity.
        Index(
            "ix_comment_waiting",
            "severity",
            "waiting_since",
            "id",
            postgresql_where=text("state = 'waiting'"),
            sqlite_where=text("state = 'waiting'"),
        ),
        Index("ix_comment_petition", "petition_id", "state", "created_at"),
        Index("ix_comment_signature", "signature_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    petition_id: Mapped[int] = mapped_column(ForeignKey("petition.id"))
    # The author, through the signature; no foreign key: a signature may be erased first.
    signature_id: Mapped[uuid.UUID | None]
    state: Mapped[str] = mapped_column(String(12))
    text: Mapped[str]
    revision: Mapped[int]
    # Grows with every change of state: a decision is made on one version.
    version: Mapped[int]
    locale: Mapped[str] = mapped_column(String(8))
    created_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    # Since when this revision waits; ``created_at`` keeps its place on the page.
    waiting_since: Mapped[datetime]
    # 1 to 3, of the gravest article that a hint points at: orders the queue, decides nothing.
    severity: Mapped[int] = mapped_column(default=1)
    # What was seen at first sight, see hints: [{"hint", "version", "article", "start", "end"}].
    hints: Mapped[list[dict[str, Any]]] = mapped_column(default=list)
    # Passages hidden by a decision: [{"start", "end", "article"}], offsets in ``text``.
    masks: Mapped[list[dict[str, Any]]] = mapped_column(default=list)
    # What stands in its place once removed: {"article", "ground", "at", "appeal"}.
    tombstone: Mapped[dict[str, Any] | None]


class CommentRevision(Base):
    __tablename__ = "comment_revision"

    comment_id: Mapped[int] = mapped_column(ForeignKey("comment.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str]
    sha256: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]


class HintOff(Base):
    """A rule switched off because moderators found it wrong too often, in this version of it."""

    __tablename__ = "hint_off"

    hint: Mapped[str] = mapped_column(String(32), primary_key=True)
    version: Mapped[int]
    at: Mapped[datetime]
