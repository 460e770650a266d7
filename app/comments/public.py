"""What the public sees of a comment."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.petitions.keys import Keys
from app.signatures.public import HIDDEN, public_name


@dataclass(frozen=True)
class PublicComment:
    """``state``: published, or tombstone (removed: no text, no author)."""

    id: int
    name: str
    place: str
    at: datetime
    text: str
    state: str
    tombstone: dict[str, Any] | None = None


def view(row: Any, keys: Keys | None, locale: str = "fr", tombstone: dict[str, Any] | None = None) -> PublicComment:
    """*row* has the columns of ``queries.published``; an author who left is anonymous."""
    if row.state != "published":
        return PublicComment(row.comment_id, "", "", row.created_at, "", "tombstone", tombstone)
    if row.id is None or keys is None:
        name, place = HIDDEN[locale], ""
    else:
        name, place = public_name(row, keys, locale)
    return PublicComment(row.comment_id, name, place, row.created_at, row.text, "published")
