"""What the benches stand on: a site with the demo in it, its real processes, their cost."""

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import select

from app import demo, migrations
from app.bus import Bus
from app.db import Database, Session
from app.petitions.models import Petition
from app.reference import install_reference_data
from app.settings import Settings
from app.vault import open_vault
from tests.services import Server, Signons, _directory, postgres

SECRET = "a-secret-for-the-benches-that-is-long-enough"
TICK = os.sysconf("SC_CLK_TCK")


class Web(Signons):
    """``signons serve``; mail and jobs are in a process of their own, or nowhere."""

    def command(self) -> list[str]:
        return [*super().command(), "--no-worker"]


class Stage:
    """A database with the demo's first petition and its accounts. ``slug``: what is measured.

    *full*: with all the demo's signatures and comments, for pages of an ordinary size.
    """

    def __init__(self, folder: Path, url: str, *, full: bool = False) -> None:
        self.folder = folder
        self.env = {
            "SIGNONS_DATABASE_URL": url,
            "SIGNONS_SECRET_KEY": SECRET,
            "SIGNONS_VAR_DIR": str(folder),
            "SIGNONS_TRUSTED_PROXIES": "127.0.0.1",
            # Those who sign here have no browser to compute with.
            "SIGNONS_PACE_NETWORK": "100000000",
            "SIGNONS_PACE_SITE": "100000000",
        }
        self.settings = Settings(
            _env_file=None,
            database_url=url,
            secret_key=SECRET,
            var_dir=str(folder),  # type: ignore[call-arg]
        )
        self.vault = open_vault(self.settings)
        self.database = Database(self.settings, self.vault, Bus(self.settings))
        migrations.upgrade(self.database)
        with self.database.write() as session:
            install_reference_data(session)
        if full:
            demo.load(self.database, self.settings)
        else:
            with self.database.write() as session:
                made = demo._petition(session, self.settings, "trains-de-nuit", 3)
                demo._accounts(session, [made])
        with self.database.read() as session:
            self.petition_id, self.slug = session.execute(
                select(Petition.id, Petition.slug).order_by(Petition.id).limit(1)
            ).one()

    def analyze(self) -> None:
        """What autovacuum does within a minute: without it, plans are guesses."""
        with self.database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("ANALYZE")

    def petition(self, session: Session) -> Petition:
        return session.get_one(Petition, self.petition_id)

    @contextmanager
    def serve(self, workers: int = 1, env: Mapping[str, str] | None = None) -> Iterator[Signons]:
        folder = self.folder / "web"
        folder.mkdir(exist_ok=True)
        server = Web(folder, {**self.env, **(env or {})}, None, workers)
        try:
            yield server.start()
        finally:
            server.terminate()


class Worker(Server):
    """``signons worker``."""

    def __init__(self, stage: Stage) -> None:
        folder = stage.folder / "worker"
        folder.mkdir(exist_ok=True)
        super().__init__(folder)
        self.env = stage.env

    def command(self) -> list[str]:
        return [str(Path(sys.executable).with_name("signons")), "worker"]

    def environment(self) -> Mapping[str, str]:
        return {**os.environ, **self.env}

    def answers(self) -> bool:
        return b"travailleur" in self.log.read_bytes()


@contextmanager
def on_sqlite(*, full: bool = False) -> Iterator[Stage]:
    with _directory() as folder:
        stage = Stage(folder, f"sqlite:///{folder}/signons.db", full=full)
        try:
            yield stage
        finally:
            stage.database.close()


@contextmanager
def on_postgres() -> Iterator[Stage]:
    with postgres() as server, _directory() as folder:
        stage = Stage(folder, server.create_database("signons"))
        try:
            yield stage
        finally:
            stage.database.close()


def processes(server: Server) -> list[int]:
    """The process and its children."""
    assert server.process is not None
    found = [server.process.pid]
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = entry.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) in found:
            found.append(int(entry.parent.name))
    return found


def cpu_seconds(server: Server) -> float:
    """Processor time that the server and its children have used."""
    total = 0.0
    for pid in processes(server):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        total += (int(fields[11]) + int(fields[12])) / TICK
    return total


def resident_mb(server: Server) -> float:
    """Memory of the web process that uses most."""
    return max(_resident(pid) for pid in processes(server))


def _resident(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0
