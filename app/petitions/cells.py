"""Groups of fewer than eleven people are never shown: they go together, and nothing else tells how many they are."""

from collections.abc import Hashable, Mapping
from typing import Any, Generic, NamedTuple, TypeVar

# Smaller groups are merged: a village's only signer must not be seen. [CNIL, CADA]
SMALLEST = 11


Cell = TypeVar("Cell", bound=Hashable)


class Merged(NamedTuple, Generic[Cell]):
    """``kept``: what may be shown; ``rest``: all others together, at least SMALLEST where there is somebody to join."""

    kept: dict[Cell, int]
    rest: int


def merged(cells: Mapping[Cell, int], within: int = 0) -> Merged[Cell]:
    """*within*: people of no cell, who are of the rest already.

    Whoever knows the whole can subtract what is shown: as long as what is left is a small group, the next smallest
    joins it.
    """
    kept = {name: n for name, n in cells.items() if n >= SMALLEST}
    rest = within + sum(n for n in cells.values() if 0 < n < SMALLEST)
    smallest_first: Any = sorted(kept, key=lambda name: (kept[name], str(name)))
    for name in smallest_first:
        if not 0 < rest < SMALLEST:
            break
        rest += kept.pop(name)
    return Merged(kept, rest)
