"""The pack: one archive with the PDF, the list as CSV and as a workbook, all of one moment."""

import hashlib
import io
import zipfile
from base64 import b64encode
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from sqlalchemy.orm import Session

from app import audit, clock
from app.db import Database
from app.deliveries import pack, queries
from app.deliveries.pack import File, Registered, Snapshot, Text
from app.errors import Conflict
from app.exports import about, csv, table, xlsx
from app.exports import actions as exports
from app.exports import queries as export_queries
from app.exports.models import ExportRecord
from app.paper import queries as paper
from app.petitions import keys as petition_keys
from app.petitions import on_paper
from app.petitions import queries as petition_queries
from app.petitions.models import Petition
from app.register import actions as register_actions
from app.register import queries as register
from app.register.notes import Head, Note
from app.templating import long_datetime, number
from app.zone import ZONE

MEDIA_TYPE = "application/zip"
REASON = "Dossier de remise"
PEOPLE = ("Référence", "Prénom", "Nom", "Code postal", "Pays", "Signée le")
PLACES = ("Département", "Signatures")


def begin(session: Session, petition: Petition, by: int | None) -> ExportRecord:
    """Journal it as the export that it is, before its first byte. Raises Conflict, Gone."""
    if petition.opened_at is None:
        raise Conflict("Cette pétition n’a pas encore de signatures à remettre.")
    if petition.state not in petition_queries.PUBLIC_STATES:
        raise Conflict("Cette pétition n’est plus en ligne : son dossier de remise ne peut pas être fait.")
    record = exports.begin(session, petition, "delivery", by, reason=REASON)
    record.format = "zip"
    audit.record(session, "delivery.packed", "petition", petition.id, by, export=record.id)
    return record


def filename(petition: Petition, now: datetime) -> str:
    return f"dossier-{petition.slug}-{now.astimezone(ZONE):%Y-%m-%d}.zip"


class _Out(io.RawIOBase):
    """Where the archive is written: taken away piece by piece, so that it is never whole in memory."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        piece = bytes(data)  # type: ignore[call-overload]
        self._pieces.append(piece)
        return len(piece)

    def taken(self) -> bytes:
        pieces, self._pieces = self._pieces, []
        return b"".join(pieces)


class _People:
    """Lines as they go by, kept as long as a workbook may have them."""

    def __init__(self, rows: Iterator[Sequence[object]]) -> None:
        self._rows = rows
        self.n = 0
        self.kept: list[Sequence[object]] | None = []

    def __iter__(self) -> Iterator[Sequence[object]]:
        for row in self._rows:
            self.n += 1
            if self.kept is not None:
                self.kept.append(row)
                if self.n > xlsx.MOST:
                    self.kept = None
            yield row

    @property
    def on_paper(self) -> list[Sequence[object]] | None:
        return self.kept if self.kept is not None and self.n <= pack.LISTED else None


@dataclass(frozen=True)
class _Begun:
    snapshot: Snapshot
    # Of its CSV.
    name: str
    header: Sequence[str]
    rows: Iterator[Sequence[object]]
    # The second sheet of its workbook.
    about: Callable[[int], Sequence[tuple[str, object]]]


def stream(
    database: Database, record_id: int, origin: str, told: Callable[[int], object] = lambda _n: None
) -> Iterator[bytes]:
    """The archive, piece by piece; its own sessions, because it outlives the request's.

    The list first, because its mark is printed; names are in memory only, as many as a workbook has. *told*: how many
    lines are in it.
    """
    out = _Out()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        with database.read() as session:
            begun = _begun(database, session, record_id, origin)
            _tell(database, record_id, begun.snapshot.count)
            taken, people = begun.snapshot, _People(begun.rows)
            name, digest = begun.name, hashlib.sha256()
            with archive.open(_member(name, taken.at), "w") as member:
                for piece, _ in csv.stream(begun.header, people):
                    member.write(piece)
                    digest.update(piece)
                    told(people.n)
                    yield out.taken()
        files = [File(name, digest.hexdigest())]
        if people.kept is not None:
            rows = (_dated(row) for row in people.kept) if taken.named else people.kept
            workbook = b"".join(piece for piece, _ in xlsx.stream(begun.header, rows, begun.about))
            files.append(File(f"{name.removesuffix('.csv')}.xlsx", hashlib.sha256(workbook).hexdigest()))
            archive.writestr(_member(files[-1].name, taken.at, zipfile.ZIP_STORED), workbook)
            yield out.taken()
        listed = people.on_paper if taken.named else []
        document = pack.typeset(taken, files, listed)
        files.append(File(f"dossier-{taken.slug}.pdf", hashlib.sha256(document).hexdigest()))
        archive.writestr(_member(files[-1].name, taken.at), document)
        yield out.taken()
        if taken.registered:
            archive.writestr(_member("registre-tete.txt", taken.at), taken.registered.note.encode())
        archive.writestr(_member("LISEZ-MOI.txt", taken.at), _read_me(taken, files).encode())
    yield out.taken()
    _finish(database, record_id, people.n, taken.count, digest.hexdigest())


def _tell(database: Database, record_id: int, n: int) -> None:
    """The others in charge of the petition, as of any export of its people."""
    with database.read() as session:
        record = session.get_one(ExportRecord, record_id)
        petition = session.get_one(Petition, record.petition_id)
        exports.tell(database, record, petition, exports.address_of(session, record), n)


def _member(name: str, at: datetime, method: int = zipfile.ZIP_DEFLATED) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, at.astimezone(ZONE).timetuple()[:6])
    info.compress_type = method
    info.external_attr = 0o600 << 16
    return info


def _begun(database: Database, session: Session, record_id: int, origin: str) -> _Begun:
    """The list as it stands at one moment, which the journal tells, as in exports; the numbers are of the same."""
    if not database.is_sqlite:  # where a reader sees one moment by itself
        session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
    with _moment(database, record_id) as at:
        record = session.get_one(ExportRecord, record_id)
        petition = session.get_one(Petition, record.petition_id)
        exports.check_there(petition)
        who = exports.address_of(session, record)
        told_of = ExportRecord(id=record_id, purpose="delivery", started_at=at, since=None)
        about_it = partial(about.rows, petition, told_of, who)
        taken = _snapshot(session, petition, at, origin)
        name = f"{petition.slug}-delivery-{at.astimezone(ZONE):%Y-%m-%d}.csv"
        if not taken.named:
            return _Begun(taken, name, PLACES, iter(taken.places), about_it)
        keys = petition_keys.of(session, petition.id)
        rows = table.people(keys, "delivery", export_queries.confirmed(session, petition.id, at), table.TEXT)
        return _Begun(taken, name, PEOPLE, rows, about_it)


def _dated(row: Sequence[object]) -> Sequence[object]:
    """The day of signing as a workbook has it: a date, of the wall."""
    *cells, signed = row
    return [*cells, table.REAL.second(datetime.fromisoformat(str(signed))) if signed else ""]


@contextmanager
def _moment(database: Database, record_id: int) -> Iterator[datetime]:
    """Withdrawals wait meanwhile: whoever is in the list and withdraws afterwards is told of as such."""
    with database.write() as writer:
        record = writer.get_one(ExportRecord, record_id)
        petition_queries.lock_alone(writer, record.petition_id)
        record.started_at = petition_queries.moment_between(writer, record.petition_id)
        yield record.started_at


def _snapshot(session: Session, petition: Petition, at: datetime, origin: str) -> Snapshot:
    versions = Counter(dict(queries.versions_until(session, petition.id, at)))
    named, online = petition.delivery_mode == "identities", versions.total()
    versions.update(on_paper.by_version(session, petition.id))
    assert petition.opened_at is not None
    texts = [
        Text(row.version, row.title, row.html, row.published_at or row.created_at, versions[row.version])
        for row in petition.texts
        if row.version in versions or row.version == petition.version
    ]
    return Snapshot(
        slug=petition.slug,
        title=petition.title,
        author=petition.author,
        organisation=petition.organisation.name if petition.organisation else "",
        recipients=[f"{one.name}, {one.role}" for one in petition.recipients],
        url=f"{origin}/petitions/{petition.slug}",
        opened_at=petition.opened_at,
        closed_at=petition.ended_at(at),
        at=at,
        count=versions.total(),
        paper=paper.counted(session, petition.id),
        named=named,
        texts=texts,
        places=_places(session, petition, at, online),
        registered=_registered(session, petition.id, origin),
    )


def _registered(session: Session, petition_id: int, origin: str) -> Registered | None:
    """None before the register's first head."""
    row = register.head(session, petition_id)
    if row is None or not row.note:
        return None
    head = Head.read(Note.read(row.note).text)
    root = b64encode(head.root).decode()
    note = register_actions.checkpoint(session, row)
    return Registered(note, head.size, root, row.signed_by, f"{origin}/registre/{row.name}")


def _places(session: Session, petition: Petition, at: datetime, online: int) -> list[tuple[str, int]]:
    """With the list beside, which says where everybody is from, they are of the same moment."""
    live = partial(queries.places_until, session, petition.id, at)
    if petition.delivery_mode == "identities":
        return table.merged(live(), paper.by_departement(session, petition.id))
    return table.places(session, petition.id, online, live)


def _finish(database: Database, record_id: int, rows: int, counted: int, digest: str) -> None:
    with database.write() as session:
        record = session.get_one(ExportRecord, record_id)
        record.finished_at, record.rows, record.sha256 = clock.now(), rows, digest
        record.counted = counted
        audit.record(session, "export.finished", "petition", record.petition_id, record.account_id, export=record_id)


def _checked(taken: Snapshot) -> list[str]:
    if taken.registered is None:
        return []
    return [
        "Vérifier le nombre : registre-tete.txt est la tête du registre public, signée, du moment de ce dossier.",
        f"Clé publique : {taken.registered.key}",
        f"Registre : {taken.registered.url}",
        f"Une personne vérifie son reçu à {taken.url.partition('/petitions/')[0]}/registre/verifier",
        "",
    ]


def _read_me(taken: Snapshot, files: Sequence[File]) -> str:
    use = (
        "Les noms et les codes postaux ont été donnés pour cette remise, et pour rien d’autre. Une personne peut\r\n"
        "retirer sa signature ensuite : l’organisateur vous donnera alors sa référence, pour rayer sa ligne."
        if taken.named
        else "Aucun nom n’est dans ce dossier : c’est ce que les signataires ont su avant de signer."
    )
    agree = "Les fichiers de ce dossier sont du même instant et disent le même nombre."
    if taken.named and taken.paper:
        agree = (
            f"Dont {number(taken.paper)} sur papier, sans nom : {pack.listed(taken)}.\r\n"
            "Les fichiers de ce dossier sont du même instant."
        )
    lines = [
        taken.title,
        taken.url,
        "",
        f"{number(taken.count)} signatures, le {long_datetime(taken.at)}.",
        agree,
        "",
        use,
        "",
        "Empreintes (SHA-256) :",
        *(f"{file.sha256}  {file.name}" for file in files),
        "",
        *_checked(taken),
    ]
    return "\ufeff" + "\r\n".join(lines)
