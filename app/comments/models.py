"""Comments and their revisions."""

import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base

MAX_LENGTH = 2000


class Comment(Base):
    __tablename__ = "comment"
    __table_args__ = (
        CheckConstraint("state IN ('waiting', 'published', 'refused', 'removed', 'withdrawn')", name="state"),
        Index(None, "state", "created_at", "id"),
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
    # A moderator who opened it has it for ten minutes.
    claimed_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    claimed_until: Mapped[datetime | None]


class CommentRevision(Base):
    __tablename__ = "comment_revision"

    comment_id: Mapped[int] = mapped_column(ForeignKey("comment.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str]
    sha256: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]
