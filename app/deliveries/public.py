"""Deliveries as everybody reads them: on the page, in the data."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from app.deliveries import queries
from app.deliveries.choices import WAYS
from app.deliveries.models import Delivery, RecipientLink
from app.petitions.models import Petition, PetitionState


@dataclass(frozen=True)
class Receipt:
    """A recipient says that they have it."""

    by: str
    at: datetime


@dataclass(frozen=True)
class Handed:
    number: int
    on: date
    to: list[str]
    # A sentence's end, to be translated.
    way: str
    signatures: int
    receipts: list[Receipt]

    def as_json(self) -> dict[str, object]:
        return {
            "on": self.on.isoformat(),
            "to": self.to,
            "how": next(code for code, label in WAYS.items() if label == self.way),
            "signatures": self.signatures,
            "receipts": [{"by": one.by, "at": one.at.isoformat()} for one in self.receipts],
        }


def of_petition(session: Session, petition: Petition) -> list[Handed]:
    """The first one first; none asks the database nothing."""
    if petition.state != PetitionState.DELIVERED:
        return []
    links = queries.links(session, petition.id)
    return [handed(row, [link for link in links if link.delivery_id == row.id])
            for row in queries.of_petition(session, petition.id)]  # fmt: skip


def handed(row: Delivery, links: Sequence[RecipientLink]) -> Handed:
    to = [f"{one['name']}, {one['role']}" for one in row.recipients]
    receipts = [Receipt(to[link.place], link.receipt_at) for link in links if link.receipt_at is not None]
    return Handed(row.number, row.handed_on, to, WAYS[row.way], row.signatures, receipts)


def as_json(found: Sequence[Handed], erased_on: datetime) -> dict[str, Any] | None:
    """None before the first."""
    if not found:
        return None
    lines = [one.as_json() for one in found]
    return {"on": found[0].on.isoformat(), "erased_on": erased_on.isoformat(), "lines": lines}
