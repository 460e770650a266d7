"""When people who are signed in were last there: noted in memory by the pages that they read, written by a job.

A page that is read changes no row, and needs no writer's turn.
"""

import threading
from datetime import datetime

from app.accounts import queries
from app.db import Database


class Presence:
    """``note`` from any thread; ``write`` from a job's."""

    def __init__(self) -> None:
        self._seen: dict[bytes, datetime] = {}
        self._lock = threading.Lock()

    def note(self, key: bytes, now: datetime) -> None:
        """The session of this *key* was used *now*."""
        with self._lock:
            self._seen[key] = now

    def write(self, database: Database) -> None:
        with self._lock:
            seen, self._seen = self._seen, {}
        if seen:
            with database.write() as session:
                for key, at in sorted(seen.items()):
                    queries.note_seen(session, key, at)
