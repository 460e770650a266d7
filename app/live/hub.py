"""The hub: one task a process reads what changed and writes the same bytes to every viewer.

A viewer gets the present count at once, then ``count`` and ``signature`` events. A slow viewer is
dropped (its browser comes back by itself); a comment line every fifteen seconds keeps proxies from
cutting the line. The pages work without it. A viewer is one open connection and next to nothing
else, no task and no layer of ours: ten thousand are expected.
"""

import asyncio
import json
import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from time import monotonic
from typing import Any, TypeVar

import structlog
from starlette.concurrency import run_in_threadpool
from starlette.types import Send

from app import clock
from app.db import Database
from app.lanes import Lane
from app.petitions import keys as petition_keys
from app.petitions import queries as petition_queries
from app.signatures import queries as signature_queries
from app.signatures.public import Line, line

# Between two messages to the same viewers: a rush writes to each a few times a second.
GROUPING = 0.25
# Also looked at without a message, so that a lost one costs this much.
LOOK_AGAIN = 1.0
HEARTBEAT = 15.0
NEWEST = 10
# Written to as many viewers before others have their turn.
AT_ONCE = 500
log = structlog.get_logger("live")
Found = TypeVar("Found")


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
    """One open connection, that is written to and never waited for."""

    __slots__ = ("closed", "send", "task")

    def __init__(self, send: Send) -> None:
        self.send = send
        self.task = asyncio.current_task()
        self.closed = False

    def write(self, data: bytes, *, more: bool = True) -> None:
        """A server sends at once, unless this viewer has not read what came before: it is dropped then."""
        if self.closed:
            return
        sending: Any = self.send({"type": "http.response.body", "body": data, "more_body": more})
        try:
            sending.send(None)
        except StopIteration:
            self.closed = not more
        except OSError:
            self.closed = True  # gone without a word: the server says so to its task
        else:
            sending.close()
            self.closed = True
            if self.task is not None:
                self.task.cancel()


class Hub:
    """Channels by petition. ``start`` and ``stop`` in the event loop; ``notify`` from any thread."""

    def __init__(self, database: Database, lane: Lane) -> None:
        self.database = database
        self.lane = lane
        self.channels: dict[int, Channel] = {}
        self._changed: set[int] = set()
        self._wake = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._releasing = False
        self._known: dict[str, tuple[float, asyncio.Future[tuple[int, int] | None]]] = {}

    async def find(self, slug: str) -> tuple[int, int] | None:
        """Id and goal of a public petition: looked up once a second, however many come at once."""
        known = self._known.get(slug)
        if known is None or monotonic() - known[0] >= 1:
            if len(self._known) > 1000:
                self._known.clear()
            reading = asyncio.ensure_future(self._in_lane(_find, self.database, slug))
            known = self._known[slug] = (monotonic(), reading)
        return await asyncio.shield(known[1])

    async def _in_lane(self, read: Callable[..., Found], *about: Any) -> Found:
        async with self.lane.place():
            return await run_in_threadpool(read, *about)

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
                viewer.write(b"", more=False)

    def notify(self, petition_id: int) -> None:
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._mark, petition_id)

    def _mark(self, petition_id: int) -> None:
        if petition_id in self.channels:
            self._changed.add(petition_id)
            self._wake.set()

    async def _run(self) -> None:
        told = looked = 0.0
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), LOOK_AGAIN)
                await asyncio.sleep(told + GROUPING - monotonic())
            self._wake.clear()
            told = monotonic()
            if told - looked >= LOOK_AGAIN:  # nobody may have told us, however much is told of others
                self._changed.update(self.channels)
                looked = told
            due, self._changed = self._changed & set(self.channels), set()
            for petition_id in due:
                await self._refresh(self.channels[petition_id])

    async def _heartbeat(self) -> None:
        while True:
            await asyncio.sleep(HEARTBEAT)
            for channel in list(self.channels.values()):
                await self._tell(channel, b": ...\n\n")

    async def _tell(self, channel: Channel, data: bytes) -> None:
        for n, viewer in enumerate(list(channel.viewers), 1):
            viewer.write(data)
            if n % AT_ONCE == 0:
                await asyncio.sleep(0)

    async def _refresh(self, channel: Channel) -> None:
        try:
            new = await self._in_lane(self._read, channel)
        except Exception as error:  # the database may be away: the viewers keep what they have
            log.warning("live_unreadable", error=type(error).__name__)
            return
        old, channel.snapshot = channel.snapshot, new
        if old is None:
            return
        fresh = b"".join(data for at, _, data in reversed(new.lines) if old.latest is None or at > old.latest)
        data = (_count_event(new) if new.count != old.count else b"") + fresh
        if data:
            await self._tell(channel, data)

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

    async def open(self, petition_id: int, goal: int, send: Send) -> tuple[Channel, Viewer]:
        """A new viewer, already told the present count."""
        channel = self.channels.setdefault(petition_id, Channel(petition_id, goal))
        viewer = Viewer(send)
        channel.viewers.add(viewer)
        if channel.snapshot is None:
            await self._refresh(channel)
        # Browsers that all lost the same server come back spread over a few seconds.
        data = b"retry: %d\n\n" % random.randint(2000, 6000)  # noqa: S311
        if channel.snapshot is not None:
            data += _count_event(channel.snapshot)
        viewer.write(data, more=not self._releasing)
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


def _find(database: Database, slug: str) -> tuple[int, int] | None:
    with database.read() as session:
        petition = petition_queries.public_by_slug(session, slug)
        return None if petition is None or petition.purged_at else (petition.id, petition.goal)
