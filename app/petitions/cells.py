"""Groups of fewer than eleven people are never shown: they go together, and nothing else tells how many they are."""

from collections.abc import Mapping
from typing import NamedTuple

# Smaller groups are merged: a village's only signer must not be seen. [CNIL, CADA]
SMALLEST = 11


class Merged(NamedTuple):
    """``kept``: what may be shown; ``rest``: all others together, at least SMALLEST where there is somebody to join."""

    kept: dict[str, int]
    rest: int


def merged(cells: Mapping[str, int], within: int = 0) -> Merged:
    """*within*: people of no cell, who are of the rest already.

    Whoever knows the whole can subtract what is shown: as long as what is left is a small group, the next smallest
    joins it.
    """
    kept = {name: n for name, n in cells.items() if n >= SMALLEST}
    rest = within + sum(n for n in cells.values() if 0 < n < SMALLEST)
    for name in sorted(kept, key=lambda name: (kept[name], name)):
        if not 0 < rest < SMALLEST:
            break
        rest += kept.pop(name)
    return Merged(kept, rest)
