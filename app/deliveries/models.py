"""Deliveries, their proofs, and the links of their recipients."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.db import Base, one_of
from app.deliveries.choices import PROOF_KINDS, WAYS
from app.petitions.models import Petition


class Delivery(Base):
    """One handing over: a public line that never changes. The first of a petition ends it."""

    __tablename__ = "delivery"
    __table_args__ = (
        # Posted twice, it is there once: the number was on the page that asked.
        UniqueConstraint("petition_id", "number"),
        CheckConstraint(one_of("way", WAYS), name="way"),
        CheckConstraint("number > 0", name="number"),
        CheckConstraint("signatures >= 0", name="signatures"),
        CheckConstraint(one_of("proof_kind", ("", *PROOF_KINDS)), name="proof_kind"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    petition_id: Mapped[int] = mapped_column(ForeignKey("petition.id"))
    number: Mapped[int]
    handed_on: Mapped[date]
    # ``{"name", "role"}`` of each, as they stood that day.
    recipients: Mapped[list[dict[str, Any]]]
    way: Mapped[str] = mapped_column(String(16))
    note: Mapped[str] = mapped_column(default="", server_default=text("''"))
    # How many were handed over: those of the last pack, else the number of that moment.
    signatures: Mapped[int]
    # Of the list in that pack (its CSV); "" without one.
    pack_sha256: Mapped[str] = mapped_column(String(64), default="", server_default=text("''"))
    # None: by the operator, on the command line.
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    created_at: Mapped[datetime]
    # What is said of the proof; its content is a row of DeliveryProof, which goes earlier.
    proof_name: Mapped[str] = mapped_column(default="", server_default=text("''"))
    proof_kind: Mapped[str] = mapped_column(String(8), default="", server_default=text("''"))
    proof_size: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    proof_sha256: Mapped[str] = mapped_column(String(64), default="", server_default=text("''"))

    petition: Mapped[Petition] = relationship()


class DeliveryProof(Base):
    """Sealed under a key derived from the petition's evidence key, which lives twelve months longer than its data."""

    __tablename__ = "delivery_proof"

    delivery_id: Mapped[int] = mapped_column(ForeignKey("delivery.id"), primary_key=True)
    sealed: Mapped[bytes]


class RecipientLink(Base):
    """One recipient of one delivery, whom the operator may write to; what they acknowledged and answered by it."""

    __tablename__ = "recipient_link"
    __table_args__ = (UniqueConstraint("delivery_id", "place"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    delivery_id: Mapped[int] = mapped_column(ForeignKey("delivery.id"))
    # Among the recipients of the delivery.
    place: Mapped[int]
    # The public page where the official address stands: as the organiser says, and as the operator has read it.
    asked_source: Mapped[str] = mapped_column(default="", server_default=text("''"))
    source: Mapped[str] = mapped_column(default="", server_default=text("''"))
    asked_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    asked_at: Mapped[datetime | None]
    # Under the petition's data key: nobody reads it after day D.
    address_sealed: Mapped[bytes | None]
    # The link that opens is the last one sent; None: none does.
    sent_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    sent_at: Mapped[datetime | None]
    receipt_at: Mapped[datetime | None]
    # Their last answer, as long as it waits for its review: they may still change it.
    answer_id: Mapped[int | None] = mapped_column(ForeignKey("petition_update.id"))

    delivery: Mapped[Delivery] = relationship()

    @property
    def recipient(self) -> dict[str, str]:
        return self.delivery.recipients[self.place]
