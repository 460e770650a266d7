"""Groups of fewer than eleven people are never shown: they go together, and nothing else tells how many they are."""

from collections import Counter
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


def with_paper(online: Mapping[Cell, int], paper: Mapping[Cell, int]) -> Merged[Cell]:
    """Both added up, where who collects sheets knows *paper* and subtracts it: what is left is no small group either.

    So a group is shown for those who signed online, or for sheets alone; never for sheets that lift a few others.
    """
    whole: dict[Cell, int] = Counter(online) + Counter(paper)
    told = {name: online.get(name, 0) or n for name, n in whole.items()}
    kept = {name: n for name, n in whole.items() if told[name] >= SMALLEST}
    apart = whole.keys() - kept.keys()
    unseen, rest = sum(online.get(name, 0) for name in apart), sum(whole[name] for name in apart)
    joining = []
    if 0 < unseen < SMALLEST:
        joining = [name for name in kept if online.get(name)]
    if 0 < rest < SMALLEST:
        joining = joining or list(kept)
    if joining:
        rest += kept.pop(min(joining, key=lambda name: (told[name], whole[name], str(name))))
    return Merged(kept, rest)
