"""Whether this process still does its work: the event loop turns, a thread is to be had, what is
signed gets written. A database that is away is another matter: starting again would not bring it back.
"""

import asyncio
import os
import sys
import threading
import traceback
from contextlib import suppress
from time import monotonic
from typing import Any

import structlog
from anyio import to_thread
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import State

from app import clock
from app.db import Database
from app.errors import Busy
from app.mail import queries as mail_queries
from app.migrations import pending_migrations

# A probe waits no longer, in seconds: those who ask wait three.
PATIENCE = 2.0
# One group of signatures is written in a few milliseconds.
GROUP_SECONDS = 20.0
# Looked at every so many seconds; after so many times in vain it is written down, then given up.
EVERY = 5.0
WRITE_DOWN, GIVE_UP = 3, 12
log = structlog.get_logger("health")


async def stuck(state: State) -> str:
    """Which part does not move: ``threads``, ``writer``, or "" when all is well."""
    try:
        async with asyncio.timeout(2 * PATIENCE):
            writer_moves = await run_in_threadpool(_writer_moves, state.database)
    except TimeoutError:
        return "threads"
    late = max(state.sign_intake.writing_for, state.confirm_intake.writing_for) > GROUP_SECONDS
    return "" if writer_moves and not late else "writer"


async def not_ready(state: State) -> str:
    """Why nobody should be sent here now: ``database``, ``migrations``, or "" when all is well."""
    with suppress(Exception):  # whatever is wrong, the answer is "not ready"
        async with asyncio.timeout(PATIENCE):
            missing = await to_thread.run_sync(pending_migrations, state.database, abandon_on_cancel=True)
            return "migrations" if missing else ""
    return "database"


async def mail_delayed(state: State) -> str:
    """Since when our server takes no mail, and its last words; "" when it does. Nobody is sent elsewhere for that."""

    def read() -> str:
        with state.database.read() as session:
            route = mail_queries.no_way_out(session, clock.now())
            return f"none leaves since {route.since:%Y-%m-%dT%H:%M:%SZ}: {route.words}" if route else ""

    with suppress(Exception):
        async with asyncio.timeout(PATIENCE):
            return await to_thread.run_sync(read, abandon_on_cancel=True)
    return ""


def _writer_moves(database: Database) -> bool:
    if not database.is_sqlite:
        return True
    try:
        with database.turn.taken(PATIENCE):
            return True
    except Busy:
        return False


class Watchdog:
    """Looks at the process from a thread of its own, which needs nothing of the others.

    It writes every stack to the log, once each time that something gets stuck. When the event loop
    or the threads stay stuck for a minute the process ends, so that whatever started it starts it
    again: what was answered is committed, the rest was not answered.
    """

    def __init__(self, state: State) -> None:
        self._state = state
        self._ended = threading.Event()
        self._times = 0

    def start(self) -> None:
        self._loop = asyncio.get_running_loop()
        threading.Thread(target=self._run, name="watchdog", daemon=True).start()

    def stop(self) -> None:
        self._ended.set()

    def _run(self) -> None:
        while not self._ended.wait(EVERY):
            self.look()

    def look(self) -> str:
        """What is stuck now, after having done what is to be done about it."""
        part = self._ask()
        self._times = self._times + 1 if part else 0
        if self._times == WRITE_DOWN:
            log.error("stuck", part=part, seconds=round(WRITE_DOWN * EVERY), stacks=stacks())
        if self._times >= GIVE_UP and part != "writer":
            log.error("ended", part=part, why="stuck for good; to be started again")
            os._exit(70)
        return part

    def _ask(self) -> str:
        """The event loop is asked first: it must be there to say how the rest is."""
        began = monotonic()
        asked = asyncio.run_coroutine_threadsafe(stuck(self._state), self._loop)
        try:
            return asked.result(3 * PATIENCE)
        except TimeoutError:
            asked.cancel()
            return "event loop"
        except Exception as error:  # the process is ending
            log.warning("not_asked", error=type(error).__name__, seconds=round(monotonic() - began, 1))
            return ""


def stacks() -> str:
    """Where each thread stands: files, lines and functions, no values."""
    names = {thread.ident: thread.name for thread in threading.enumerate()}
    frames: dict[int, Any] = sys._current_frames()
    return "\n".join(
        f"--- {names.get(ident, ident)}\n{''.join(traceback.format_stack(frame))}" for ident, frame in frames.items()
    )
