"""Before a route does anything: its body is read, its limits are applied, and it has a place.

Only then may it take a session: a client that sends half a form, or a hundred at once, makes
nobody wait but itself. One dependency in front of every router (``main.py``).
"""

from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AsyncExitStack
from typing import Any, TypeVar

from fastapi import HTTPException, Request
from starlette.requests import ClientDisconnect
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from app.lanes import Lane, lanes_of
from app.web import ratelimit, uploads

Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])


def in_lane(name: str) -> Callable[[Endpoint], Endpoint]:
    """Decorate a route that must not hold up the others of its method: it has a lane of its own."""

    def mark(endpoint: Endpoint) -> Endpoint:
        endpoint.lane = name  # type: ignore[attr-defined]
        return endpoint

    return mark


async def admitted(request: Request) -> AsyncIterator[None]:
    """Raises HTTPException 400, 408, 413 and 415, RateLimitExceeded, Busy."""
    acting = request.method not in {"GET", "HEAD", "OPTIONS"}
    endpoint, lanes, client = request.scope["endpoint"], lanes_of(request), ratelimit.client_key(request)
    async with AsyncExitStack() as held:
        try:
            if acting and uploads.comes_with_file(request):
                # Megabytes: nobody sends them for nothing, and no more at once than the disk holds.
                await ratelimit.check(request)
                await held.enter_async_context(lanes.receiving.place(client))
                await held.enter_async_context(uploads.received(request))
            elif acting:
                await request.body()  # kept by the request: the form reads it again
                await ratelimit.check(request)
        except ClientDisconnect:
            raise HTTPException(400, "Cet envoi s’est arrêté en chemin.") from None
        lane: Lane = getattr(lanes, getattr(endpoint, "lane", "acting" if acting else "rendering"))
        await held.enter_async_context(lane.place(client))
        yield


class InLane(StreamingResponse):
    """An answer that is made while it is sent, in a lane of its own, whose place is waited for before its first byte.

    The place of its route is given back by then. Raises Busy.
    """

    def __init__(self, request: Request, name: str, pieces: Iterable[bytes], **more: Any) -> None:
        super().__init__(pieces, **more)
        self._place = getattr(lanes_of(request), name).place(ratelimit.client_key(request))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with self._place:
            await super().__call__(scope, receive, send)
