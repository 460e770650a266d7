"""``GET /petitions/{slug}/direct``, in front of everything: each layer would be there once a viewer."""

import asyncio
import re
from collections import Counter
from collections.abc import Callable, Sequence

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from app.errors import Busy
from app.live.hub import Hub
from app.web.errors import refuse
from app.web.headers import SecurityHeaders, security_headers
from app.web.ratelimit import client_key

MAX_VIEWERS = 20_000
HEADERS = (
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store, no-transform"),
    (b"x-accel-buffering", b"no"),
)


class LiveFeed:
    """At most *each* at once of one address, which *trusted* proxies say."""

    def __init__(
        self, app: ASGIApp, hub: Callable[[], Hub], hsts: str, *, each: int, trusted: Sequence[str] = ()
    ) -> None:
        self.app = app
        self.hub = hub
        self.each = each
        self.watching: Counter[str] = Counter()
        # Writes the client's address into the scope and ends there: as a layer it would stay, once a viewer.
        self.believe = ProxyHeadersMiddleware(_nothing, list(trusted)) if trusted else None  # type: ignore[arg-type]
        self.headers = [*HEADERS, *security_headers(hsts)]
        self.full = SecurityHeaders(_too_many, hsts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        slug = _slug(scope)
        if slug is None:
            await self.app(scope, receive, send)
            return
        hub = self.hub()
        if self.believe is not None:
            await self.believe(scope, receive, send)  # type: ignore[arg-type]
        who = client_key(Request(scope))
        if hub.viewers >= MAX_VIEWERS or self.watching[who] >= self.each:
            await self.full(scope, receive, send)
            return
        try:
            found = await hub.find(slug)
        except Busy:
            await self.full(scope, receive, send)
            return
        if found is None:
            await self.app(scope, receive, send)  # which has no such page either
            return
        scope["headers"].clear()  # what a browser asked with would be kept for as long as it looks
        await send({"type": "http.response.start", "status": 200, "headers": self.headers})
        if scope["method"] == "HEAD":  # asked for the headers only: there is nothing to wait for
            await send({"type": "http.response.body", "body": b""})
            return
        self.watching[who] += 1
        try:
            await _stream(hub, *found, receive, send)
        finally:
            self.watching[who] -= 1
            if not self.watching[who]:
                del self.watching[who]


async def _nothing(_scope: Scope, _receive: Receive, _send: Send) -> None:
    """Behind it there is nothing to ask."""


async def _stream(hub: Hub, petition_id: int, goal: int, receive: Receive, send: Send) -> None:
    channel, viewer = await hub.open(petition_id, goal, send)
    try:
        while (await receive())["type"] != "http.disconnect":
            pass
    except asyncio.CancelledError:
        if not viewer.closed:
            raise
    finally:
        viewer.closed = True
        hub.leave(channel, viewer)


async def _too_many(scope: Scope, receive: Receive, send: Send) -> None:
    await refuse(scope, receive, send, 503, "Trop de spectateurs : la page reste à jour au chargement.")


def _slug(scope: Scope) -> str | None:
    if scope["type"] != "http" or not scope["path"].endswith("/direct") or scope["method"] not in {"GET", "HEAD"}:
        return None
    found = _PATH.fullmatch(scope["path"])
    return found[1] if found else None


_PATH = re.compile(r"(?:/en)?/petitions/([a-z0-9-]+)/direct")
