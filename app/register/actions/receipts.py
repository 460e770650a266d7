"""Proofs that a line is in the register, and what its owner needs besides.

The proof is public: who has the commitment may ask for it at any time (``proof_of``). The *secret* is not, and cannot
be made again once the row is gone: who withdraws is given ``secret_of`` and ``commitment_of`` in that very answer.
"""

import base64
import uuid
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy.orm import Session

from app import crypto
from app.mail.addresses import canonical
from app.petitions import keys as petition_keys
from app.petitions.keys import Keys
from app.register import entries, queries, receipts, tree
from app.register.entries import Entry, Kind
from app.register.models import RegisterHead
from app.register.notes import Head, Note, Verifier
from app.register.tree import ENTRIES, WIDTH


@dataclass(frozen=True)
class Proof:
    """That an entry is in a log whose signed head is below it."""

    entry: Entry
    position: int
    hashes: list[bytes]
    note: str
    # Who has signed it (vkey).
    key: str

    @property
    def text(self) -> str:
        """As C2SP ``tlog-proof`` has it; its extra data is the entry."""
        lines = [
            "c2sp.org/tlog-proof@v1",
            f"extra {base64.b64encode(bytes(self.entry)).decode()}",
            f"index {self.position}",
            *(base64.b64encode(each).decode() for each in self.hashes),
        ]
        return "\n".join([*lines, "", self.note])


def secret_of(keys: Keys, signature_id: uuid.UUID) -> bytes:
    """Of one signature: what its receipts open with. Ask while the row is there: it cannot be made again afterwards."""
    return crypto.digest(keys.register, signature_id.bytes)


def commitment_of(session: Session, petition_id: int, signature_id: uuid.UUID, address: str, kind: Kind) -> bytes:
    """What the line of that event says of it; *address*: of the signature, as it was typed."""
    keys, name = petition_keys.of(session, petition_id), queries.name_of(session, petition_id)
    return entries.commitment(secret_of(keys, signature_id), canonical(address), name, kind)


def proof_of(session: Session, petition_id: int, commitment: bytes) -> Proof | None:
    """Of the last line that says so; None when no signed head has one (yet: it takes a second or two)."""
    head = queries.head(session, petition_id)
    if head is None or len(commitment) != 32:
        return None
    read = queries.reader(session, petition_id)
    for position in queries.places(session, petition_id, commitment):
        if position >= head.signed_size:
            continue
        number, nth = divmod(position, WIDTH)
        entry = Entry.read(tree.entries_of(read(ENTRIES, number), nth + 1)[nth])
        if entry.commitment == commitment:
            hashes = tree.inclusion(read, position, head.signed_size)
            return Proof(entry, position, hashes, checkpoint(session, head), head.signed_by)
    return None


def checkpoint(session: Session, head: RegisterHead) -> str:
    """The signed head as it is shown to everybody, with those who have signed it beside us."""
    cosigned = queries.cosignatures(session, head.petition_id)
    return head.note + "".join(one.line for one in cosigned if (one.size, one.root) == (head.signed_size, head.root))


class Receipt(NamedTuple):
    """What the owner of a line needs of us to check it without us, for good."""

    proof: Proof
    secret: bytes


def receipt(session: Session, petition_id: int, signature_id: uuid.UUID, address: str, kind: Kind) -> Receipt | None:
    """For its owner, while the row is there; None as long as no signed head has that line."""
    proof = proof_of(session, petition_id, commitment_of(session, petition_id, signature_id, address, kind))
    return Receipt(proof, secret_of(petition_keys.of(session, petition_id), signature_id)) if proof else None


def as_text(receipt: Receipt) -> str:
    """As it is kept in a file (``register/receipts.py``)."""
    proof = receipt.proof
    origin, key = Head.read(Note.read(proof.note).text).origin, Verifier.read(proof.key)
    return str(receipts.Receipt(origin, proof.entry, receipt.secret, key, proof.position, proof.hashes, proof.note))
