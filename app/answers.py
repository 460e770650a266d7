"""What went wrong, answered in the site's style, and what every request leaves in the log."""

import re
from collections.abc import Callable
from time import perf_counter
from typing import Any
from urllib.parse import quote

import structlog
from fastapi import FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from slowapi.errors import RateLimitExceeded
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.types import Message as Sent

from app.accounts.dependencies import SignInFirst
from app.db import away
from app.errors import Moved, Refused, TooMany
from app.locale import Message
from app.operations import metrics
from app.web.again import MARK
from app.web.crowd import Door
from app.web.errors import error_response, is_for_programs, refuse
from app.web.forms import ShowAgain
from app.web.ratelimit import SENTENCE
from app.web.rendering import locale_of, localised, see_other

log = structlog.get_logger("web")
AWAY = "La base de données ne répond pas. Rien n’a été enregistré ; réessayez dans quelques secondes."
BROKEN = "Quelque chose s’est mal passé chez nous ; rien de ce que vous avez envoyé n’a été gardé."


class LastResort:
    """Times every request, logs those that change something, answers 500 for what nobody caught.

    What a crowd posts is in the metrics, not in a line each. A log line has method, route pattern,
    status and time: no path, query, address or name.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began, status = perf_counter(), 0

        async def watch(message: Sent) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, watch)
        except Exception as error:
            log.error("broken", route=_route(scope), error=type(error).__name__, exc_info=error)
            if not status:
                await refuse(scope, receive, watch, 500, BROKEN)
        method, route, seconds = scope["method"], _route(scope), perf_counter() - began
        metrics.observe(method, route, status, seconds)
        ordinary = method in {"GET", "HEAD"} or isinstance(scope.get("route"), Door)
        if status >= 500 or not ordinary:
            log.info("request", method=method, route=route, status=status, ms=round(seconds * 1000, 1))


def _route(scope: Scope) -> str:
    return getattr(scope.get("route"), "path", "-")


def handle_errors(app: FastAPI) -> None:
    """A page for everything that may go wrong."""

    def answer(request: Request, status: int, message: str, headers: dict[str, str] | None = None) -> Response:
        return error_response(app.state.templates, status, message, locale_of(request), headers, request.url.path)

    def on(*errors: type[Exception]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """Handlers stay in the event loop: threads are for whoever has a place in a lane."""

        def register(handler: Callable[..., Any]) -> Callable[..., Any]:
            for error in errors:
                app.add_exception_handler(error, handler)
            return handler

        return register

    async def refused(request: Request, error: Refused) -> Response:
        retry = getattr(error, "retry_after", None)
        headers = {"retry-after": str(retry)} if retry else None
        return answer(request, error.status, error.message, headers)

    app.add_exception_handler(Refused, refused)  # type: ignore[arg-type]

    @on(Moved)
    async def moved(request: Request, error: Moved) -> Response:
        """The same page at the petition's present address, by the same method; kept for an hour: it may move again."""
        path = re.sub(rf"(?<=/)({re.escape(error.before)})(?=[/.]|$)", error.now, request.url.path, count=1)
        query = f"?{request.url.query}" if request.url.query else ""
        headers = {"cache-control": "public, max-age=3600", "access-control-allow-origin": "*"}
        return RedirectResponse(localised(request, path) + query, 308, headers=headers)

    @on(ShowAgain)
    async def form_refused(request: Request, refused: ShowAgain) -> Response:
        return refused.page

    @on(DBAPIError, PoolTimeout)
    async def database_away(request: Request, error: DBAPIError | PoolTimeout) -> Response:
        """Not there, restarting, handed over, disk full, a lock held too long: nothing was written, it will pass."""
        name = type(getattr(error, "orig", error)).__name__
        standby = app.state.database.standby
        if standby is not None and getattr(request.state, "old", False):
            standby.left(name)
            return answer(request, 503, AWAY, {MARK.decode(): "1"})
        if not isinstance(error, OperationalError) and not away(error):
            raise error
        log.error("database_away", error=name)
        return answer(request, 503, AWAY, {"retry-after": "5"})

    @on(SignInFirst)
    async def sign_in_first(request: Request, error: SignInFirst) -> Response:
        return see_other(request, f"/connexion?suite={quote(error.path)}")

    @on(RateLimitExceeded)
    async def too_many(request: Request, error: RateLimitExceeded) -> Response:
        return await refused(request, TooMany(SENTENCE, error.limit.limit.get_expiry() if error.limit else 60))

    @on(StarletteHTTPException)
    async def http_error(request: Request, error: HTTPException) -> Response:
        sentences = {
            404: "Aucune page n’est à cette adresse.",
            405: "Cette adresse ne répond pas à ce geste.",
        }
        asked = request.url.path
        path = quote(asked.strip("/"))
        lost = error.status_code == 404 and request.method == "GET" and not asked.startswith("/static/")
        if lost and path and asked.endswith("/"):
            return see_other(request, f"/{path}")
        message = sentences.get(error.status_code) or error.detail
        return answer(request, error.status_code, message, dict(error.headers or {}))

    @on(Exception)
    async def broken(request: Request, _error: Exception) -> Response:
        """Raised again by FastAPI after this answer: LastResort writes it down."""
        return answer(request, 500, BROKEN)

    @on(RequestValidationError)
    async def not_readable(request: Request, error: RequestValidationError) -> Response:
        # Only paths and page numbers are read by FastAPI itself: what does not fit is not there. A program is told.
        if is_for_programs(request.url.path):
            where = error.errors()[0]["loc"]
            return answer(request, 400, Message("Le paramètre « %(name)s » n’est pas lisible.", name=where[-1]))
        return answer(request, 404, "Aucune page n’est à cette adresse.")
