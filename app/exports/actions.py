"""Exports are begun, streamed, and journalled with their count and SHA-256."""

import hashlib
from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import lru_cache

from sqlalchemy.orm import Session

from app import audit, clock
from app.db import Database
from app.errors import Gone, Refused
from app.exports import csv, queries, xlsx
from app.exports.models import PURPOSES, ExportRecord
from app.petitions import keys as petition_keys
from app.petitions import queries as petition_queries
from app.petitions.keys import Keys
from app.petitions.models import Petition
from app.signatures.places import NOWHERE, country_name
from app.signatures.public import open_fields, references
from app.zone import ZONE

# Smaller groups are merged: a village's only signer must not be seen. [CNIL, CADA]
SMALLEST_CELL = 11
FORMATS = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
STATES = {
    "pending": "en attente",
    "confirmed": "confirmée",
    "withdrawn": "retirée",
    "invalidated": "invalidée",
    "quarantined": "en quarantaine",
}


def begin(session: Session, petition: Petition, purpose: str, by: int | None, kind: str = "csv") -> ExportRecord:
    """Journal the export before its first byte. Raises Refused, Gone."""
    if purpose not in PURPOSES or kind not in FORMATS:
        raise Refused("Choisissez ce que l’export doit contenir.")
    if kind == "xlsx" and queries.is_longer(session, petition.id, xlsx.MOST):
        most = f"{xlsx.MOST:,}".replace(",", " ")
        raise Refused(
            "Un classeur s’arrête à %(most)s lignes, cette pétition en a davantage : choisissez le CSV.", most=most
        )
    if petition.purged_at is not None:
        raise Gone("Les signatures de cette pétition ont été effacées, comme prévu ; le nombre reste.")
    record = ExportRecord(petition_id=petition.id, purpose=purpose, account_id=by, started_at=clock.now())
    session.add(record)
    session.flush()
    audit.record(session, "export.begun", "petition", petition.id, by, export=record.id, purpose=purpose)
    return record


def stream(database: Database, record_id: int, kind: str = "csv") -> Iterator[bytes]:
    """The file, piece by piece; its own session, because it outlives the request's."""
    digest, total = hashlib.sha256(), 0
    with database.read() as session:
        header, rows = _begun(database, session, record_id)
        for piece, n in (xlsx if kind == "xlsx" else csv).stream(header, rows):
            digest.update(piece)
            total += n
            yield piece
    with database.write() as session:
        record = session.get_one(ExportRecord, record_id)
        record.finished_at, record.rows, record.sha256 = clock.now(), total, digest.hexdigest()
        audit.record(session, "export.finished", "petition", record.petition_id, record.account_id, export=record_id)


def _begun(database: Database, session: Session, record_id: int) -> tuple[Sequence[str], Iterator[Sequence[object]]]:
    """The table as it stands at one moment, which the journal tells.

    Whoever confirmed until then and withdraws later is in the file, and nobody else: withdrawals
    wait until the statement has begun, and it for withdrawals that are under way.
    """
    with database.write() as writer:
        record = writer.get_one(ExportRecord, record_id)
        petition_queries.lock_alone(writer, record.petition_id)
        record.started_at = clock.now()
        petition = session.get_one(Petition, record.petition_id)
        return _table(session, petition, record.purpose, record.started_at)


def filename(petition: Petition, purpose: str, now: datetime, kind: str = "csv") -> str:
    return f"{petition.slug}-{purpose}-{now.astimezone(ZONE):%Y-%m-%d}.{kind}"


def _table(
    session: Session, petition: Petition, purpose: str, until: datetime
) -> tuple[Sequence[str], Iterator[Sequence[object]]]:
    keys = petition_keys.of(session, petition.id)
    if purpose == "contact":
        header: tuple[str, ...] = ("Référence", "Prénom", "Nom", "E-mail", "Code postal", "Pays", "Signée le")
        return header, people(keys, purpose, queries.contactable(session, petition.id, until))
    if purpose == "audit":
        header = ("Pseudonyme", "État", "Reçue le", "Confirmée le", "Version du texte")
        return header, _states(keys, purpose, queries.every_state(session, petition.id))
    if petition.delivery_mode == "count":
        return ("Département", "Signatures"), iter(merged(queries.by_departement(session, petition.id)))
    header = ("Référence", "Prénom", "Nom", "Code postal", "Pays", "Signée le")
    return header, people(keys, purpose, queries.confirmed(session, petition.id, until))


# Column by column, hundreds of rows at a time: a million lines take seconds.


def people(keys: Keys, purpose: str, batches: queries.Batches) -> Iterator[Sequence[object]]:
    """Lines of people; their address too where the query has it."""
    for batch in batches:
        ids, given, family, codes, countries, dates, *addresses = zip(*batch, strict=True)
        yield from zip(
            references(keys, ids, purpose),
            given,
            open_fields(keys, family, ids, "family_name"),
            *(open_fields(keys, sealed, ids, "email") for sealed in addresses),
            codes,
            [country_name(code, "fr") for code in countries],
            [_moment(date) for date in dates],
            strict=True,
        )


def _states(keys: Keys, purpose: str, batches: queries.Batches) -> Iterator[Sequence[object]]:
    for batch in batches:
        ids, states, received, confirmed, versions = zip(*batch, strict=True)
        yield from zip(
            references(keys, ids, purpose),
            [STATES[state] for state in states],
            [_hour(at) for at in received],
            [_hour(at) for at in confirmed],
            versions,
            strict=True,
        )


PLACES = {"": "Hors de France", NOWHERE: "En France, code inconnu"}


def merged(cells: Sequence[tuple[str, int]]) -> list[tuple[str, int]]:
    """Groups under eleven go together into ``Autres``."""
    kept = [(PLACES.get(place, place), n) for place, n in cells if n >= SMALLEST_CELL]
    rest = sum(n for _, n in cells if n < SMALLEST_CELL)
    return [*kept, ("Autres", rest)] if rest else kept


# In a rush thousands are of the same second.
@lru_cache(maxsize=1024)
def _second(value: datetime) -> str:
    return value.astimezone(ZONE).isoformat(timespec="seconds")


def _moment(value: datetime | None) -> str:
    return _second(value.replace(microsecond=0)) if value else ""


def _hour(value: datetime | None) -> str:
    """To the hour: the second would join the audit file with the names of the others."""
    return _second(value.replace(minute=0, second=0, microsecond=0)) if value else ""
