"""The charter and the decisions taken under it."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.accounts.models import Account
from app.db import Base


class CharterVersion(Base):
    __tablename__ = "charter_version"

    number: Mapped[int] = mapped_column(primary_key=True)
    summary: Mapped[str]
    effective_from: Mapped[datetime]
    articles: Mapped[list["CharterArticle"]] = relationship(order_by="CharterArticle.n")


class CharterArticle(Base):
    __tablename__ = "charter_article"

    version: Mapped[int] = mapped_column(ForeignKey("charter_version.number"), primary_key=True)
    n: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    body: Mapped[str]
    breaks: Mapped[str]
    ok: Mapped[str]
    effect: Mapped[str] = mapped_column(String(24))
    severity: Mapped[int]
    law: Mapped[str]
    category: Mapped[str]
    # Why a text breaks it, in a sentence for its author.
    applies: Mapped[str]


class Decision(Base):
    __tablename__ = "decision"
    __table_args__ = (
        CheckConstraint("target IN ('comment', 'petition')", name="target"),
        CheckConstraint("kind IN ('publish', 'refuse', 'remove', 'restore')", name="kind"),
        CheckConstraint("kind NOT IN ('refuse', 'remove') OR (article IS NOT NULL AND passage <> '')", name="reasons"),
        # Two moderators on one revision: the database lets one first decision through.
        Index(
            "uq_decision_first",
            "target",
            "target_id",
            "revision",
            unique=True,
            postgresql_where=text("supersedes IS NULL"),
            sqlite_where=text("supersedes IS NULL"),
        ),
        Index("ix_decision_decided_at", "decided_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[str] = mapped_column(String(24), unique=True)
    target: Mapped[str] = mapped_column(String(12))
    target_id: Mapped[int]
    revision: Mapped[int]
    text_sha256: Mapped[str] = mapped_column(String(64))
    kind: Mapped[str] = mapped_column(String(12))
    charter_version: Mapped[int] = mapped_column(ForeignKey("charter_version.number"))
    article: Mapped[int | None]
    passage: Mapped[str]
    explanation: Mapped[str]
    # What the author was told, as it was told (DSA art. 17).
    statement: Mapped[dict[str, Any]]
    moderator_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    decided_at: Mapped[datetime]
    supersedes: Mapped[int | None] = mapped_column(ForeignKey("decision.id"))
    moderator: Mapped[Account] = relationship()
