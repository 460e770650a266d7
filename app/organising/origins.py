"""Where those who sign come from, as a page may say it: links, départements, and small groups together."""

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app.folding import fold
from app.organising import france
from app.petitions import places
from app.petitions.cells import Merged, merged, with_paper
from app.petitions.choices import TAGS
from app.signatures.places import NOWHERE

SHADES = 5
OTHER_PLACES = {"": "Hors de France", NOWHERE: "En France, code inconnu", "980": "Monaco (980)"}


@dataclass(frozen=True)
class Came:
    """By one link; None where a group is too small to be told."""

    label: str
    views: int | None
    confirmed: int | None
    lately: int | None


def by_links(tagged: Iterable[tuple[str, int, int, int]], views: int, confirmed: int, lately: int) -> list[Came]:
    """One line a tag that may be told, the most signed first; the last line is everything else."""
    rows = list(tagged)
    columns = [
        _column({tag: read for tag, read, _, _ in rows}, views),
        _column({tag: n for tag, _, n, _ in rows}, confirmed),
        _column({tag: n for tag, _, _, n in rows}, lately),
    ]
    tags = [tag for tag, *_ in rows if any(tag in column.kept for column in columns)]
    tags.sort(key=lambda tag: [-column.kept.get(tag, 0) for column in (columns[1], columns[0])])
    lines = [Came(TAGS.get(tag, tag), *(column.kept.get(tag) for column in columns)) for tag in tags]
    return [*lines, Came("Autres liens, ou aucun", *(column.rest for column in columns))]


def _column(cells: Mapping[str, int], whole: int) -> Merged[str]:
    return merged(cells, within=max(whole - sum(cells.values()), 0))


@dataclass(frozen=True)
class Place:
    code: str
    name: str
    signatures: int
    share: float
    # Its shade on the map, from 1; 0 for what no map has.
    shade: int


@dataclass(frozen=True)
class Shade:
    n: int
    least: int
    most: int


@dataclass(frozen=True)
class Where:
    """Those counted at one moment, by département."""

    at: datetime
    total: int
    places: list[Place]
    rest: int
    legend: list[Shade]
    # Code → outline, name, shade and number, in the order of the drawing.
    shapes: list[dict[str, Any]]
    overseas: list[Place]

    @property
    def box(self) -> str:
        return france.read().box

    @property
    def paris(self) -> str:
        return france.read().paris


def named(code: str) -> str:
    found = places.find("departement", code)
    return OTHER_PLACES.get(code) or (f"{found.name} ({code})" if found else code)


def by_departement(online: Mapping[str, int], paper: Mapping[str, int], at: datetime, sort: str = "") -> Where:
    """*sort*: ``nom``, or the most signatures first."""
    found = with_paper(online, paper)
    total = sum(online.values()) + sum(paper.values())
    shades = _shades({code: n for code, n in found.kept.items() if code not in {"", NOWHERE}})
    rows = [Place(code, named(code), n, n / total, shades.get(code, 0)) for code, n in found.kept.items()]
    # What is no département comes last among names.
    rows.sort(key=lambda place: (place.code in {"", NOWHERE}, fold(place.name)))
    if sort != "nom":
        rows.sort(key=lambda place: -place.signatures)
    by_code = {place.code: place for place in rows}
    return Where(
        at,
        total,
        rows,
        found.rest,
        _legend(rows),
        [_shape(code, path, by_code.get(code)) for code, path in france.read().paths.items()],
        [place for place in rows if place.shade and place.code not in france.read().paths],
    )


def _shape(code: str, path: str, place: Place | None) -> dict[str, Any]:
    return {
        "code": code,
        "path": path,
        "name": named(code),
        "shade": place.shade if place else 0,
        "signatures": place.signatures if place else None,
    }


def _shades(cells: Mapping[str, int]) -> dict[str, int]:
    """Fifths of the départements, equal numbers in one."""
    ranked = sorted(cells.values())
    return {code: 1 + bisect_left(ranked, n) * SHADES // len(ranked) for code, n in cells.items()}


def _legend(rows: Iterable[Place]) -> list[Shade]:
    found: dict[int, list[int]] = {}
    for place in rows:
        if place.shade:
            found.setdefault(place.shade, []).append(place.signatures)
    return [Shade(n, min(numbers), max(numbers)) for n, numbers in sorted(found.items())]
