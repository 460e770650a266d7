"""The bus tells every process that a petition changed: caches drop it, the live feed looks again.

One process needs nothing. Several share Redis or Valkey (publish/subscribe), or else PostgreSQL's
LISTEN/NOTIFY. A lost message costs a second: readers also look again by themselves.
"""

import threading
from collections.abc import Callable

import psycopg
import redis
import structlog

from app.settings import Settings

CHANNEL = "signons"
log = structlog.get_logger("bus")


class Bus:
    """``publish`` from any thread; subscribers are called with a petition's id, from any thread."""

    def __init__(self, settings: Settings) -> None:
        self._subscribers: list[Callable[[int], None]] = []
        self._redis = redis.Redis.from_url(settings.redis_url, socket_timeout=2) if settings.redis_url else None
        self._dsn = "" if settings.is_sqlite else settings.database_url.replace("+psycopg", "", 1)
        self._stop = threading.Event()
        self._notifier: psycopg.Connection | None = None
        self._lock = threading.Lock()

    def subscribe(self, callback: Callable[[int], None]) -> None:
        self._subscribers.append(callback)

    def publish(self, petition_id: int) -> None:
        """Never raises: what was committed stays true without the message."""
        self._tell(petition_id)
        try:
            if self._redis is not None:
                self._redis.publish(CHANNEL, petition_id)
            elif self._dsn:
                self._notify(petition_id)
        except (redis.RedisError, psycopg.Error) as error:
            log.warning("bus_unreachable", error=type(error).__name__)

    def _tell(self, petition_id: int) -> None:
        for callback in self._subscribers:
            callback(petition_id)

    def _notify(self, petition_id: int) -> None:
        with self._lock:
            try:
                if self._notifier is None or self._notifier.closed:
                    self._notifier = psycopg.connect(self._dsn, autocommit=True, connect_timeout=5)
                self._notifier.execute("SELECT pg_notify(%s, %s)", (CHANNEL, str(petition_id)))
            except psycopg.Error:
                self._notifier = None
                raise

    def start(self) -> None:
        """Listen to the other processes, on a thread of its own, reconnecting for ever."""
        if self._redis is not None or self._dsn:
            threading.Thread(target=self._listen, name="bus", daemon=True).start()

    def stop(self) -> None:
        self._stop.set()
        if self._notifier is not None:
            self._notifier.close()

    def _listen(self) -> None:
        while not self._stop.is_set():
            try:
                self._listen_redis() if self._redis is not None else self._listen_postgres()
            except (redis.RedisError, psycopg.Error, OSError) as error:
                log.warning("bus_lost", error=type(error).__name__)
                self._stop.wait(1)

    def _listen_redis(self) -> None:
        assert self._redis is not None
        with self._redis.pubsub(ignore_subscribe_messages=True) as pubsub:  # type: ignore[no-untyped-call]
            pubsub.subscribe(CHANNEL)
            while not self._stop.is_set():
                message = pubsub.get_message(timeout=1)
                if message is not None:
                    self._tell(int(message["data"]))

    def _listen_postgres(self) -> None:
        with psycopg.connect(self._dsn, autocommit=True, connect_timeout=5) as connection:
            connection.execute(f"LISTEN {CHANNEL}")
            while not self._stop.is_set():
                for note in connection.notifies(timeout=1):
                    self._tell(int(note.payload))
