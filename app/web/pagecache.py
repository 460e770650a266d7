"""The page cache: what everybody sees alike is rendered once a second at most.

Pure ASGI, in front of everything, FastAPI's own middleware included. A page is kept when its route
says so (``rendering.public``); it is fingerprinted once per rendering, packed once for each coding
that browsers ask for, dropped as soon as what it shows changes, and never shown when it is a second
old. HEAD is answered here as GET without its body. What a page does not read makes no other page of
it: cookies, and the parameters of a query that its route does not know, are looked past.
"""

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from time import monotonic
from urllib.parse import parse_qsl, urlencode

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.web.encodings import PLAIN, chosen, is_text, matches, packed

# Older than FRESH: shown once more while one request renders the next; older than STALE: not.
FRESH = 0.5
STALE = 1.0
ENTRIES = 2000
# Bytes of all entries together.
ROOM = 64 * 1024 * 1024
# A shorter text only grows.
WORTH_PACKING = 256
# Set by a route on a response that is the same for everybody; value: the petition's id, or 0.
MARK = b"x-signons-shared"
# Beside it: which parameters of the query the page depends on, separated by commas.
READS = b"x-signons-reads"
# Addresses of pages that are known to be shared, with what they read.
KNOWN = 20_000
# A proxy or a CDN keeps a page for a second too. A browser asks each time, as who has just signed comes back at once.
CACHING = b"public, max-age=0, s-maxage=1, stale-while-revalidate=5"
SHOWN = {"GET", "HEAD"}
Headers = list[tuple[bytes, bytes]]


@dataclass
class Entry:
    """One rendering, ready to be sent. ``generation``: of what it shows, when rendering began."""

    petition_id: int
    generation: int
    made: float
    headers: Headers
    body: bytes
    etag: bytes
    # Whether packing makes it smaller: a PNG or a PDF stays as it is.
    text: bool
    refreshing: bool = False
    # What is sent, by its coding.
    ready: dict[str, tuple[Headers, bytes]] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """At most: packed in every way, a text takes less than once more its own room."""
        return len(self.body) * (1 + self.text)

    def sent(self, coding: str) -> tuple[Headers, bytes]:
        coding = coding if self.text else PLAIN
        if (ready := self.ready.get(coding)) is None:
            body = self.body if coding == PLAIN else packed(coding, self.body)
            said = [] if coding == PLAIN else [(b"content-encoding", coding.encode())]
            ready = self.ready[coding] = ([*self.headers, *said, (b"content-length", b"%d" % len(body))], body)
        return ready


class PageCache:
    """*viewed* is told of every page shown: it counts views."""

    def __init__(self, app: ASGIApp, viewed: Callable[[int, Scope], None]) -> None:
        self.app = app
        self.viewed = viewed
        self.entries: OrderedDict[str, Entry] = OrderedDict()
        self.generations: dict[int, int] = {}
        self._reads: dict[str, frozenset[str]] = {}
        self._room = ROOM
        self._rendering: dict[str, asyncio.Future[Entry | None]] = {}
        self._background: set[asyncio.Task[Entry | None]] = set()

    def forget(self, petition_id: int) -> None:
        """What shows this petition is rendered again; may be called from any thread."""
        for shown in (petition_id, 0):  # 0: pages that show several petitions
            self.generations[shown] = self.generations.get(shown, 0) + 1

    async def drain(self) -> None:
        """Wait for what is being rendered in the background."""
        await asyncio.gather(*self._background, return_exceptions=True)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] not in SHOWN:
            await self.app(scope, receive, send)
            return
        head = scope["method"] == "HEAD"
        scope.setdefault("state", {})["head"] = head
        if head:  # GET without its body; on a copy, because the server looks at its own
            scope, send = {**scope, "method": "GET"}, _without_body(send)
        key = self._key(scope)
        entry = self._usable(key)
        if entry is None:
            entry = await self._render_once(key, scope, receive, send)
            if entry is None:
                return
        elif monotonic() - entry.made > FRESH and not entry.refreshing:
            entry.refreshing = True
            task = asyncio.create_task(self._render(key, scope, _no_body, _nowhere))
            self._background.add(task)
            task.add_done_callback(self._background.discard)
        self.viewed(entry.petition_id, scope)
        await _answer(entry, dict(scope["headers"]), send)

    def _key(self, scope: Scope) -> str:
        """The path, and of the query what this page is known to read; all of it as long as that is unknown."""
        path: str = scope["path"]
        if not scope["query_string"]:
            return path
        reads = self._reads.get(path)
        if reads is None:
            return f"{path}?{scope['query_string'].decode('latin-1')}"
        if not reads:
            return path
        pairs = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        read = sorted({name: value for name, value in pairs if name in reads}.items())  # of two, the last one
        return f"{path}?{urlencode(read)}" if read else path

    def _usable(self, key: str) -> Entry | None:
        entry = self.entries.get(key)
        if (
            entry is None
            or monotonic() - entry.made >= STALE
            or entry.generation != self.generations.get(entry.petition_id, 0)
        ):
            return None
        return entry

    async def _render_once(self, key: str, scope: Scope, receive: Receive, send: Send) -> Entry | None:
        """The first renders, those behind find it done. As soon as the answer turns out not to be shared
        (a live feed, a page of one person), they go on their own: these never wait for each other."""
        while (rendering := self._rendering.get(key)) is not None:
            entry = await asyncio.shield(rendering)
            if entry is None:
                return await self._render(key, scope, receive, send)
            if self._usable(key) is not None:  # else it changed meanwhile
                return entry
        self._rendering[key] = rendering = asyncio.get_running_loop().create_future()

        async def tell(message: Message) -> None:
            if message["type"] == "http.response.start" and not rendering.done():
                rendering.set_result(None)
            await send(message)

        try:
            entry = await self._render(key, scope, receive, tell)
            if not rendering.done():
                rendering.set_result(entry)
        finally:
            if not rendering.done():
                rendering.set_result(None)
            self._rendering.pop(key, None)
        return entry

    async def _render(self, key: str, scope: Scope, receive: Receive, send: Send) -> Entry | None:
        """Ask the application; None when its answer was not to be shared, and has been sent."""
        made, before = monotonic(), dict(self.generations)
        head: Message | None = None
        body = bytearray()

        async def collect(message: Message) -> None:
            nonlocal head
            if message["type"] == "http.response.start" and _shared(message) is not None:
                head = message
            elif head is None:
                await send(message)
            else:
                body.extend(message.get("body", b""))

        await self.app(dict(scope), receive, collect)  # a copy: those inside cut the path
        if head is None:
            return None
        petition_id = _shared(head) or 0
        entry = _entry(petition_id, before.get(petition_id, 0), made, head["headers"], bytes(body))
        if len(self._reads) >= KNOWN:
            self._reads.clear()
        self._reads[scope["path"]] = _read_by(head)
        self._keep(self._key(scope), entry)
        return entry

    def _keep(self, key: str, entry: Entry) -> None:
        self._drop(key)
        self.entries[key] = entry
        self._room -= entry.size
        while len(self.entries) > ENTRIES or self._room < 0:
            self._drop(next(iter(self.entries)))

    def _drop(self, key: str) -> None:
        if (entry := self.entries.pop(key, None)) is not None:
            self._room += entry.size


async def _no_body() -> Message:
    return {"type": "http.request", "body": b"", "more_body": False}


async def _nowhere(_message: Message) -> None:
    """A rendering in the background is kept, not sent."""


def _without_body(send: Send) -> Send:
    async def send_head(message: Message) -> None:
        await send({**message, "body": b""} if message["type"] == "http.response.body" else message)

    return send_head


def _shared(start: Message) -> int | None:
    if start["status"] != 200:
        return None
    return next((int(value) for name, value in start["headers"] if name == MARK), None)


def _read_by(start: Message) -> frozenset[str]:
    named = next((value for name, value in start["headers"] if name == READS), b"")
    return frozenset(named.decode().split(",")) - {""}


async def _answer(entry: Entry, headers: dict[bytes, bytes], send: Send) -> None:
    if matches(headers.get(b"if-none-match", b""), entry.etag):
        kept = [(k, v) for k, v in entry.headers if k != b"content-type"]
        await send({"type": "http.response.start", "status": 304, "headers": kept})
        await send({"type": "http.response.body", "body": b""})
        return
    start, body = entry.sent(chosen(headers.get(b"accept-encoding", b"")))
    await send({"type": "http.response.start", "status": 200, "headers": start})
    await send({"type": "http.response.body", "body": body})


def _entry(petition_id: int, generation: int, made: float, sent: Headers, body: bytes) -> Entry:
    etag = b'"' + hashlib.sha256(body).hexdigest()[:24].encode() + b'"'
    kind = next((value for name, value in sent if name == b"content-type"), b"").decode("latin-1")
    text = is_text(kind) and len(body) >= WORTH_PACKING
    # Weak: the packed bytes and the plain ones are the same page.
    headers = [*_kept(sent), (b"etag", b"W/" + etag), *([(b"vary", b"accept-encoding")] if text else [])]
    return Entry(petition_id, generation, made, headers, body, etag, text)


def _kept(headers: Headers) -> Iterator[tuple[bytes, bytes]]:
    names = {name for name, _ in headers}
    for name, value in headers:
        if name not in {MARK, READS, b"content-length", b"etag", b"vary"}:
            yield name, value
    if b"cache-control" not in names:
        yield b"cache-control", CACHING
