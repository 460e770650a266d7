"""Before a route does anything: its body is read, its limits are applied, and it has a place.

Only then may it take a session: a client that sends half a form, or a hundred at once, makes
nobody wait but itself. One dependency in front of every router (``main.py``).
"""

from collections.abc import AsyncIterator, Callable
from typing import Any, TypeVar

from fastapi import HTTPException, Request
from starlette.requests import ClientDisconnect

from app.lanes import Lane, lanes_of
from app.web import ratelimit

Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])


def in_lane(name: str) -> Callable[[Endpoint], Endpoint]:
    """Decorate a route that must not hold up the others of its method: it has a lane of its own."""

    def mark(endpoint: Endpoint) -> Endpoint:
        endpoint.lane = name  # type: ignore[attr-defined]
        return endpoint

    return mark


async def admitted(request: Request) -> AsyncIterator[None]:
    """Raises HTTPException 400, 408 and 413, RateLimitExceeded, Busy."""
    acting = request.method not in {"GET", "HEAD", "OPTIONS"}
    if acting:
        try:
            await request.body()  # kept by the request: the form reads it again
        except ClientDisconnect:
            raise HTTPException(400, "Cet envoi s’est arrêté en chemin.") from None
        await ratelimit.check(request)
    name = getattr(request.scope["endpoint"], "lane", "acting" if acting else "rendering")
    lane: Lane = getattr(lanes_of(request), name)
    async with lane.place(ratelimit.client_key(request)):
        yield
