"""The hub: one task a process reads what changed and writes the same bytes to every viewer.

A viewer gets the present count at once, then ``count`` and ``signature`` events. A slow viewer is
dropped (its browser comes back by itself); a comment line every fifteen seconds keeps proxies from
cutting the line. The pages work without it.
"""

import asyncio
import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app import clock
from app.db import Database
from app.petitions import keys as petition_keys
from app.petitions import queries as petition_queries
from app.signatures import queries as signature_queries
from app.signatures.public import Line, line
from app.web.errors import refuse

# Changes are grouped this long, so that a rush writes to each viewer a few times a second.
GROUPING = 0.25
# Also looked at without a message, so that a lost one costs this much.
LOOK_AGAIN = 1.0
HEARTBEAT = 15.0
SEND_TIMEOUT = 10.0
NEWEST = 10
MAX_VIEWERS = 20_000
HEADERS = (
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store, no-transform"),
    (b"x-accel-buffering", b"no"),
)
log = structlog.get_logger("live")


@dataclass(frozen=True)
class Snapshot:
    """What the viewers of one petition have been told."""

    count: int
    goal: int
    latest: datetime | None
    lines: tuple[tuple[datetime, str, bytes], ...]


@dataclass
class Channel:
    """The viewers of one petition."""

    petition_id: int
    goal: int
    viewers: set["Viewer"] = field(default_factory=set)
    snapshot: Snapshot | None = None


class Viewer:
    """One open connection: the bytes it has not been sent yet."""

    def __init__(self) -> None:
        self.pending = bytearray()
        self.wake = asyncio.Event()
        self.closed = False

    def write(self, data: bytes) -> None:
        if len(self.pending) > 64 * 1024:
            self.closed = True  # too slow: its browser will reconnect and get the present number
        else:
            self.pending += data
        self.wake.set()


class Hub:
    """Channels by petition. ``start`` and ``stop`` in the event loop; ``notify`` from any thread."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.channels: dict[int, Channel] = {}
        self._changed: set[int] = set()
        self._wake = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._releasing = False

    @property
    def viewers(self) -> int:
        return sum(len(channel.viewers) for channel in self.channels.values())

    def start(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._tasks = [asyncio.create_task(self._run()), asyncio.create_task(self._heartbeat())]

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        self._release()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []

    def release(self) -> None:
        """Let the viewers go, their browsers come back elsewhere; from any thread or signal."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._release)

    def _release(self) -> None:
        self._releasing = True
        for channel in self.channels.values():
            for viewer in channel.viewers:
                viewer.closed = True
                viewer.wake.set()

    def notify(self, petition_id: int) -> None:
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._mark, petition_id)

    def _mark(self, petition_id: int) -> None:
        if petition_id in self.channels:
            self._changed.add(petition_id)
            self._wake.set()

    async def _run(self) -> None:
        while True:
            try:
                await asyncio.wait_for(self._wake.wait(), LOOK_AGAIN)
                await asyncio.sleep(GROUPING)
            except TimeoutError:
                self._changed.update(self.channels)
            self._wake.clear()
            due, self._changed = self._changed & set(self.channels), set()
            for petition_id in due:
                await self._refresh(self.channels[petition_id])

    async def _heartbeat(self) -> None:
        while True:
            await asyncio.sleep(HEARTBEAT)
            for channel in self.channels.values():
                for viewer in channel.viewers:
                    viewer.write(b": ...\n\n")

    async def _refresh(self, channel: Channel) -> None:
        try:
            new = await asyncio.to_thread(self._read, channel)
        except Exception as error:  # the database may be away: the viewers keep what they have
            log.warning("live_unreadable", error=type(error).__name__)
            return
        old, channel.snapshot = channel.snapshot, new
        if old is None:
            return
        fresh = b"".join(data for at, _, data in reversed(new.lines) if old.latest is None or at > old.latest)
        data = (_count_event(new) if new.count != old.count else b"") + fresh
        if data:
            for viewer in channel.viewers:
                viewer.write(data)

    def _read(self, channel: Channel) -> Snapshot:
        now = clock.now()
        with self.database.read() as session:
            count = petition_queries.count(session, channel.petition_id)
            if channel.snapshot is not None and channel.snapshot.count == count:
                return channel.snapshot
            keys = petition_keys.of(session, channel.petition_id)
            rows = signature_queries.newest(session, channel.petition_id, NEWEST)
            lines = [(row.confirmed_at, row.id.hex, _line_event(line(row, keys, now))) for row in rows]
        latest = lines[0][0] if lines else None
        return Snapshot(count, channel.goal, latest, tuple(lines))

    async def open(self, petition_id: int, goal: int) -> tuple[Channel, Viewer]:
        """A new viewer, already told the present count."""
        channel = self.channels.setdefault(petition_id, Channel(petition_id, goal))
        viewer = Viewer()
        viewer.closed = self._releasing
        channel.viewers.add(viewer)
        if channel.snapshot is None:
            await self._refresh(channel)
        # Browsers that all lost the same server come back spread over a few seconds.
        viewer.write(b"retry: %d\n\n" % random.randint(2000, 6000))  # noqa: S311
        if channel.snapshot is not None:
            viewer.write(_count_event(channel.snapshot))
        return channel, viewer

    def leave(self, channel: Channel, viewer: Viewer) -> None:
        channel.viewers.discard(viewer)
        if not channel.viewers:
            self.channels.pop(channel.petition_id, None)


def _count_event(snapshot: Snapshot) -> bytes:
    data = json.dumps({"count": snapshot.count, "goal": snapshot.goal})
    return f"event: count\ndata: {data}\n\n".encode()


def _line_event(shown: Line) -> bytes:
    data = json.dumps(
        {"elapsed": shown.elapsed, "postal_code": shown.place, "name": shown.name},
        ensure_ascii=False,
    )
    return f"event: signature\ndata: {data}\n\n".encode()


class LiveFeed:
    """``GET /petitions/{slug}/direct`` in pure ASGI: FastAPI would cost a generator a viewer."""

    def __init__(self, app: ASGIApp, hub: Callable[[], Hub]) -> None:
        self.app = app
        self.hub = hub

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        slug = _slug(scope)
        if slug is None:
            await self.app(scope, receive, send)
            return
        hub = self.hub()
        if hub.viewers >= MAX_VIEWERS:
            await refuse(scope, receive, send, 503, "Trop de spectateurs : la page reste à jour au chargement.")
            return
        found = await asyncio.to_thread(_find, hub.database, slug)
        if found is None:
            await refuse(scope, receive, send, 404, "Cette pétition n’existe pas.")
            return
        if scope["state"]["head"]:  # asked for the headers only: there is nothing to wait for
            await send({"type": "http.response.start", "status": 200, "headers": list(HEADERS)})
            await send({"type": "http.response.body", "body": b""})
            return
        await self._stream(hub, *found, receive, send)

    async def _stream(self, hub: Hub, petition_id: int, goal: int, receive: Receive, send: Send) -> None:
        channel, viewer = await hub.open(petition_id, goal)
        gone = asyncio.create_task(_until_gone(receive, viewer))
        try:
            await send({"type": "http.response.start", "status": 200, "headers": list(HEADERS)})
            while not viewer.closed:
                await viewer.wake.wait()
                viewer.wake.clear()
                if viewer.pending:
                    body, viewer.pending = bytes(viewer.pending), bytearray()
                    message: Message = {"type": "http.response.body", "body": body, "more_body": True}
                    await asyncio.wait_for(send(message), SEND_TIMEOUT)
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        except (TimeoutError, OSError):
            pass  # gone without a word, or too slow
        finally:
            gone.cancel()
            hub.leave(channel, viewer)


async def _until_gone(receive: Receive, viewer: Viewer) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    viewer.closed = True
    viewer.wake.set()


def _slug(scope: Scope) -> str | None:
    if scope["type"] != "http" or scope["method"] != "GET":
        return None
    parts = scope["path"].split("/")
    return parts[2] if len(parts) == 4 and parts[1] == "petitions" and parts[3] == "direct" else None


def _find(database: Database, slug: str) -> tuple[int, int] | None:
    with database.read() as session:
        petition = petition_queries.public_by_slug(session, slug)
        return None if petition is None or petition.purged_at else (petition.id, petition.goal)
