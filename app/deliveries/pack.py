"""The PDF of a pack: what is printed of a petition for its recipients, as JSON for ``pack.typ``.

Set by a child process of little memory (``setting``): thousands of names, kept nowhere afterwards.
"""

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog

from app.petitions import pdf
from app.petitions.blocks import blocks_of, is_rtl
from app.petitions.cells import SMALLEST
from app.templating import long_date, long_datetime, number
from app.text import has_ink

log = structlog.get_logger("pack")
# Names on paper: four hundred a page of two columns, half a gigabyte for a second. More are in the files beside.
LISTED = 20_000
# Of the child: its own limits end it before, unless the machine is very busy.
PATIENCE = 300.0


@dataclass(frozen=True)
class Text:
    """One version of the text, and how many of the list signed it."""

    version: int
    title: str
    html: str
    published_at: datetime
    signatures: int


@dataclass(frozen=True)
class Registered:
    """The head of the public register at that moment, as it was signed, and where anybody checks it."""

    note: str
    size: int
    root: str
    key: str
    url: str

    @property
    def facts(self) -> list[list[str]]:
        return [["Lignes", number(self.size)], ["Racine (SHA-256)", self.root], ["Clé publique", self.key],
                ["Registre", self.url]]  # fmt: skip


@dataclass(frozen=True)
class Snapshot:
    """Everything that is printed but the people, at one moment."""

    slug: str
    title: str
    author: str
    organisation: str
    recipients: Sequence[str]
    url: str
    opened_at: datetime
    # None: it may still be signed.
    closed_at: datetime | None
    at: datetime
    count: int
    # Of them on paper: no name, hence on no list.
    paper: int
    named: bool
    texts: Sequence[Text]
    # (département, signatures), small groups merged.
    places: Sequence[tuple[str, int]]
    registered: Registered | None = None


@dataclass(frozen=True)
class File:
    """One beside the PDF."""

    name: str
    sha256: str


def values(taken: Snapshot, files: Sequence[File], people: Sequence[Sequence[object]] | None) -> str:
    """*people*: lines of the list; None when they are too many for paper."""
    title = " ".join(taken.title.split())
    data = {
        "title": title if has_ink(title) else "Pétition",
        "rtl": is_rtl(title),
        "author": taken.author,
        "footer": f"{title[:70]}{'…' if len(title) > 70 else ''} — {long_date(taken.at)}",
        "day": [taken.at.year, taken.at.month, taken.at.day],
        "count": {"number": number(taken.count), "word": "signatures" if taken.count > 1 else "signature"},
        "facts": _facts(taken),
        "counted": _counted(taken),
        "versions": [[f"Version {one.version}, du {long_date(one.published_at)}", number(one.signatures)]
                     for one in taken.texts],
        "merged": _merged(taken),
        "places": [[place, number(n)] for place, n in taken.places],
        "registered": taken.registered.facts if taken.registered else [],
        "files": [*_files(taken, people is not None), *_nameless(taken)],
        "hashes": [{"name": file.name, "sha256": file.sha256} for file in files],
        "texts": [_text(taken, one) for one in taken.texts],
        "listed": taken.named and bool(people),
        "people": [_line(row) for row in people or ()],
    }  # fmt: skip
    return json.dumps(data, ensure_ascii=False)


def _merged(taken: Snapshot) -> str:
    said = f"Les groupes de moins de {SMALLEST} personnes sont réunis sous « Autres »"
    # Of them the places are those of the last tally.
    return f"{said}." if taken.named else f"{said}, avec les signatures les plus récentes."


def _facts(taken: Snapshot) -> list[list[str]]:
    closed = f"close le {long_date(taken.closed_at)}" if taken.closed_at else "encore ouverte à la signature"
    return [
        ["À l’attention de", " ; ".join(taken.recipients)],
        ["Auteur ou autrice", taken.author],
        *([["Portée par", taken.organisation]] if taken.organisation else []),
        ["Ouverte le", f"{long_date(taken.opened_at)}, {closed}"],
        ["Dossier fait le", long_datetime(taken.at)],
        ["Page publique", taken.url],
    ]


def _counted(taken: Snapshot) -> list[str]:
    said = [
        f"{number(taken.count)} {'signatures confirmées' if taken.count > 1 else 'signature confirmée'}"
        f" le {long_datetime(taken.at)}.",
        "En ligne, une signature est comptée une fois que la personne l’a confirmée depuis son adresse électronique ;"
        " une même adresse ne compte qu’une fois. Les signatures en attente, retirées par leur auteur ou écartées pour"
        " fraude n’y sont pas.",
    ]
    if taken.paper:
        said.append(
            f"Dont {number(taken.paper)} sur papier, comptées feuille par feuille et vérifiées par une seconde"
            " personne : leurs noms restent sur les feuilles."
        )
    return said


def _files(taken: Snapshot, fits: bool) -> list[str]:
    if not taken.named:
        promised = "Les signataires ont signé en sachant que seuls leur nombre et leur département vous seraient remis."
        return [f"{promised} Aucun nom n’est dans ce dossier."]
    promised = "Les signataires ont signé en sachant que leur nom et leur code postal vous seraient remis."
    if taken.count == taken.paper:
        return [promised]
    if fits:
        return [f"{promised} La liste est à la fin de ce document et dans les fichiers qui l’accompagnent, la même."]
    return [
        f"{promised} La liste a plus de {number(LISTED)} noms : elle est dans le fichier qui accompagne ce document,"
        " dont voici l’empreinte."
    ]


def _nameless(taken: Snapshot) -> list[str]:
    if not (taken.named and taken.paper):
        return []
    return [f"Sur {number(taken.count)} signatures, {number(taken.paper)} sur papier, sans nom : {listed(taken)}."]


def listed(taken: Snapshot) -> str:
    """How long the list of names is: who signed on paper is not on it."""
    n = taken.count - taken.paper
    return f"la liste a {number(n)} {'lignes' if n > 1 else 'ligne'}" if n else "la liste est vide"


def _text(taken: Snapshot, one: Text) -> dict[str, Any]:
    blocks = blocks_of(one.html, taken.url)
    links = pdf.number_links(blocks)
    name = "Le texte signé" if len(taken.texts) < 2 else f"Le texte signé, version {one.version}"
    title = " ".join(one.title.split())
    return {
        "name": name,
        "title": title if title != taken.title else "",
        "signed": f"Version {one.version}, publiée le {long_date(one.published_at)} ;"
        f" {number(one.signatures)} signature{'s' if one.signatures > 1 else ''}.",
        "blocks": blocks,
        "links": [{"href": href, "text": href.removeprefix("mailto:")} for href in links],
    }


def _line(row: Sequence[object]) -> list[str]:
    """Of a line of the CSV: the name, where, the reference by which a line is struck out later."""
    reference, given, family, code, country, _signed = map(str, row)
    where = code if country == "France" else f"{code} {country}".strip()
    return [f"{given} {family}".strip(), where, reference]


def typeset(taken: Snapshot, files: Sequence[File], people: Sequence[Sequence[object]] | None) -> bytes:
    """With the list; without it when the child cannot, however few they are: then the files beside have it."""
    content = _child(values(taken, files, people))
    if content is None and people is not None:
        content = _child(values(taken, files, None))
    if content is None:
        raise RuntimeError("the pack could not be set")
    return content


def _child(said: str) -> bytes | None:
    command = [sys.executable, "-I", "-m", "app.deliveries.setting"]
    try:
        done = subprocess.run(command, input=said.encode(), capture_output=True, timeout=PATIENCE, env={})  # noqa: S603
    except subprocess.TimeoutExpired:
        log.warning("pack.too_slow")
        return None
    if done.returncode or not done.stdout.startswith(b"%PDF-"):
        log.warning("pack.not_set", code=done.returncode)
        return None
    return done.stdout
