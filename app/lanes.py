"""Lanes: how many requests of one kind run at once, and how long the others wait for a place.

Whoever waits does so in the event loop and holds nothing: no thread, no connection, no writer's
turn. A place is what allows to take these, all lanes together have fewer places than there are
threads (``THREADS``) and connections, hence whoever has a place never waits for somebody without.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.requests import Request

from app.errors import Busy

# Nobody waits longer, in seconds, but for a picture: then a sentence, not silence.
PATIENCE = 2.0
THREADS = 80
# Of one client in one lane, those who wait included; and of everybody.
EACH = 32
WAITING = 400
FULL = "Trop de demandes arrivent en même temps. Rien n’a été enregistré ; réessayez dans quelques secondes."


class Lane:
    """*places* at once; first come, first served; nobody waits longer than *patience*, in seconds."""

    def __init__(self, places: int, patience: float = PATIENCE) -> None:
        self.places = places
        self.patience = patience
        self._free = asyncio.Semaphore(places)
        self._asking: Counter[str] = Counter()

    @asynccontextmanager
    async def place(self, client: str = "") -> AsyncIterator[None]:
        """Raises Busy: at once when too many wait, or too many of this *client*; after its patience otherwise."""
        if self._asking[client] >= (EACH if client else WAITING) or self._asking.total() >= WAITING:
            raise Busy(FULL)
        self._asking[client] += 1
        try:
            try:
                async with asyncio.timeout(self.patience):
                    await self._free.acquire()
            except TimeoutError:
                raise Busy(FULL) from None
            try:
                yield
            finally:
                self._free.release()
        finally:
            self._asking[client] -= 1
            if not self._asking[client]:
                del self._asking[client]


class Lanes:
    """Of one web process.

    *rendering*: pages that are made for somebody. Few, because Python runs one of them at a time:
    more would only take turns away from those who sign. *acting*: forms. *writing*: the writer's
    turn (SQLite) or a connection. *hashing*: passwords, 64 MB and a core each. *setting*: PDFs.
    *signing*: what the sign form reads of its petition. *watching*: the live feed's reading.
    *receiving*: files that people send, 10 MB each on the disk, from their first byte to the answer; no thread.
    *picturing*: their pictures, a core for a second each; people who chose a photograph wait for it.
    *packing*: packs for recipients, a core and half a gigabyte for seconds, their names in memory meanwhile.
    """

    def __init__(self, *, one_writer: bool) -> None:
        self.rendering = Lane(4)
        self.acting = Lane(10)
        self.writing = Lane(1 if one_writer else 10)
        self.hashing = Lane(1)
        self.setting = Lane(1)
        self.signing = Lane(2)
        self.watching = Lane(4)
        self.receiving = Lane(64)
        self.picturing = Lane(1, patience=20.0)
        self.packing = Lane(1, patience=30.0)


def lanes_of(request: Request) -> Lanes:
    lanes: Lanes = request.app.state.lanes
    return lanes
