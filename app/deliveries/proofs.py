"""The proof of a delivery: a PDF or a picture, kept as it came, sealed, and opened by few.

It stands in the database, where a backup, a move to PostgreSQL and a rolled back transaction take it along. Its key is
derived from the petition's evidence key: destroyed twelve months after day D, with no key more to wrap or to rotate.
"""

import hashlib
from dataclasses import dataclass

from sqlalchemy.orm import Session

from app import crypto
from app.deliveries.choices import PROOF_KINDS
from app.deliveries.models import Delivery, DeliveryProof
from app.errors import Gone, Refused
from app.petitions import images
from app.petitions import keys as petition_keys
from app.text import clean_line, has_ink

MAX_BYTES = images.MAX_BYTES
# How the end of a PDF is found, though some programs write a line after it.
_TAIL = 1024
NOT_A_PROOF = "un PDF, un JPEG ou un PNG entier est attendu"


@dataclass(frozen=True)
class Proof:
    """One that was looked at; *name* is for people to read, never a path."""

    name: str
    kind: str
    content: bytes

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()


def read(name: str, content: bytes) -> Proof:
    """Takes a second for a picture: hold no transaction meanwhile. Raises Refused with half a sentence."""
    if len(content) > MAX_BYTES:
        raise Refused("%(most)s Mo au plus", most=MAX_BYTES // 1024 // 1024)
    kind = kind_of(content)
    if not kind:
        raise Refused(NOT_A_PROOF)
    if kind != "pdf":
        images.look(content)
    return Proof(_named(name, kind), kind, content)


def kind_of(content: bytes) -> str:
    """By its first and its last bytes; "" for anything else, and for what has something else after its end."""
    end = content[-_TAIL:].rstrip(b"\0\r\n ")
    if content.startswith(b"%PDF-") and end.endswith(b"%%EOF"):
        return "pdf"
    if content.startswith(b"\xff\xd8\xff") and end.endswith(b"\xff\xd9"):
        return "jpeg"
    if content.startswith(b"\x89PNG\r\n\x1a\n") and content.endswith(b"IEND\xaeB`\x82"):
        return "png"
    return ""


def _named(name: str, kind: str) -> str:
    """What it was called, with the ending of what it is."""
    stem = clean_line(name.replace("\\", "/").rpartition("/")[2]).rpartition(".")[0][:80]
    return f"{stem if has_ink(stem) else 'preuve'}.{'jpg' if kind == 'jpeg' else kind}"


def keep(session: Session, delivery: Delivery, proof: Proof) -> None:
    """Raises Gone once the petition's keys are destroyed."""
    session.add(DeliveryProof(delivery_id=delivery.id, sealed=crypto.seal(_key(session, delivery), proof.content)))
    delivery.proof_name, delivery.proof_kind = proof.name, proof.kind
    delivery.proof_size, delivery.proof_sha256 = len(proof.content), proof.sha256


def opened(session: Session, delivery: Delivery, sealed: bytes) -> tuple[bytes, str]:
    """``(content, content type)``. Raises Gone."""
    return crypto.unseal(_key(session, delivery), sealed), PROOF_KINDS[delivery.proof_kind]


def _key(session: Session, delivery: Delivery) -> bytes:
    evidence = petition_keys.evidence(session, delivery.petition_id)
    if evidence is None:
        raise Gone("La preuve n’est plus gardée : douze mois ont passé depuis l’effacement des données.")
    return crypto.derive(evidence, f"proof of delivery {delivery.id}")
