"""What the public sees of a comment."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.comments.models import CommentState
from app.petitions.keys import Keys
from app.signatures.public import HIDDEN, public_name

MASKED = {"fr": "[passage masqué]", "en": "[passage hidden]"}


@dataclass(frozen=True)
class PublicComment:
    """``state``: published, or tombstone (removed: no text, no author)."""

    id: int
    at: datetime
    state: str
    name: str = ""
    place: str = ""
    text: str = ""
    tombstone: dict[str, Any] | None = None


def view(row: Any, keys: Keys | None, locale: str) -> PublicComment:
    """*row* has the columns of ``queries.published``; an author who left is anonymous."""
    if row.state != CommentState.PUBLISHED:
        return PublicComment(row.comment_id, row.created_at, "tombstone", tombstone=_tombstone(row))
    if row.id is None or keys is None:
        name, place = HIDDEN[locale], ""
    else:
        name, place = public_name(row, keys, locale)
    text = masked(row.text, row.masks, locale)
    return PublicComment(row.comment_id, row.created_at, CommentState.PUBLISHED, name=name, place=place, text=text)


def masked(text: str, masks: Iterable[dict[str, Any]], locale: str = "fr") -> str:
    """The text with its masked passages visibly hidden, the rest untouched."""
    shown, at = [], 0
    for mask in sorted(masks, key=lambda mask: mask["start"]):
        if mask["start"] >= at:
            shown += [text[at : mask["start"]], MASKED[locale]]
        at = max(at, mask["end"])
    return "".join([*shown, text[at:]])


def _tombstone(row: Any) -> dict[str, Any]:
    kept: dict[str, Any] = row.tombstone or {}
    at = kept.get("at")
    return {
        "article": kept.get("article"),
        "ground": kept.get("ground", ""),
        "at": datetime.fromisoformat(at) if at else row.decided_at or row.created_at,
        "appeal": bool(kept.get("appeal")),
    }
