"""What moderators leave to each other and keep for themselves."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base


class Claim(Base):
    """Somebody has this item of the queue open, for ten minutes."""

    __tablename__ = "claim"

    # "comment", "case", "petition", "amendment", "news", "appeal", "reply", "second": the queue's word for it.
    queue: Mapped[str] = mapped_column(String(12), primary_key=True)
    item_id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    until: Mapped[datetime]


class Note(Base):
    """A word between moderators about one thing; nobody else reads it."""

    __tablename__ = "moderator_note"
    __table_args__ = (Index(None, "target", "target_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    target: Mapped[str] = mapped_column(String(12))
    target_id: Mapped[int]
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    text: Mapped[str]
    created_at: Mapped[datetime]


class Preference(Base):
    """How one moderator works; no row: the defaults."""

    __tablename__ = "moderator_preference"
    __table_args__ = (CheckConstraint("digest IN ('never', 'daily', 'urgent')", name="digest"),)

    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), primary_key=True)
    keys: Mapped[bool] = mapped_column(default=True)
    blur: Mapped[bool] = mapped_column(default=True)
    # daily: one mail a day when something waits; urgent: that and urgent cases at once.
    digest: Mapped[str] = mapped_column(String(8), default="urgent")
    # Hours in France, from and to: no mail in between.
    quiet_from: Mapped[int] = mapped_column(default=20)
    quiet_to: Mapped[int] = mapped_column(default=8)
    digest_at: Mapped[datetime | None]


class HintVerdict(Base):
    """A moderator said whether one hint on one comment was right."""

    __tablename__ = "hint_verdict"

    # No foreign key: the measure outlives the comment.
    comment_id: Mapped[int] = mapped_column(primary_key=True)
    hint: Mapped[str] = mapped_column(String(32), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    founded: Mapped[bool]
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    at: Mapped[datetime]
