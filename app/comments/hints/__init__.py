"""Hints: what a text carries at first sight, by local and deterministic rules.

They order the queue and point at passages. They never hide, refuse or publish anything. Each has a
version; moderators say whether it was right, and one that is wrong too often is switched off.
"""

from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass
from typing import Any

from app.comments.hints import patterns, words

# Texts longer than this are looked at up to here: a hint must never slow a comment down.
LOOKED_AT = 20_000
SEVERITY = {1: 2, 2: 2, 3: 3, 4: 3, 5: 3, 6: 2, 7: 2, 8: 3, 9: 1, 10: 1}
LABELS = {**patterns.LABELS, **words.LABELS}
VERSIONS = {**patterns.VERSIONS, **words.VERSIONS}
# Texts that a reader may want to be warned about before seeing them.
VIOLENT = {"words-4", "words-5", "words-8"}


@dataclass(frozen=True)
class Hint:
    """One passage that one rule points at."""

    hint: str
    version: int
    article: int
    start: int
    end: int


def look(text: str, off: Collection[str] = ()) -> list[Hint]:
    """Every hint on *text*, in its order, but for the rules that are switched *off*."""
    seen = text[:LOOKED_AT]
    found = [
        Hint(name, VERSIONS[name], article, start, end)
        for name, article, start, end in (*patterns.look(seen), *words.look(seen))
        if name not in off
    ]
    return sorted(found, key=lambda hint: (hint.start, hint.end, hint.hint))


def severity(hints: Iterable[Hint]) -> int:
    """1 to 3: of the gravest article that a hint points at."""
    return max((SEVERITY[hint.article] for hint in hints), default=1)


def stored(hints: Iterable[Hint]) -> list[dict[str, Any]]:
    return [asdict(hint) for hint in hints]
