"""SQLite: copied and put back page by page by its own online backup."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from app.backup.progress import Progress
from app.errors import Refused

PAGES = 1024
IN_USE = "La base de données sert encore : arrêtez d’abord « signons serve » et « signons worker »."


def dump(source: Path, target: Path, progress: Progress) -> None:
    """A copy of one moment, while others write."""
    with closing(_connect(source)) as live, closing(_connect(target)) as copy:
        # Inside a transaction that reads, every step copies the same moment: without it, the copy
        # would begin again at each write of another process.
        live.execute("BEGIN")
        live.execute("SELECT count(*) FROM sqlite_master").fetchone()
        _copy(live, copy, "Copie de la base", progress)
        live.execute("ROLLBACK")
        copy.execute("PRAGMA journal_mode=DELETE")
        check(copy)


def check(copy: sqlite3.Connection) -> None:
    """Raises Refused when the copy is not sound."""
    found = copy.execute("PRAGMA quick_check(1)").fetchone()[0]
    if found != "ok":
        raise Refused("La base de données est abîmée (%(why)s) : elle ne peut pas être sauvegardée.", why=found)


@contextmanager
def alone(live: Path) -> Iterator[sqlite3.Connection]:
    """The live database with nobody else in it; a file that is not a database is put aside.

    Raises Refused when a server or a worker uses it.
    """
    live.parent.mkdir(parents=True, exist_ok=True)
    connection = _connect(live)
    try:
        connection.execute("PRAGMA busy_timeout=2000")
        try:
            # Leaving the WAL is refused while anybody else has the file open.
            connection.execute("PRAGMA journal_mode=DELETE")
            connection.execute("PRAGMA locking_mode=EXCLUSIVE")
            connection.execute("BEGIN EXCLUSIVE")
            connection.execute("COMMIT")
        except sqlite3.OperationalError as error:
            if "locked" in str(error):
                raise Refused(IN_USE) from None
            raise Refused("%(path)s : %(why)s.", path=live, why=error) from None
        except sqlite3.DatabaseError:
            connection.close()
            for suffix in ("", "-wal", "-shm"):
                broken = live.with_name(live.name + suffix)
                if broken.exists():
                    broken.replace(live.with_name(live.name + ".illisible" + suffix))
            connection = _connect(live)
        yield connection
    finally:
        connection.close()


def copy_of(live: sqlite3.Connection, target: Path, progress: Progress) -> None:
    """What *live* holds, in another file."""
    with closing(_connect(target)) as copy:
        _copy(live, copy, "Relecture", progress)


def load(staged: Path, live: sqlite3.Connection, progress: Progress) -> None:
    """Replace what *live* holds, in one transaction."""
    with closing(_connect(staged)) as source:
        source.execute("PRAGMA journal_mode=DELETE")
        _copy(source, live, "Remise en place", progress)


def _copy(source: sqlite3.Connection, target: sqlite3.Connection, what: str, progress: Progress) -> None:
    source.backup(target, pages=PAGES, progress=lambda _, left, total: progress.tell(what, total - left, total))


def _connect(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path, timeout=30, isolation_level=None)
