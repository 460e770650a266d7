"""Periodic work on sheets."""

import time
from datetime import timedelta
from pathlib import Path

from app.db import Database
from app.paper import queries, scans

# A copy comes before the row that names it is written down.
YOUNG = timedelta(hours=1)


def sweep_scans(database: Database, store: Path) -> int:
    """Copies that no sheet has: of an entry that was refused after all, or begun anew; returns how many went."""
    if not store.is_dir():
        return 0
    with database.read() as session:
        used = queries.scans(session)
    gone, before = 0, time.time() - YOUNG.total_seconds()
    for file in store.iterdir():
        if file.name not in used and file.stat().st_mtime < before:
            scans.forget(store, file.name)
            gone += 1
    return gone
