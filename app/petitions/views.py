"""Page views, counted by the hour in memory and written down by a job. No cookie, no address."""

import re
import threading
from collections.abc import Mapping

from app import clock
from app.db import Database
from app.petitions import queries, tags

_ROBOT = re.compile(
    rb"bot|crawl|spider|slurp|archiver|preview|fetch|monitor|curl|wget|python|httpx|headless|lighthouse|scan",
    re.IGNORECASE,
)


class ViewCounter:
    """Counts from the event loop, writes from a job's thread."""

    def __init__(self) -> None:
        self._views: dict[int, int] = {}
        # Of these, those that a link of ours brought.
        self._tagged: dict[tuple[int, str], int] = {}
        self._lock = threading.Lock()

    def count(self, petition_id: int, headers: Mapping[bytes, bytes], query: bytes = b"") -> None:
        agent = headers.get(b"user-agent", b"")
        purpose = headers.get(b"sec-purpose", b"")
        if agent and not _ROBOT.search(agent) and b"prefetch" not in purpose:
            tag = tags.in_query(query.decode("latin-1")) if query else ""
            with self._lock:
                self._views[petition_id] = self._views.get(petition_id, 0) + 1
                if tag:
                    self._tagged[petition_id, tag] = self._tagged.get((petition_id, tag), 0) + 1

    def write(self, database: Database) -> int:
        """Add what was counted to the hour; returns how many views."""
        with self._lock:
            views, self._views = self._views, {}
            tagged, self._tagged = self._tagged, {}
        if views:
            now = clock.now()
            with database.write() as session:
                queries.add_views(session, views, clock.hour_of(now))
                tags.add_views(session, tagged, now)
        return sum(views.values())
