"""The addresses that a crowd asks at once, found before FastAPI: its routing would cost as much
as what it leads to. Everything that protects the others stands in front of these too.
"""

import re
from collections.abc import Awaitable, Callable, Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

Endpoint = Callable[[Request], Awaitable[Response]]


class Door:
    """*method* on *path*, with ``{name}`` for one part of it, is answered by *endpoint*."""

    def __init__(self, path: str, endpoint: Endpoint, method: str = "POST") -> None:
        self.path = path
        self.method = method
        self.endpoint = endpoint
        self.pattern = re.compile(re.sub(r"{(\w+)}", r"(?P<\1>[^/]+)", path))


class Crowd:
    def __init__(self, app: ASGIApp, doors: Sequence[Door]) -> None:
        self.app = app
        self.doors = doors

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            for door in self.doors:
                if scope["method"] == door.method and (found := door.pattern.fullmatch(scope["path"])):
                    # The log and the metrics name it as they name FastAPI's routes.
                    scope["route"], scope["path_params"] = door, found.groupdict()
                    await (await _answer(door, Request(scope, receive)))(scope, receive, send)
                    return
        await self.app(scope, receive, send)


async def _answer(door: Door, request: Request) -> Response:
    """The endpoint's answer, or that of the application's handler of what it raised."""
    try:
        return await door.endpoint(request)
    except Exception as error:
        for kind in type(error).__mro__:
            if kind is Exception:
                break  # nobody's: the last resort answers and writes it down
            if handler := request.app.exception_handlers.get(kind):
                answer: Response = await handler(request, error)
                return answer
        raise
