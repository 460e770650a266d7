"""The files of an instance are its own account's: nobody else on the machine reads names, addresses or keys."""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from sqlalchemy.engine import make_url

from app.settings import Settings

OTHERS, EVERYBODY = 0o077, 0o007


def create_privately() -> None:
    """Whatever this process, and those that it starts, will write."""
    os.umask(OTHERS)


def readable_by_others(settings: Settings) -> list[Path]:
    """Folders and files of this instance that another account may read or change."""
    return [path for path, closed_to in _kept(settings) if path.exists() and path.stat().st_mode & closed_to]


def tighten(settings: Settings) -> None:
    """What an earlier version, or a copy, left open; ``signons doctor`` tells what is not ours to close."""
    for path in readable_by_others(settings):
        with suppress(OSError):
            path.chmod(path.stat().st_mode & ~OTHERS & 0o777)


def _kept(settings: Settings) -> Iterator[tuple[Path, int]]:
    """Each with whom it is closed to. What is in a closed folder is closed."""
    yield settings.var, OTHERS
    yield settings.var / "secret.key", OTHERS
    for file in (settings.master_key_file, settings.dkim_key_file):
        if file:
            yield Path(file), EVERYBODY  # root may give it to our group
    if settings.is_sqlite and (database := make_url(settings.database_url).database):
        yield from ((Path(f"{database}{end}"), OTHERS) for end in ("", "-wal", "-shm"))
