"""The bus tells every process that a petition changed: caches drop it, the live feed looks again.

One process needs nothing. Several share Redis or Valkey (publish/subscribe), or else PostgreSQL's
LISTEN/NOTIFY. A lost message costs a second: readers also look again by themselves. Hence nobody
waits for the bus, which has its own threads, and nothing fails with it.
"""

import secrets
import threading
from collections.abc import Callable

import psycopg
import redis
import structlog
from redis.backoff import NoBackoff
from redis.retry import Retry

from app import conninfo
from app.settings import Settings

CHANNEL = "signons"
# At most one message a petition in this many seconds and process.
GROUPING = 0.05
# A host that has vanished is noticed in about this many seconds.
PATIENCE = 2
log = structlog.get_logger("bus")


class Bus:
    """``publish`` from any thread; subscribers are called with a petition's id, from any thread."""

    def __init__(self, settings: Settings) -> None:
        self._subscribers: list[Callable[[int], None]] = []
        self._redis: redis.Redis | None = None
        if settings.redis_url:
            self._redis = redis.Redis.from_url(
                settings.redis_url,
                socket_timeout=PATIENCE,
                socket_connect_timeout=PATIENCE,
                health_check_interval=10,
                retry=Retry(NoBackoff(), 1),
            )
        self._server = {} if settings.is_sqlite else conninfo.options(settings.database_url, "signons bus")
        self._me = secrets.token_hex(4)
        self._stop = threading.Event()
        self._wake = threading.Event()
        self._lock = threading.Lock()
        self._pending: set[int] = set()
        self._publisher: threading.Thread | None = None
        self._notifier: psycopg.Connection | None = None

    def subscribe(self, callback: Callable[[int], None]) -> None:
        self._subscribers.append(callback)

    def publish(self, petition_id: int) -> None:
        """Never raises and never waits: what was committed stays true without the message."""
        self._tell(petition_id)
        if self._redis is None and not self._server:
            return
        with self._lock:
            self._pending.add(petition_id)
            if self._publisher is None:
                self._publisher = threading.Thread(target=self._publish_pending, name="bus-out", daemon=True)
                self._publisher.start()
        self._wake.set()

    def start(self) -> None:
        """Listen to the other processes, on a thread of its own, reconnecting for ever."""
        if self._redis is not None or self._server:
            threading.Thread(target=self._listen, name="bus-in", daemon=True).start()

    def stop(self) -> None:
        """Say what is still to be said, then end."""
        self._stop.set()
        self._wake.set()
        if self._publisher is not None:
            self._publisher.join(2 * PATIENCE)
        if self._notifier is not None:
            self._notifier.close()

    def _tell(self, petition_id: int) -> None:
        for callback in self._subscribers:
            callback(petition_id)

    def _publish_pending(self) -> None:
        while True:
            self._wake.wait()
            stopping = self._stop.is_set()
            self._wake.clear()
            with self._lock:
                pending, self._pending = self._pending, set()
            try:
                for petition_id in pending:
                    self._send(f"{self._me} {petition_id}")
            except (redis.RedisError, psycopg.Error, OSError) as error:
                log.warning("bus_unreachable", error=type(error).__name__)
            if stopping:
                return
            self._stop.wait(GROUPING)

    def _send(self, message: str) -> None:
        if self._redis is not None:
            self._redis.publish(CHANNEL, message)
            return
        try:
            if self._notifier is None or self._notifier.closed:
                self._notifier = self._connect()
            self._notifier.execute("SELECT pg_notify(%s, %s)", (CHANNEL, message))
        except psycopg.Error:
            if self._notifier is not None:
                self._notifier.close()
            self._notifier = None
            raise

    def _connect(self) -> psycopg.Connection:
        return psycopg.connect(**self._server, autocommit=True)

    def _listen(self) -> None:
        while not self._stop.is_set():
            try:
                self._listen_redis() if self._redis is not None else self._listen_postgres()
            except (redis.RedisError, psycopg.Error, OSError) as error:
                if not self._stop.wait(1):
                    log.warning("bus_lost", error=type(error).__name__)

    def _listen_redis(self) -> None:
        assert self._redis is not None
        with self._redis.pubsub(ignore_subscribe_messages=True) as pubsub:  # type: ignore[no-untyped-call]
            pubsub.subscribe(CHANNEL)
            while not self._stop.is_set():
                message = pubsub.get_message(timeout=1)
                if message is not None:
                    self._hear(message["data"].decode())

    def _listen_postgres(self) -> None:
        with self._connect() as connection:
            connection.execute(f"LISTEN {CHANNEL}")
            while not self._stop.is_set():
                for note in connection.notifies(timeout=1):
                    self._hear(note.payload)

    def _hear(self, message: str) -> None:
        """What this process said itself, it has told its subscribers already."""
        sender, _, petition_id = message.partition(" ")
        if sender != self._me and petition_id.isdecimal():
            self._tell(int(petition_id))
