"""Exports are begun, fetched, streamed, told, and journalled with their count and SHA-256."""

import hashlib
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy.orm import Session

from app import audit, clock
from app.accounts.models import Account
from app.db import Database
from app.errors import Gone, Invalid, NotFound
from app.exports import about, csv, emails, permissions, queries, table, xlsx
from app.exports.models import PURPOSES, ExportRecord
from app.exports.table import Table
from app.locale import Message
from app.mail import outbox
from app.organisations.rights import Right
from app.petitions import permissions as petition_permissions
from app.petitions import queries as petition_queries
from app.petitions.models import Petition
from app.text import clean_text
from app.zone import ZONE

FORMATS = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
WAITS = timedelta(minutes=10)
# Who exports the same again within it: the others were told, and the journal has every line.
TOLD_FOR = timedelta(hours=1)
# More lines than this are not counted before they are written.
COUNTED = 10_000
GONE = "Les signatures de cette pétition ont été effacées, comme prévu ; le nombre reste."
NONE_YET = "Aucun export de ce fichier n’est allé au bout : prenez-le en entier."
SERVED = "Ce fichier a déjà été téléchargé, ou dix minutes ont passé. Refaites l’export : il aura sa ligne au journal."


def check_there(petition: Petition) -> None:
    """Raises Gone from the first of its signatures to be erased: a list would miss some, and not say so."""
    if petition.final_count is not None or petition.purged_at is not None:
        raise Gone(GONE)


def choose(session: Session, petition: Petition, purpose: str, kind: str, since: int = 0) -> datetime | None:
    """What would be exported may be; gives the moment of the earlier file that it goes on from. Raises Invalid, Gone.

    *since*: the number of that file; 0 for the whole.
    """
    if purpose not in PURPOSES or kind not in FORMATS:
        raise Invalid({"purpose" if purpose not in PURPOSES else "format": "Choisissez ce que l’export doit contenir."})
    check_there(petition)
    moment = None
    if since:
        if not table.names_people(petition, purpose):
            raise Invalid({"extent": "Ce fichier-là change de ligne en ligne : il se prend toujours en entier."})
        base = queries.finished(session, petition.id, purpose, since)
        if base is None:
            raise Invalid({"extent": NONE_YET})
        moment = base.started_at
    if kind == "xlsx" and _is_longer(session, petition, purpose, moment, xlsx.MOST):
        most = f"{xlsx.MOST:,}".replace(",", " ")
        said = Message(
            "Un classeur s’arrête à %(most)s lignes, cette pétition en a davantage : choisissez le CSV.", most=most
        )
        raise Invalid({"format": said})
    return moment


def last(session: Session, petition: Petition, purpose: str) -> int:
    """The number of the last file of this purpose that was whole. Raises Invalid."""
    row = queries.last_finished(session, petition.id).get(purpose)
    if row is None:
        raise Invalid({"extent": NONE_YET})
    return int(row.ExportRecord.id)


def _is_longer(session: Session, petition: Petition, purpose: str, since: datetime | None, most: int) -> bool:
    if purpose == "delivery" and not table.names_people(petition, purpose):
        return False  # a line a département
    return queries.how_many(session, petition.id, purpose, clock.now(), since, most) > most


def look(session: Session, petition: Petition, purpose: str, since: datetime | None, by: int) -> Table:
    """A few of its lines, and how many there are (COUNTED + 1: more). People are seen, hence the journal."""
    audit.record(session, "export.previewed", "petition", petition.id, by, purpose=purpose)
    return table.preview(session, petition, purpose, clock.now(), since, COUNTED)


def begin(
    session: Session,
    petition: Petition,
    purpose: str,
    by: int | None,
    kind: str = "csv",
    *,
    since: int = 0,
    reason: str = "",
    waits: bool = False,
) -> ExportRecord:
    """Journal the export before its first byte; one that *waits* is fetched later. Raises as ``choose``."""
    moment = choose(session, petition, purpose, kind, since)
    now = clock.now()
    record = ExportRecord(
        petition_id=petition.id,
        purpose=purpose,
        account_id=by,
        started_at=now,
        format=kind,
        reason=clean_text(reason)[: permissions.LONGEST],
        since=moment,
        waits_until=now + WAITS if waits else None,
    )
    session.add(record)
    session.flush()
    act = "export.prepared" if waits else "export.begun"
    audit.record(session, act, "petition", petition.id, by, export=record.id, purpose=purpose)
    return record


def fetch(session: Session, petition: Petition, record_id: int, by: Account) -> ExportRecord:
    """The file that waits for this account, once. Raises NotFound, Gone, Refused."""
    record = queries.lock_record(session, petition.id, record_id)
    if record is None or record.account_id != by.id:
        raise NotFound("Cet export n’existe pas, ou n’est pas le vôtre.")
    if record.waits_until is None or record.waits_until <= clock.now():
        raise Gone(SERVED)
    check_there(petition)
    permissions.check(session, petition, record.purpose, by)
    record.waits_until = None
    audit.record(session, "export.begun", "petition", petition.id, by.id, export=record.id, purpose=record.purpose)
    return record


def stream(database: Database, record_id: int) -> Iterator[bytes]:
    """The file, piece by piece; its own session, because it outlives the request's."""
    digest, total = hashlib.sha256(), 0
    with database.read() as session:
        record, petition, made = _begun(database, session, record_id)
        who = address_of(session, record)
        tell(database, record, petition, who, _size(session, record, petition, made))
        if record.format == "xlsx":
            pieces = xlsx.stream(made.header, made.rows, partial(about.rows, petition, record, who))
        else:
            pieces = csv.stream(made.header, made.rows)
        for piece, n in pieces:
            digest.update(piece)
            total += n
            yield piece
    with database.write() as session:
        record = session.get_one(ExportRecord, record_id)
        record.finished_at, record.rows, record.sha256 = clock.now(), total, digest.hexdigest()
        audit.record(session, "export.finished", "petition", record.petition_id, record.account_id, export=record_id)


def _begun(database: Database, session: Session, record_id: int) -> tuple[ExportRecord, Petition, Table]:
    """The table as it stands at one moment, which the journal tells.

    Whoever confirmed until then and withdraws later is in the file, and nobody else: withdrawals
    wait until the statement has begun, and it for withdrawals that are under way. So do confirmations
    while that moment is chosen: who is not in this file is in the next one that goes on from it.
    """
    with database.write() as writer:
        record = writer.get_one(ExportRecord, record_id)
        petition_queries.lock_alone(writer, record.petition_id)
        record.started_at = petition_queries.moment_between(writer, record.petition_id)
        petition = session.get_one(Petition, record.petition_id)
        check_there(petition)
        dates = table.REAL if record.format == "xlsx" else table.TEXT
        return record, petition, table.made(session, petition, record.purpose, record.started_at, record.since, dates)


def _size(session: Session, record: ExportRecord, petition: Petition, made: Table) -> int:
    return table.how_many(session, petition, made, record.purpose, record.started_at, record.since, COUNTED)


# Whoever may export, and whoever says who may.
IN_CHARGE = (Right.SIGNATURES, Right.MEMBERS)


def tell(database: Database, record: ExportRecord, petition: Petition, who: str, n: int) -> None:
    """The others in charge are written to before the first byte, so that a file that is cut is told as well."""
    with database.write() as session:
        petition_queries.lock_alone(session, petition.id)
        if queries.told_lately(session, record, record.started_at - TOLD_FOR):
            return
        everybody = petition_permissions.holders(session, petition, IN_CHARGE)
        others = [one for one in everybody if one.id != record.account_id]
        outbox.enqueue(session, emails.made(others, petition, record, who, n, COUNTED))
        session.get_one(ExportRecord, record.id).told = True


def address_of(session: Session, record: ExportRecord) -> str:
    """Of whoever exports; "" for the command line."""
    return session.get_one(Account, record.account_id).email if record.account_id is not None else ""


def filename(petition: Petition, record: ExportRecord) -> str:
    return f"{petition.slug}-{record.purpose}-{record.started_at.astimezone(ZONE):%Y-%m-%d}.{record.format}"
