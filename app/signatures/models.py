"""The signature table: made to be inserted into, many rows at a time, and hash-partitionable."""

import uuid
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, one_of


class SignatureState(StrEnum):
    PENDING = "pending"
    CONFIRMED = "confirmed"
    # Of no row any more: whoever withdraws is deleted.
    WITHDRAWN = "withdrawn"
    INVALIDATED = "invalidated"
    QUARANTINED = "quarantined"


_S = SignatureState
# What a signature may become, and why; from any of them it may go altogether.
MOVES = {
    (_S.PENDING, _S.CONFIRMED): "its owner shows that the address is theirs",
    (_S.PENDING, _S.QUARANTINED): "the same, without the proof of work that was asked for: somebody has to look",
    (_S.CONFIRMED, _S.QUARANTINED): "it looks false, or a decision on its comment sets it aside",
    (_S.CONFIRMED, _S.INVALIDATED): "it is false",
    (_S.QUARANTINED, _S.CONFIRMED): "somebody looked, and it counts; or that decision is taken back",
    (_S.QUARANTINED, _S.INVALIDATED): "somebody looked, and it is false",
    (_S.INVALIDATED, _S.CONFIRMED): "it was not false after all",
}
# Spelled out for the indexes of these few: SQLite compares the words.
PENDING = "state = 'pending'"
ASIDE = one_of("state", (_S.QUARANTINED, _S.INVALIDATED))


class Signature(Base):
    """No foreign key: on insert-only rows each costs a share lock on the petition's row."""

    __tablename__ = "signature"
    __table_args__ = (
        UniqueConstraint("petition_id", "email_key"),
        CheckConstraint(one_of("state", SignatureState), name="state"),
        CheckConstraint("display IN ('hidden', 'initial', 'full')", name="display"),
        Index(
            "ix_signature_public",
            "petition_id",
            "confirmed_at",
            "id",
            postgresql_where=text("state = 'confirmed'"),
            sqlite_where=text("state = 'confirmed'"),
        ),
        # The petition beside the moment: a page counts its own without reading a row.
        Index(
            "ix_signature_waiting",
            "created_at",
            "petition_id",
            postgresql_where=text(PENDING),
            sqlite_where=text(PENDING),
        ),
        Index(
            "ix_signature_aside",
            "petition_id",
            "confirmed_at",
            "id",
            postgresql_where=text(ASIDE),
            sqlite_where=text(ASIDE),
        ),
        Index(
            "ix_signature_back",
            "petition_id",
            "back_at",
            postgresql_where=text("back_at IS NOT NULL"),
            sqlite_where=text("back_at IS NOT NULL"),
        ),
    )

    petition_id: Mapped[int] = mapped_column(primary_key=True)
    # UUIDv7: grows with time; the mailed links carry it.
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    # HMAC of the canonical address, and a byte more for whoever comes second: see seats.py.
    email_key: Mapped[bytes]
    state: Mapped[str] = mapped_column(String(12))
    given_name: Mapped[str]
    family_name_sealed: Mapped[bytes]
    email_sealed: Mapped[bytes]
    postal_code: Mapped[str]
    country: Mapped[str] = mapped_column(String(2))
    # Département of a French postal code, "" elsewhere: the only place kept after the end of life.
    departement: Mapped[str] = mapped_column(String(3))
    display: Mapped[str] = mapped_column(String(8))
    locale: Mapped[str] = mapped_column(String(8))
    # Text version that was signed.
    text_version: Mapped[int]
    created_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]
    # It was in no count and no file from the first time that it was set aside to the last that it was put back.
    aside_at: Mapped[datetime | None]
    back_at: Mapped[datetime | None]
    # Place in the count at the moment of confirmation.
    place: Mapped[int | None]
    # HMAC of the form as it was sent (bound.py); none for rows older than it.
    form_digest: Mapped[bytes | None]
    # A comment typed with the signature, sealed, until the confirmation submits it.
    comment_sealed: Mapped[bytes | None]
    # Mails about this signature: at most 2 a day, 5 in all.
    mails: Mapped[int]
    mails_today: Mapped[int]
    mailed_on: Mapped[date]
    reminded: Mapped[bool]
    # Wrong codes typed instead of the link.
    code_failures: Mapped[int]
    # What looked like a robot, a letter each (doubts.py); none for nearly everybody.
    doubt: Mapped[str | None] = mapped_column(String(4))
    # The tag of the link that led here (choices.TAGS), until it is counted at the confirmation.
    came_by: Mapped[str] = mapped_column(String(12), default="", server_default=text("''"))


class Withdrawal(Base):
    """A signature that is gone: what earlier exports must drop, what a restore must drop again.

    ``delivery``: the signature itself; ``contact``: the agreement to be contacted, which may end alone.
    ``reference`` is the pseudonym printed in the exports of that purpose; ``email_key``, of the address whoever
    sat where, serves the replay of erasures as long as backups live, and is emptied then.
    """

    __tablename__ = "withdrawal"
    __table_args__ = (CheckConstraint("purpose IN ('delivery', 'contact')", name="purpose"),)

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    petition_id: Mapped[int] = mapped_column(index=True)
    purpose: Mapped[str] = mapped_column(String(12), server_default="delivery")
    reference: Mapped[str] = mapped_column(String(16))
    email_key: Mapped[bytes | None]
    confirmed_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime] = mapped_column(index=True)
    # As long as its owner may undo it, nobody is told to pass it on.
    undo_until: Mapped[datetime | None]


class CountCorrection(Base):
    """A dated line of the count: signatures that were set aside together, or put back. For everybody, and for good."""

    __tablename__ = "count_correction"

    id: Mapped[int] = mapped_column(primary_key=True)
    petition_id: Mapped[int] = mapped_column(index=True)
    at: Mapped[datetime]
    # What it did to the count.
    change: Mapped[int]
    # A word of setting_aside.REASONS.
    reason: Mapped[str] = mapped_column(String(12))


class PostingRecord(Base):
    """Address, port and time of the posting of a comment, sealed with a key of their own.

    Kept a year because hosts must (décret n° 2021-1362); opened on a judge's request only.
    """

    __tablename__ = "posting_record"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    petition_id: Mapped[int]
    sealed: Mapped[bytes]
    at: Mapped[datetime] = mapped_column(index=True)


class DailyNumber(Base):
    """How many forms of a day were never confirmed."""

    __tablename__ = "daily_number"

    petition_id: Mapped[int] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    unconfirmed: Mapped[int]
