"""Who signs with one address: one person (two, where the instance allows it), and other names that wait.

An address has *seats* in a petition, told apart by its key: the first's is the keyed HMAC of the canonical
address, each other's has a byte more. The unique constraint on (petition, key) gives each seat to one row: the
database decides who signs. Whoever sits in one of the first two counts once confirmed; behind them wait forms
under another name, which replace nothing until their own link is confirmed, and go after a week like the rest.
An address that has any row has one in its first seat: whoever signs with it meets that one.
"""

import re
import uuid
from collections.abc import Sequence
from typing import NamedTuple

from app import crypto
from app.folding import fold
from app.petitions.keys import Keys
from app.signatures.forms import SignForm
from app.signatures.models import Signature, SignatureState
from app.signatures.public import open_field

COUNTED = (1, 2)
WAITING = range(3, 8)
# Where a row is between two seats, within a transaction.
NOBODYS = 0


def key(address_key: bytes, seat: int) -> bytes:
    return address_key if seat == 1 else address_key + bytes([seat])


def keys(address_key: bytes) -> list[bytes]:
    """Of every seat."""
    return [key(address_key, seat) for seat in (*COUNTED, *WAITING)]


def address_of(email_key: bytes) -> bytes:
    """The first seat's key."""
    return email_key[: crypto.MAC_BYTES]


def mails_of(email_key: bytes) -> uuid.UUID:
    """Under which the outbox remembers the mails to this address whose signature was taken back."""
    return uuid.UUID(bytes=address_of(email_key))


def seat_of(email_key: bytes) -> int:
    return email_key[-1] if len(email_key) > crypto.MAC_BYTES else 1


def waits(email_key: bytes) -> bool:
    """A form under another name than that of whoever signed first."""
    return seat_of(email_key) in WAITING


class Taken(NamedTuple):
    """The seat that a form takes once confirmed, and who leaves it."""

    seat: int
    instead_of: Signature | None


def taken(rows: Sequence[Signature], people: int, row: Signature | None = None) -> Taken | None:
    """What confirming *row* takes (None: a form that comes under another name), of the *rows* of its address.

    None where nobody may be replaced: who was set aside does not come back under another name.
    """
    if row is not None and not waits(row.email_key):
        return Taken(seat_of(row.email_key), None)
    held = {seat_of(other.email_key): other for other in rows}
    for seat in COUNTED[:people]:
        if seat not in held:
            return Taken(seat, None)
    # Of two, whoever has not confirmed; else whoever came second.
    may_leave = [
        seat for seat in COUNTED[:people] if held[seat].state in {SignatureState.PENDING, SignatureState.CONFIRMED}
    ]
    if not may_leave:
        return None
    leaves = max(may_leave, key=lambda seat: (held[seat].state == SignatureState.PENDING, seat))
    return Taken(leaves, held[leaves])


def free(rows: Sequence[Signature], people: int) -> int | None:
    """Where the form of another name may sit meanwhile; None when too many wait."""
    held = {seat_of(other.email_key) for other in rows}
    return next((seat for seat in (*COUNTED[:people], *WAITING) if seat not in held), None)


def full_name(keys: Keys, row: Signature) -> str:
    family = open_field(keys, row.family_name_sealed, row.id.bytes, "family_name")
    return f"{row.given_name} {family}".strip()


def same_name(keys: Keys, row: Signature, form: SignForm) -> bool:
    """But for case, accents, hyphens, and which of the two came first."""
    return _words(full_name(keys, row)) == _words(f"{form.given_name} {form.family_name}")


def _words(name: str) -> list[str]:
    return sorted(re.findall(r"\w+", fold(name)))
