"""The intake: people who sign at the same moment are written together.

One thread takes what is queued, 64 at most and without waiting for more, and writes it in one
transaction; each request is answered after its commit, with its own outcome. One bad row does not
fail its neighbours: the group is then written one by one. Beyond the bound, or while the database
is away or its disk full, an honest 503: what was not answered may be sent again without harm.
"""

import asyncio
import queue
import sys
import threading
from collections.abc import Callable, Sequence
from time import monotonic
from typing import Generic, TypeVar

import structlog
from sqlalchemy.orm import Session

from app.db import Database, away
from app.errors import Busy, Refused
from app.lanes import PATIENCE

In = TypeVar("In")
Out = TypeVar("Out")
GROUP = 64
WAITING = 4096
log = structlog.get_logger("intake")


class Intake(Generic[In, Out]):
    """``await submit(item)`` gives the item's own outcome, or raises what its writing raised.

    *handle* takes a session and a list and returns as many outcomes: a value, or a Refused.
    """

    def __init__(
        self, name: str, database: Database, handle: Callable[[Session, Sequence[In]], Sequence[Out | Refused]]
    ) -> None:
        self.name = name
        self.database = database
        self.handle = handle
        self._queue: queue.SimpleQueue[tuple[In, asyncio.Future[Out]] | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._since: float | None = None

    def start(self) -> None:
        self._loop = asyncio.get_running_loop()
        # After each call to the database the thread waits for the interpreter, which the event loop
        # would keep for 5 ms: five calls a group. Measured: a tenth more signatures.
        sys.setswitchinterval(0.001)
        self._thread = threading.Thread(target=self._run, name=f"intake-{self.name}", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Write what is still queued, then end."""
        if self._thread is not None:
            self._queue.put(None)
            self._thread.join()
            self._thread = None

    async def submit(self, item: In) -> Out:
        if self._thread is None or self._queue.qsize() >= WAITING:
            raise Busy("Beaucoup de monde signe en ce moment. Réessayez dans quelques secondes.")
        future: asyncio.Future[Out] = self._loop.create_future()
        self._queue.put((item, future))
        return await future

    async def submit_late(self, item: In) -> None:
        """For what was answered already: nobody is told what goes wrong, it is written down."""
        try:
            await self.submit(item)
        except Exception as error:
            log.warning("intake_late", intake=self.name, error=type(error).__name__)

    @property
    def writing_for(self) -> float:
        """Seconds since the present group was taken; for ever when the thread is gone."""
        if self._thread is not None and not self._thread.is_alive():
            return float("inf")
        since = self._since
        return 0.0 if since is None else monotonic() - since

    def _run(self) -> None:
        ending = False
        while not ending:
            group, ending = self._queued(GROUP, wait=True)
            if not group:
                continue
            self._since = monotonic()
            outcomes: Sequence[Out | Exception] = self._write([item for item, _ in group])
            self._since = None
            if isinstance(outcomes[0], Busy):  # those behind have waited as long, and would again
                late, stopped = self._queued(WAITING)
                group, outcomes, ending = [*group, *late], [*outcomes, *[outcomes[0]] * len(late)], ending or stopped
            self._loop.call_soon_threadsafe(_answer, [future for _, future in group], outcomes)

    def _queued(self, most: int, *, wait: bool = False) -> tuple[list[tuple[In, "asyncio.Future[Out]"]], bool]:
        """What is queued, and whether it was said to end; *wait* for the first one."""
        group: list[tuple[In, asyncio.Future[Out]]] = []
        while len(group) < most:
            try:
                queued = self._queue.get(block=wait and not group)
            except queue.Empty:
                break
            if queued is None:
                return group, True
            group.append(queued)
        return group, False

    def _write(self, items: list[In]) -> Sequence[Out | Exception]:
        try:
            with self.database.write(PATIENCE) as session:
                return self.handle(session, items)
        except Busy as busy:
            return [busy] * len(items)
        except Exception as error:
            if away(error):
                log.error("intake_away", intake=self.name, size=len(items), error=type(error).__name__)
                return [Busy("La base de données ne répond pas. Réessayez dans quelques secondes.")] * len(items)
            if len(items) > 1:
                log.warning("intake_split", intake=self.name, size=len(items), error=type(error).__name__)
                return [outcome for item in items for outcome in self._write([item])]
            log.error("intake_failed", intake=self.name, error=type(error).__name__)
            return [error]


def _answer(futures: Sequence["asyncio.Future[Out]"], outcomes: Sequence[Out | Exception]) -> None:
    for future, outcome in zip(futures, outcomes, strict=True):
        if future.done():
            continue  # the browser went away; its signature is written all the same
        if isinstance(outcome, Exception):
            future.set_exception(outcome)
        else:
            future.set_result(outcome)
