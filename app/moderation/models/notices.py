"""Notices by anybody, the cases that gather them, orders of authorities, rights of reply."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, one_of


class CaseKind(StrEnum):
    URGENT = "urgent"
    ILLEGAL = "illegal"
    CHARTER = "charter"
    ESCALATED = "escalated"


class CaseOutcome(StrEnum):
    OPEN = ""
    CLEARED = "cleared"
    UPHELD = "upheld"
    WITHDRAWN = "withdrawn"


class NoticeOutcome(StrEnum):
    OPEN = ""
    UPHELD = "upheld"
    DISMISSED = "dismissed"
    # This revision had been looked at and kept.
    CLEARED_BEFORE = "cleared_before"
    WITHDRAWN = "withdrawn"


# What a case and its notices may become, and why. A decision is undone in its first minute: they wait again.
CASE_MOVES = {
    (CaseOutcome.OPEN, CaseOutcome.CLEARED): "a moderator keeps the text",
    (CaseOutcome.OPEN, CaseOutcome.UPHELD): "a moderator acts, or maintains a decision",
    (CaseOutcome.OPEN, CaseOutcome.WITHDRAWN): "the author took the text back, or sent another",
    (CaseOutcome.CLEARED, CaseOutcome.OPEN): "its decision is undone",
    (CaseOutcome.CLEARED, CaseOutcome.UPHELD): "whoever reported it contested, and was right",
    (CaseOutcome.UPHELD, CaseOutcome.OPEN): "its decision is undone",
    (CaseOutcome.UPHELD, CaseOutcome.CLEARED): "its author contested, and was right",
    (CaseOutcome.WITHDRAWN, CaseOutcome.OPEN): "the author undoes that at once",
}
NOTICE_MOVES = {
    (NoticeOutcome.OPEN, NoticeOutcome.UPHELD): "a moderator acts, or maintains a decision",
    (NoticeOutcome.OPEN, NoticeOutcome.DISMISSED): "a moderator keeps the text",
    (NoticeOutcome.OPEN, NoticeOutcome.WITHDRAWN): "the author took the text back",
    (NoticeOutcome.UPHELD, NoticeOutcome.OPEN): "its decision is undone",
    (NoticeOutcome.DISMISSED, NoticeOutcome.OPEN): "its decision is undone",
    (NoticeOutcome.WITHDRAWN, NoticeOutcome.OPEN): "the author undoes that at once",
}


class ReplyState(StrEnum):
    WAITING = "waiting"
    PUBLISHED = "published"
    REFUSED = "refused"


# What a right of reply may become, and why: it is decided once.
REPLY_MOVES = {
    (ReplyState.WAITING, ReplyState.PUBLISHED): "a moderator publishes it",
    (ReplyState.WAITING, ReplyState.REFUSED): "a moderator says why not",
}


class Case(Base):
    """What several notices, or a moderator who hands it on, say of one revision of one thing."""

    __tablename__ = "moderation_case"
    __table_args__ = (
        CheckConstraint(one_of("kind", CaseKind), name="kind"),
        CheckConstraint("target IN ('comment', 'petition')", name="target"),
        # One open case per thing and revision: the rest attach to it.
        Index(
            "uq_moderation_case_open",
            "target",
            "target_id",
            "revision",
            unique=True,
            postgresql_where=text("closed_at IS NULL"),
            sqlite_where=text("closed_at IS NULL"),
        ),
        Index(
            "ix_moderation_case_queue",
            "kind",
            "severity",
            "opened_at",
            postgresql_where=text("closed_at IS NULL"),
            sqlite_where=text("closed_at IS NULL"),
        ),
        Index("ix_moderation_case_target", "target", "target_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(12))
    target: Mapped[str] = mapped_column(String(12))
    target_id: Mapped[int]
    revision: Mapped[int]
    severity: Mapped[int]
    version: Mapped[int]
    notices: Mapped[int]
    opened_at: Mapped[datetime]
    opened_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    closed_at: Mapped[datetime | None]
    outcome: Mapped[str] = mapped_column(String(12))
    # Threat to life: when the authorities were told, and which.
    authority: Mapped[str]
    authority_at: Mapped[datetime | None]


class Notice(Base):
    """What one person reported. Never shown to the author of what was reported."""

    __tablename__ = "notice"
    __table_args__ = (
        CheckConstraint("ground IN ('illegal', 'charter')", name="ground"),
        Index("ix_notice_case", "case_id"),
        Index("ix_notice_created_at", "created_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[str] = mapped_column(String(24), unique=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("moderation_case.id"))
    ground: Mapped[str] = mapped_column(String(12))
    # A category of the DSA Transparency Database, or an article of the charter.
    category: Mapped[str] = mapped_column(String(64))
    article: Mapped[int | None]
    reasons: Mapped[str]
    passage: Mapped[str]
    # Name and address, sealed; empty for a notice of child abuse, and when they have been forgotten.
    identity_sealed: Mapped[bytes | None]
    locale: Mapped[str] = mapped_column(String(8))
    created_at: Mapped[datetime]
    # When the notifier showed that the address is theirs, by the link of the receipt.
    confirmed_at: Mapped[datetime | None]
    outcome: Mapped[str] = mapped_column(String(16))
    closed_at: Mapped[datetime | None]
    decision_id: Mapped[int | None] = mapped_column(ForeignKey("decision.id"))


class Order(Base):
    """A removal order for terrorist content: one hour to carry out (Reg. 2021/784)."""

    __tablename__ = "authority_order"

    id: Mapped[int] = mapped_column(primary_key=True)
    authority: Mapped[str]
    reference: Mapped[str]
    received_at: Mapped[datetime]
    executed_at: Mapped[datetime]
    executed_by: Mapped[int] = mapped_column(ForeignKey("account.id"))
    items: Mapped[int]


class Reply(Base):
    """A right of reply: published within three days under what it answers."""

    __tablename__ = "right_of_reply"
    __table_args__ = (
        CheckConstraint(one_of("state", ReplyState), name="state"),
        Index("ix_right_of_reply_petition", "petition_id", "state"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[str] = mapped_column(String(24), unique=True)
    petition_id: Mapped[int] = mapped_column(ForeignKey("petition.id"))
    # No foreign key: the comment may be deleted first.
    comment_id: Mapped[int | None]
    state: Mapped[str] = mapped_column(String(12))
    version: Mapped[int]
    name: Mapped[str]
    capacity: Mapped[str]
    passage: Mapped[str]
    text: Mapped[str]
    identity_sealed: Mapped[bytes | None]
    locale: Mapped[str] = mapped_column(String(8))
    created_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
