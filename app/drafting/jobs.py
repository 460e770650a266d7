"""Periodic work on drafts."""

import time
from datetime import timedelta
from pathlib import Path

from app.db import Database
from app.drafting import queries

# A picture comes before the draft that names it is written down.
YOUNG = timedelta(days=1)


def sweep_pictures(database: Database, store: Path) -> int:
    """The files of pictures that no draft, no petition and no organisation has any more; returns how many went."""
    if not store.is_dir():
        return 0
    with database.read() as session:
        used = queries.pictures(session)
    gone, before = 0, time.time() - YOUNG.total_seconds()
    for file in store.iterdir():
        # One picture is several files, ``<name>-<width>.<kind>``; of an earlier release, the one that it is named by.
        if file.name not in used and file.stem.partition("-")[0] not in used and file.stat().st_mtime < before:
            file.unlink(missing_ok=True)
            gone += 1
    return gone
