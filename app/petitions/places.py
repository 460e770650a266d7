"""Départements and communes: what a petition is about, by the code of INSEE.

``places.txt.gz`` is derived from the npm package ``@etalab/decoupage-administratif`` (data of INSEE, Licence Ouverte
2.0). To make it anew from a later edition::

    npm pack @etalab/decoupage-administratif && tar xzf etalab-*.tgz
    .venv/bin/python -m app.petitions.places package/data "6.0.0, édition 2026"

Read when it is first needed: 20 ms to name a place, 100 more to look for one.
"""

import gzip
import json
import re
import sys
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from app.folding import fold
from app.locale import Message

FILE = Path(__file__).with_name("places.txt.gz")
KINDS = ("departement", "commune")
MOST = 8
UNKNOWN = "ce lieu n’est pas connu ; est-ce %(places)s ?"
SEVERAL = "plusieurs lieux portent ce nom : %(places)s ; écrivez-le en entier"


@dataclass(frozen=True)
class Place:
    kind: str
    code: str
    name: str
    departement: str
    # In hundreds of inhabitants.
    size: int
    # A département of which a commune has the same name.
    shared: bool = False

    def __str__(self) -> str:
        """``Rennes (35)``."""
        word = "département " if self.shared else ""
        return f"{self.name} ({word}{self.departement})"


@lru_cache(maxsize=1)
def _all() -> dict[tuple[str, str], Place]:
    """A line each: ``35 Ille-et-Vilaine``, then, with a tab, its communes: ``238 Rennes 2309``."""
    found: dict[tuple[str, str], Place] = {}
    for block in gzip.decompress(FILE.read_bytes()).decode().split("\n\n")[1:]:
        head, *lines = block.split("\n")
        code, _, name = head.partition(" ")
        communes = []
        for line in lines:
            number, own, hundreds = line.split("\t")
            communes.append(Place("commune", code[:2] + number, own, code, int(hundreds or 0)))
        size = sum(commune.size for commune in communes)
        shared = any(commune.name == name for commune in communes)
        found["departement", code] = Place("departement", code, name, code, size, shared)
        found |= {("commune", commune.code): commune for commune in communes}
    return found


def find(kind: str, code: str) -> Place | None:
    return _all().get((kind, code)) if kind else None


def named(kind: str, code: str) -> str:
    """``Rennes (35)``, ``Ille-et-Vilaine (35)``; "" for what is no place."""
    return str(find(kind, code) or "")


def searched(kind: str, code: str) -> str:
    """What it is found by: its name, and that of its département."""
    place = find(kind, code)
    return f"{place} {named('departement', place.departement)}" if place else ""


def matching(typed: str, most: int = MOST) -> list[Place]:
    """Those that may be meant, the best first: a code, ``Rennes``, ``st malo``, ``Rennes (35)``, ``Mayenne (53)``."""
    return [place for _, place in _ranked(typed)[:most]]


def chosen(typed: str) -> Place:
    """The one that is meant. Raises ValueError with half a sentence."""
    ranked = _ranked(typed)
    if not ranked:
        raise ValueError("ce lieu n’est pas connu : un département ou une commune sont attendus")
    best = ranked[0][0]
    # Of a commune and a département of one name, the commune: the other one says that it is a département.
    equal = [place for rank, place in ranked if rank == best and not (best == _EXACT and place.shared)]
    if best <= _BARE and len(equal) == 1:
        return equal[0]
    said = ", ".join(map(str, (equal if best <= _BARE else [place for _, place in ranked])[:MOST]))
    raise ValueError(Message(SEVERAL if best <= _BARE else UNKNOWN, places=said))


_LABEL, _EXACT, _BARE, _PREFIX, _WITHIN = range(5)
_ARTICLE = re.compile(r"^(?:l|le|la|les) (?=.)")
_CODE = re.compile(r"(?:\d{2}|2[ab]|97\d|98\d)(?:\d{3})?", re.IGNORECASE | re.ASCII)
_NUMBERED = re.compile(r"(.+?) (?:departement )?(\d\d|2[ab]|9[78]\d)", re.ASCII)


def _ranked(typed: str) -> list[tuple[int, Place]]:
    """``(rank, place)``, the best first; of one rank, the largest."""
    typed = typed.strip()[:100]
    code = typed.upper()
    if _CODE.fullmatch(code):
        place = find("departement", code) or find("commune", code)
        return [(_LABEL, place)] if place else []
    key = _key(typed)
    within = _NUMBERED.fullmatch(key)
    hits = _hits(within[1], typed, within[2].upper()) if within else []
    hits = hits or (_hits(key, typed) if key else [])
    return sorted(hits, key=lambda hit: (hit[0], hit[1].shared, -hit[1].size))


def _hits(key: str, typed: str, departement: str = "") -> list[tuple[int, Place]]:
    return [
        (_LABEL if rank == _EXACT and str(place) == typed else rank, place)
        for own, place in _keys()
        if (not departement or place.departement == departement) and (rank := _rank(own, key)) is not None
    ]


def _rank(own: str, key: str) -> int | None:
    if own == key:
        return _EXACT
    if _ARTICLE.sub("", own) == key:
        return _BARE
    if own.startswith(key):
        return _PREFIX
    return _WITHIN if f" {key}" in own else None


@lru_cache(maxsize=1)
def _keys() -> list[tuple[str, Place]]:
    return [(_key(place.name), place) for place in _all().values()]


def _key(name: str) -> str:
    """Case, accents, hyphens and apostrophes make no other place; ``St`` is ``Saint``."""
    words = re.findall(r"\w+", fold(name))
    return " ".join({"st": "saint", "ste": "sainte"}.get(word, word) for word in words)


def write(folder: Path, edition: str) -> None:
    """Derive the table anew."""
    communes: dict[str, list[str]] = {}
    for commune in json.loads((folder / "communes.json").read_text("utf-8")):
        if commune["type"] in {"commune-actuelle", "arrondissement-municipal"}:
            code, name = commune["code"], commune["nom"].removesuffix(" Arrondissement")
            size = commune.get("population", 0) // 100 or ""
            communes.setdefault(commune["departement"], []).append(f"{code[2:]}\t{name}\t{size}")
    blocks = [f"# @etalab/decoupage-administratif {edition}, Licence Ouverte 2.0 ; voir places.py"]
    for departement in json.loads((folder / "departements.json").read_text("utf-8")):
        code = departement["code"]
        blocks.append("\n".join([f"{code} {departement['nom']}", *sorted(communes.get(code, []))]))
    FILE.write_bytes(gzip.compress("\n\n".join(blocks).encode(), 9, mtime=0))


if __name__ == "__main__":
    write(Path(sys.argv[1]), sys.argv[2])
