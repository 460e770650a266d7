"""What everybody may know of how a petition changed: its versions, who signed which, its dated lines."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from sqlalchemy.orm import Session

from app.petitions import edits, queries, texts
from app.petitions.edits import Piece
from app.petitions.models import Change, Petition, PetitionText
from app.petitions.readable import readable

# Characters around a change.
AROUND = 240


@dataclass(frozen=True)
class Version:
    """One published text, and how many of those counted signed it."""

    number: int
    title: str
    at: datetime
    reason: str
    count: int
    changes: Sequence[Change]


@dataclass(frozen=True)
class Comparison:
    """Two texts beside each other."""

    title: Sequence[Piece]
    text: Sequence[Piece]


def by_version(session: Session, petition: Petition, total: int) -> list[tuple[int, int]]:
    """``(version, signatures)`` from the first; nothing as long as there is one version only.

    What the later ones leave of the whole is the first one's: the numbers always make up the *total*.
    """
    if petition.version == 1:
        return []
    numbers = texts.numbers(session, petition.id)
    if len(numbers) < 2:
        return []
    later = queries.later_counts(session, petition.id)
    counts = [(number, later.get(number, 0)) for number in numbers[1:]]
    return [(numbers[0], total - sum(n for _, n in counts)), *counts]


def versions(session: Session, petition: Petition, total: int) -> list[Version]:
    """The newest first, each with the lines of its time."""
    counts = dict(by_version(session, petition, total))
    lines = texts.changes(session, petition.id)
    return [
        Version(
            text.version,
            text.title,
            text.published_at or text.created_at,
            text.reason,
            counts.get(text.version, total),
            [line for line in lines if line.version == text.version],
        )
        for text in texts.published(session, petition.id)
    ]


def compared(old: PetitionText, new: PetitionText) -> Comparison:
    return between(old.title, old.markdown, new.title, new.markdown)


def passages(comparison: Comparison) -> Comparison:
    """What changed, with what tells where one is; the whole is read elsewhere."""
    return Comparison(comparison.title, edits.excerpts(comparison.text, AROUND))


@lru_cache(maxsize=64)
def between(old_title: str, old: str, new_title: str, new: str) -> Comparison:
    """As people read them; where these are the same, as they were typed."""
    was, now = readable(old), readable(new)
    text = edits.diff(was, now) if was != now else edits.diff(old, new)
    return Comparison(edits.diff(old_title, new_title), text)
