"""Subscriptions and the suppression list."""

import uuid
from datetime import datetime

from sqlalchemy import CheckConstraint, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base

MAILINGS = ("updates", "newsletter")


class Subscription(Base):
    __tablename__ = "subscription"
    __table_args__ = (
        UniqueConstraint("purpose", "petition_id", "address_key"),
        CheckConstraint(f"purpose IN {MAILINGS}", name="purpose"),
        Index("ix_subscription_signature", "signature_id"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    purpose: Mapped[str] = mapped_column(String(16))
    # 0 for the newsletter: it belongs to no petition.
    petition_id: Mapped[int]
    # HMAC of the canonical address under a key of this purpose and petition.
    address_key: Mapped[bytes]
    email_sealed: Mapped[bytes]
    locale: Mapped[str] = mapped_column(String(8))
    # Where the consent is recorded; the signature is emptied when that one is erased.
    consent_petition_id: Mapped[int]
    signature_id: Mapped[uuid.UUID | None]
    since: Mapped[datetime]
    # Last time the person did something about it: opening a mail is not an act.
    active_at: Mapped[datetime]
    # When we asked whether to go on (newsletter, after three years).
    asked_at: Mapped[datetime | None]
    # When its address was found not to answer (mail/bounced.py): it waits, and is no number of subscribers.
    bounced_at: Mapped[datetime | None]


class Suppression(Base):
    """Do not write: the address cannot be read from it, nor joined with any other table."""

    __tablename__ = "suppression"

    purpose: Mapped[str] = mapped_column(String(16), primary_key=True)
    petition_id: Mapped[int] = mapped_column(primary_key=True)
    address_key: Mapped[bytes] = mapped_column(primary_key=True)
    since: Mapped[datetime]
