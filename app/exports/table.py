"""What is in each file: its header and its lines, for a CSV (text, ISO dates) and for a workbook (dates are dates)."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import lru_cache, partial
from itertools import islice
from typing import NamedTuple

from sqlalchemy.orm import Session

from app.exports import queries
from app.paper import queries as paper
from app.petitions import cells as groups
from app.petitions import keys as petition_keys
from app.petitions import queries as petition_queries
from app.petitions import tallies
from app.petitions.keys import Keys
from app.petitions.models import Petition
from app.signatures.places import NOWHERE, country_name
from app.signatures.public import open_fields, references
from app.zone import ZONE

STATES = {
    "pending": "en attente",
    "confirmed": "confirmée",
    "withdrawn": "retirée",
    "invalidated": "invalidée",
    "quarantined": "en quarantaine",
}
PREVIEWED = 5
PLACES_HEADER = ("Département", "Signatures")


class Table(NamedTuple):
    """Its lines are read from the database as they are taken; *size* where they were counted on the way."""

    header: Sequence[str]
    rows: Iterator[Sequence[object]]
    size: int | None = None


class Dates(NamedTuple):
    """How a moment is written: to the second, and to the hour."""

    second: Callable[[datetime | None], object]
    hour: Callable[[datetime | None], object]


def names_people(petition: Petition, purpose: str) -> bool:
    return purpose == "contact" or (purpose == "delivery" and petition.delivery_mode == "identities")


def made(
    session: Session, petition: Petition, purpose: str, until: datetime, since: datetime | None, dates: Dates
) -> Table:
    """The statement has begun when this returns."""
    keys = petition_keys.of(session, petition.id)
    if purpose == "contact":
        header: tuple[str, ...] = ("Référence", "Prénom", "Nom", "E-mail", "Code postal", "Pays", "Signée le")
        return Table(header, people(keys, purpose, queries.contactable(session, petition.id, until, since), dates))
    if purpose == "audit":
        header = ("Pseudonyme", "État", "Reçue le", "Confirmée le", "Version du texte")
        return Table(header, _states(keys, purpose, queries.every_state(session, petition.id), dates))
    if petition.delivery_mode == "count":
        online = petition_queries.count(session, petition.id) - paper.counted(session, petition.id)
        cells = places(session, petition.id, online, partial(queries.by_departement, session, petition.id))
        return Table(PLACES_HEADER, iter(cells), len(cells))
    header = ("Référence", "Prénom", "Nom", "Code postal", "Pays", "Signée le")
    return Table(header, people(keys, purpose, queries.confirmed(session, petition.id, until, since), dates))


def preview(
    session: Session, petition: Petition, purpose: str, until: datetime, since: datetime | None, most: int
) -> Table:
    """A few of its lines, and how many it has (*most* + 1: more).

    Of all who may be contacted, those who said so first: they are found by an index.
    """
    from_first = queries.EVER if since is None and purpose == "contact" else since
    found = made(session, petition, purpose, until, from_first, TEXT)
    size = how_many(session, petition, found, purpose, until, since, most)
    return Table(found.header, iter(list(islice(found.rows, PREVIEWED))), size)


def how_many(
    session: Session, petition: Petition, found: Table, purpose: str, until: datetime, since: datetime | None, most: int
) -> int:
    """Its lines, *most* + 1 when there are more."""
    if found.size is not None:
        return found.size
    return queries.how_many(session, petition.id, purpose, until, since, most)


# Column by column, hundreds of rows at a time: a million lines take seconds.


def people(keys: Keys, purpose: str, batches: queries.Batches, dates: Dates) -> Iterator[Sequence[object]]:
    """Lines of people; their address too where the query has it."""
    for batch in batches:
        ids, given, family, codes, countries, moments, *addresses = zip(*batch, strict=True)
        yield from zip(
            references(keys, ids, purpose),
            given,
            open_fields(keys, family, ids, "family_name"),
            *(open_fields(keys, sealed, ids, "email") for sealed in addresses),
            codes,
            [country_name(code, "fr") for code in countries],
            [dates.second(at) for at in moments],
            strict=True,
        )


def _states(keys: Keys, purpose: str, batches: queries.Batches, dates: Dates) -> Iterator[Sequence[object]]:
    for batch in batches:
        ids, states, received, confirmed, versions = zip(*batch, strict=True)
        yield from zip(
            references(keys, ids, purpose),
            [STATES[state] for state in states],
            [dates.hour(at) for at in received],
            [dates.hour(at) for at in confirmed],
            versions,
            strict=True,
        )


PLACES = {"": "Hors de France", NOWHERE: "En France, code inconnu"}


# Who has signed since the last tally: of no place yet.
NEW = "+"


def places(
    session: Session, petition_id: int, online: int, live: Callable[[], Mapping[str, int]]
) -> list[tuple[str, int]]:
    """Where the whole count is from, as last tallied: two files around one signature do not tell where it is from.

    *online*: how many there are now. Those since are under ``Autres``; as many as have left since are taken off the
    smallest places, which go there too. *live*: asked when there is no tally yet.
    """
    tallied = tallies.of_petition(session, petition_id)
    cells = dict(tallied.cells) if tallied is not None else {}
    since = online - sum(cells.values())
    if not cells:
        cells, since = dict(live()), 0
    for place in sorted(cells, key=lambda place: (cells[place], place)):
        if since >= 0:
            break
        since += cells.pop(place)
    return merged(cells | {NEW: since}, paper.by_departement(session, petition_id))


def merged(online: Mapping[str, int], on_paper: Mapping[str, int]) -> list[tuple[str, int]]:
    """Groups under eleven go together into ``Autres``, which is no small group itself if others can join it."""
    found = groups.with_paper(online, on_paper)
    rest = found.rest + found.kept.pop(NEW, 0)
    kept = [(PLACES.get(place, place), n) for place, n in sorted(found.kept.items())]
    return [*kept, ("Autres", rest)] if rest else kept


# In a rush thousands are of the same second.
@lru_cache(maxsize=1024)
def _iso(value: datetime) -> str:
    return value.astimezone(ZONE).isoformat(timespec="seconds")


@lru_cache(maxsize=1024)
def _wall(value: datetime) -> datetime:
    """What the clock on the wall said in France: a workbook knows no zone."""
    return value.astimezone(ZONE).replace(tzinfo=None)


def _to_the_second(write: Callable[[datetime], object]) -> Callable[[datetime | None], object]:
    return lambda value: write(value.replace(microsecond=0)) if value else ""


def _to_the_hour(write: Callable[[datetime], object]) -> Callable[[datetime | None], object]:
    """The second would join the audit file with the names of the others."""
    return lambda value: write(value.replace(minute=0, second=0, microsecond=0)) if value else ""


TEXT = Dates(_to_the_second(_iso), _to_the_hour(_iso))
REAL = Dates(_to_the_second(_wall), _to_the_hour(_wall))
