"""The two verbs: back up, restore."""

import json
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pyrage
import sqlalchemy as sa
from sqlalchemy.engine import make_url

from app import clock, migrations
from app.audit import chain
from app.backup import archive, postgres, sqlite
from app.backup.progress import Progress
from app.bus import Bus
from app.db import Database
from app.errors import Refused
from app.locale import Message
from app.petitions.models import PetitionKeys
from app.privacy import retention
from app.privacy.actions import erasing
from app.reference import install_reference_data
from app.settings import Settings
from app.vault import open_vault

DATABASE = "database"
# Erasures that a restore which was cut has not replayed yet: the next one does.
TO_REPLAY = "a-reeffacer.age"
# Under ``var/``: pictures, and sealed copies of sheets.
FOLDERS = ("images", "scans")
NAMES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}


def backup(settings: Settings, path: Path, progress: Progress) -> int:
    """Write the whole instance to *path*, while it is being served; its size. Raises Refused.

    The database, and the files under ``var/images`` and ``var/scans``. SIGNONS_SECRET_KEY alone opens the file.
    """
    if not path.parent.is_dir():
        raise Refused("%(path)s n’est pas un dossier.", path=path.parent)
    with _staging(settings) as folder, _opened(settings) as database:
        about = _about(settings, database)
        if settings.is_sqlite:
            sqlite.dump(_file_of(settings), folder / DATABASE, progress)
        else:
            tools = postgres.find_tools(settings.database_url)
            about["tools"] = tools.version
            postgres.dump(tools, folder / DATABASE, progress)
        members = {DATABASE: folder / DATABASE}
        for name in FOLDERS:
            files = sorted(file for file in (settings.var / name).glob("*") if file.is_file() and file.name[0] != ".")
            members |= {f"{name}/{file.name}": file for file in files}
        archive.write(path, archive.identity(settings.secret), about, members, progress)
    return path.stat().st_size


def _about(settings: Settings, database: Database) -> dict[str, Any]:
    with database.engine.connect() as connection:
        masters = connection.scalars(sa.select(PetitionKeys.master).distinct()).all()
    return {
        # Before the copy begins: what is erased from now on is forgotten again by a restore.
        "made_at": clock.now().isoformat(),
        "engine": database.engine.dialect.name,
        "revision": migrations.revision(database),
        "masters": sorted(masters),
        "tools": 0,
        "journal": _head(database),
    }


def _head(database: Database) -> str:
    """Where the journal's chain ended: compared later with what the instance says. "" before there was one."""
    if not sa.inspect(database.engine).has_table("audit_chain"):
        return ""
    with database.read() as session:
        return str(chain.head(session))


def noted_head(settings: Settings, path: Path, progress: Progress) -> str:
    """The journal's head when this backup was made, "" when it has none. Raises Refused."""
    return str(archive.read(path, archive.identity(settings.secret), None, progress).get("journal", ""))


@dataclass(frozen=True)
class Opened:
    """A backup that was read, checked and found fit for this instance; nothing is changed yet."""

    settings: Settings
    folder: Path
    manifest: dict[str, Any]
    tools: postgres.Tools | None

    @property
    def made_at(self) -> datetime:
        return datetime.fromisoformat(self.manifest["made_at"])

    def restore(self, progress: Progress) -> tuple[int, str]:
        """Replace database and images; signatures erased again, and a warning or "". Raises Refused."""
        return _restore_sqlite(self, progress) if self.tools is None else _restore_postgres(self, self.tools, progress)


@contextmanager
def opened(settings: Settings, path: Path, progress: Progress) -> Iterator[Opened]:
    """Read and check a backup, decrypted in a private folder until the end. Raises Refused."""
    with _staging(settings) as folder:
        manifest = archive.read(path, archive.identity(settings.secret), folder, progress)
        engine = "sqlite" if settings.is_sqlite else "postgresql"
        if manifest["engine"] != engine:
            raise Refused(
                "Cette sauvegarde vient de %(theirs)s et SIGNONS_DATABASE_URL désigne %(ours)s : restaurez-la sur une"
                " base de la même sorte.",
                theirs=NAMES[manifest["engine"]],
                ours=NAMES[engine],
            )
        if reason := migrations.unreachable(manifest["revision"], "restore"):
            raise Refused("Cette sauvegarde %(reason)s", reason=reason)
        if set(manifest["masters"]) - set(open_vault(settings).masters):
            raise Refused(
                "La clé principale qui protège les signatures de cette sauvegarde manque : ajoutez-la au fichier"
                " de SIGNONS_MASTER_KEY_FILE."
            )
        tools = None if settings.is_sqlite else postgres.find_tools(settings.database_url, manifest["tools"])
        yield Opened(settings, folder, manifest, tools)


def _restore_sqlite(found: Opened, progress: Progress) -> tuple[int, str]:
    """The copy is migrated and made to forget first; then it replaces the live one at once."""
    settings, staged = found.settings, found.folder / DATABASE
    with sqlite.alone(_file_of(settings)) as live:
        copy = settings.model_copy(update={"database_url": f"sqlite:///{staged}"})
        present = settings.model_copy(update={"database_url": f"sqlite:///{found.folder / 'present'}"})
        sqlite.copy_of(live, _file_of(present), progress)
        records, warning = _erased_since(present, found.made_at)
        n = _made_ready(copy, records + _left_to_replay(settings))
        sqlite.load(staged, live, progress)
    _restore_files(found)
    (settings.var / TO_REPLAY).unlink(missing_ok=True)
    return n, warning


def _restore_postgres(found: Opened, tools: postgres.Tools, progress: Progress) -> tuple[int, str]:
    """One transaction replaces everything; what is to be forgotten again waits in a file until it is."""
    settings = found.settings
    if n := postgres.others_connected(settings.database_url):
        raise Refused("%(in_use)s (Connexions ouvertes : %(n)s.)", in_use=Message(sqlite.IN_USE), n=n)
    records, warning = _erased_since(settings, found.made_at)
    _keep_to_replay(settings, records + _left_to_replay(settings))
    postgres.load(tools, found.folder / DATABASE, progress)
    n = _made_ready(settings, _left_to_replay(settings))
    _restore_files(found)
    (settings.var / TO_REPLAY).unlink(missing_ok=True)
    return n, warning


def _erased_since(settings: Settings, since: datetime) -> tuple[list[dict[str, Any]], str]:
    """What the present database was made to forget since; a warning when it cannot tell."""
    try:
        with _opened(settings) as database:
            if not sa.inspect(database.engine).has_table("signature"):
                return [], ""  # nothing was here
            if settings.is_sqlite:
                migrations.upgrade(database)  # a copy: no harm to what is there
            with database.read() as session:
                return erasing.records(session, since), ""
    except (sa.exc.SQLAlchemyError, Refused):
        return [], (
            "Attention : la base remplacée n’a pas pu être relue ; ce qui avait été effacé depuis la sauvegarde"
            " est peut-être revenu. Refaites ces effacements avec « signons erase »."
        )


def _made_ready(settings: Settings, records: Sequence[dict[str, Any]]) -> int:
    """Migrate what was restored, forget again what was erased or has reached its term."""
    with _opened(settings) as database:
        migrations.upgrade(database)
        with database.write() as session:
            install_reference_data(session)
            n = erasing.replay(session, records)
        retention.run(database, settings)
        return n


def _restore_files(found: Opened) -> None:
    for name in FOLDERS:
        folder = found.settings.var / name
        for file in (found.folder / name).glob("*"):
            folder.mkdir(parents=True, exist_ok=True)
            part = folder / f".{file.name}.part"
            part.write_bytes(file.read_bytes())
            part.replace(folder / file.name)


def _keep_to_replay(settings: Settings, records: Sequence[dict[str, Any]]) -> None:
    settings.var.mkdir(parents=True, exist_ok=True)
    path = settings.var / TO_REPLAY
    part = path.with_name(path.name + ".part")
    key = archive.identity(settings.secret).to_public()
    part.write_bytes(pyrage.encrypt(json.dumps(records).encode(), [key]))
    part.replace(path)


def _left_to_replay(settings: Settings) -> list[dict[str, Any]]:
    path = settings.var / TO_REPLAY
    if not path.exists():
        return []
    records: list[dict[str, Any]] = json.loads(pyrage.decrypt(path.read_bytes(), [archive.identity(settings.secret)]))
    return records


@contextmanager
def _staging(settings: Settings) -> Iterator[Path]:
    """A folder beside the data, closed to other users, gone at the end."""
    settings.var.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".sauvegarde-", dir=settings.var) as name:
        yield Path(name).resolve()


@contextmanager
def _opened(settings: Settings) -> Iterator[Database]:
    bus = Bus(settings)
    database = Database(settings, open_vault(settings), bus)
    try:
        yield database
    finally:
        bus.stop()
        database.close()


def _file_of(settings: Settings) -> Path:
    return Path(make_url(settings.database_url).database or os.devnull)
