"""What is kept of a petition's review: the remarks, and the text as it was read."""

from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base


class Part(StrEnum):
    """What a remark may be about."""

    # A line of the Markdown text, as releases before blocks counted: only its quote says where.
    LINE = ""
    WHOLE = "whole"
    TITLE = "title"
    RECIPIENTS = "recipients"
    IMAGE = "image"
    TEXT = "text"
    SOURCES = "sources"
    SETTINGS = "settings"


class PetitionRemark(Base):
    """A correction asked of a petition's author, on one block of it."""

    __tablename__ = "petition_remark"
    __table_args__ = (Index(None, "decision_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    decision_id: Mapped[int] = mapped_column(ForeignKey("decision.id"))
    part: Mapped[str] = mapped_column(String(12), default=Part.LINE, server_default=sql("''"))
    # Of the text, from 1; 0 elsewhere. The column has the name that the release before reads and writes.
    block: Mapped[int] = mapped_column("line")
    # The words of the block, the first of them when there are many: they find it again in a text that has changed.
    quoted: Mapped[str]
    text: Mapped[str]


class ReviewedPetition(Base):
    """A petition as it was when a decision sent it back, refused it or took it down: its author may write on."""

    __tablename__ = "petition_reviewed"

    decision_id: Mapped[int] = mapped_column(ForeignKey("decision.id"), primary_key=True)
    # See ``app.moderation.proofs``.
    content: Mapped[dict[str, Any]]
