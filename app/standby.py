"""The standby, for reads that may be a second old, as long as it keeps up.

Every second one thread notes how far the journal of the primary has come, another how far the standby has replayed it:
what is read there lacks nothing that was committed before the newest place that it has passed, AGE seconds ago at
most. Otherwise, or when it does not answer, nobody waits for it: reads go to the primary until it is back.
"""

import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from time import monotonic
from typing import Any

import psycopg
import structlog
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

AGE = 3.0
EVERY = 1.0
# How far a host has come, in bytes of the journal, and whether it follows another.
REACHED = (
    "SELECT pg_is_in_recovery(),"
    " (CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END - '0/0')::bigint"
)
log = structlog.get_logger("standby")


class Standby:
    """``connection`` as long as it keeps up. *there* and *primary* say how psycopg reaches each."""

    def __init__(self, engine: Engine, there: dict[str, Any], primary: dict[str, Any]) -> None:
        self.engine = engine
        self._there, self._primary = _Host(there), _Host(primary)
        # When the primary's journal was seen where; the newest last.
        self._seen: deque[tuple[float, int]] = deque(maxlen=16)
        self._good_until = 0.0
        self._keeps_up = True
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []

    def connection(self) -> Connection | None:
        """None: ask the primary."""
        with self._lock:
            if not self._threads and not self._stop.is_set():
                for look in (self.note, self.look):
                    self._threads.append(threading.Thread(target=self._often, args=[look], name="standby", daemon=True))
                    self._threads[-1].start()
        if monotonic() >= self._good_until:
            return None
        try:
            return self.engine.connect()
        except (DBAPIError, PoolTimeout) as error:
            self.left(type(error).__name__)
            return None

    def left(self, why: str) -> None:
        """It is asked nothing until it has been seen to keep up again."""
        self._good_until = 0.0
        if self._keeps_up:
            log.warning("standby_left", why=why)
        self._keeps_up = False

    def close(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()
        self._there.close()
        self._primary.close()
        self.engine.dispose()

    def _often(self, look: Callable[[], None]) -> None:
        while not self._stop.is_set():
            look()
            self._stop.wait(EVERY)

    def note(self) -> None:
        """Where the primary is."""
        now = monotonic()
        with suppress(psycopg.Error):
            self._seen.append((now, self._primary.reached()[1]))

    def look(self) -> None:
        """Whether the standby keeps up."""
        now, seen = monotonic(), list(self._seen)
        if seen and now - seen[-1][0] > AGE / 2:
            # The primary does not answer. Nothing is committed that we could know of: what was the newest still is.
            seen.append((now, seen[-1][1]))
        try:
            follows, reached = self._there.reached()
        except psycopg.Error as error:
            self.left(type(error).__name__)
            return
        if not follows:  # promoted: another host may follow it by now
            self.left("promoted")
            self._there.close()
            self.engine.dispose()
            return
        self._good_until = max((when for when, where in seen if where <= reached), default=-AGE) + AGE
        if monotonic() >= self._good_until:
            self.left("late")
        elif not self._keeps_up:
            self._keeps_up = True
            log.info("standby_back")


class _Host:
    """One connection, made again when it fails."""

    def __init__(self, options: dict[str, Any]) -> None:
        self._options = options
        self._connection: psycopg.Connection | None = None

    def reached(self) -> tuple[bool, int]:
        """Raises psycopg.Error."""
        try:
            if self._connection is None:
                self._connection = psycopg.connect(**self._options, autocommit=True)
            row = self._connection.execute(REACHED).fetchone()
        except psycopg.Error:
            self.close()
            raise
        return (row[0], -1 if row[1] is None else row[1]) if row else (False, -1)

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = None
