"""Consent texts and consent events."""

import uuid
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, one_of

PURPOSES = ("sign", "public_name", "updates", "newsletter", "organiser_contact")


class ConsentKind(StrEnum):
    """What an event says; the last one of a purpose is the truth."""

    GIVEN = "given"
    CONFIRMED = "confirmed"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


# Those that agree.
YES = {ConsentKind.GIVEN, ConsentKind.CONFIRMED}
# The channel of a yes that holds again because its end was undone: it is no new one, and counts from when it was given.
UNDONE = "undone"
# Spelled out for the index of these few.
CONTACT = "purpose = 'organiser_contact' AND kind = 'confirmed'"


class ConsentText(Base):
    __tablename__ = "consent_text"
    __table_args__ = (
        UniqueConstraint("purpose", "variant", "locale", "version"),
        CheckConstraint(f"purpose IN {PURPOSES}", name="purpose"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    purpose: Mapped[str] = mapped_column(String(24))
    # What the recipient gets (identities, count) for ``sign``; empty elsewhere.
    variant: Mapped[str] = mapped_column(String(16))
    locale: Mapped[str] = mapped_column(String(8))
    version: Mapped[int]
    body: Mapped[str]
    sha256: Mapped[str] = mapped_column(String(64))
    valid_from: Mapped[datetime]
    valid_to: Mapped[datetime | None]


class ConsentEvent(Base):
    """The primary key also answers "the latest event of this purpose"."""

    __tablename__ = "consent_event"
    __table_args__ = (
        CheckConstraint(f"purpose IN {PURPOSES}", name="purpose"),
        CheckConstraint(one_of("kind", ConsentKind), name="kind"),
        # Who has agreed to be contacted, and when: a few among millions.
        Index(
            "ix_consent_event_contact",
            "petition_id",
            "at",
            "signature_id",
            postgresql_where=text(CONTACT),
            sqlite_where=text(CONTACT),
        ),
    )

    petition_id: Mapped[int] = mapped_column(primary_key=True)
    signature_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    purpose: Mapped[str] = mapped_column(String(24), primary_key=True)
    at: Mapped[datetime] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(12), primary_key=True)
    text_id: Mapped[int]
    channel: Mapped[str] = mapped_column(String(16))
    # HMAC of the canonical address under the evidence key: proves, cannot be joined.
    subject: Mapped[bytes]
    # HMAC of the form in which it was given, and shown when it was confirmed; none outside of a form.
    form_digest: Mapped[bytes | None]


def said_yes(last: Any) -> bool:
    """Whether the last word about a purpose, if there is one, agrees to it."""
    return last is not None and last.kind in YES
