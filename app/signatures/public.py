"""What the public sees of a signer: the line of the list, by the signer's choice."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app import crypto
from app.petitions.keys import Keys
from app.signatures.places import NOWHERE, country_name
from app.templating import elapsed
from app.text import first_letters

HIDDEN = {"fr": "Anonyme", "en": "Anonymous"}


@dataclass(frozen=True)
class Line:
    """One row of the public list: elapsed time, place, name."""

    at: datetime
    elapsed: str
    place: str
    name: str


def line(row: Any, keys: Keys, now: datetime, locale: str = "fr") -> Line:
    """*row* has the columns of ``queries.newest``."""
    name, place = public_name(row, keys, locale)
    return Line(row.confirmed_at, elapsed(row.confirmed_at, locale, now), place, name)


def public_name(row: Any, keys: Keys, locale: str) -> tuple[str, str]:
    """``(name, place)``; a hidden signer has neither."""
    if row.display == "hidden":
        return HIDDEN[locale], ""
    family = open_field(keys, row.family_name_sealed, row.id.bytes, "family_name")
    return shown(row, family, locale)


def shown(row: Any, family: str, locale: str, display: str | None = None) -> tuple[str, str]:
    """The public form of a name and a place; *row* is a signature, or has its columns; *display*: another than its."""
    display = display or row.display
    if display == "hidden":
        return HIDDEN[locale], ""
    foreign = "" if row.country == "FR" else country_name(row.country, locale)
    if display == "full":
        return f"{row.given_name} {family}".strip(), f"{row.postal_code} {foreign}".strip()
    place = foreign or (row.departement if row.departement != NOWHERE else "")
    return f"{row.given_name} {_initial(family)}".strip(), place


def _initial(family: str) -> str:
    """Its first letter and a dot; nothing when that letter is the whole name, or there is none."""
    letters = first_letters(family, 2)
    return f"{letters[0].upper()}." if len(letters) == 2 else ""


def reference(keys: Keys, row_id: uuid.UUID, purpose: str) -> str:
    """The pseudonym of a signature for one purpose: an export, a review.

    Keyed, it means nothing outside this petition; another purpose has another one, so that the
    states of the audit file cannot be joined with the names of the others. It begins with a letter,
    or a spreadsheet would take one in a hundred for a number (12e4, 0012).
    """
    return references(keys, [row_id], purpose)[0]


def references(keys: Keys, row_ids: Sequence[uuid.UUID], purpose: str) -> list[str]:
    """One for each."""
    names = crypto.pseudonyms(crypto.derive(keys.dedup, f"references {purpose}"), [row_id.bytes for row_id in row_ids])
    return [f"S-{name[:12]}" for name in names]


def seal_field(keys: Keys, value: str, row_id: bytes, field: str) -> bytes:
    """Sealed for one field of one row: it opens nowhere else."""
    return crypto.seal(keys.data, value.encode(), row_id + field.encode())


def open_field(keys: Keys, sealed: bytes, row_id: bytes, field: str) -> str:
    return crypto.unseal(keys.data, sealed, row_id + field.encode()).decode()


def open_fields(keys: Keys, sealed: Sequence[bytes], row_ids: Sequence[uuid.UUID], field: str) -> list[str]:
    """One for each."""
    name = field.encode()
    return [plain.decode() for plain in crypto.unseal_many(keys.data, sealed, [each.bytes + name for each in row_ids])]
