"""The web process: the only place where routes, middleware and shared objects meet."""

import asyncio
import signal
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from time import perf_counter
from types import FrameType
from typing import Any
from urllib.parse import quote

import anyio.to_thread
import structlog
from fastapi import Depends, FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from slowapi.errors import RateLimitExceeded
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import State
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from app import text
from app.accounts import routes as accounts
from app.accounts.dependencies import SignInFirst
from app.accounts.presence import Presence
from app.administration import routes as administration
from app.bus import Bus
from app.comments import routes as comments
from app.db import Database
from app.errors import Refused, TooMany
from app.exports import routes as exports
from app.lanes import THREADS, Lanes
from app.live.feed import LiveFeed
from app.live.hub import Hub
from app.mail import routes as mail
from app.moderation import routes as moderation
from app.moderation.actions import receiving
from app.operations import metrics
from app.operations import routes as operations
from app.operations.health import Watchdog
from app.petitions import routes as petitions
from app.petitions.views import ViewCounter
from app.privacy import routes as privacy
from app.settings import Settings, load_settings
from app.signatures import actions as signature_actions
from app.signatures import routes as signatures
from app.signatures.intake import Intake
from app.signatures.pace import Pace
from app.signatures.proof import Proofs
from app.templating import Templates
from app.updates import routes as updates
from app.vault import open_vault
from app.web import ratelimit
from app.web.admission import admitted
from app.web.crowd import Crowd, Door
from app.web.csrf import SameOrigin
from app.web.errors import error_response, refuse
from app.web.forms import FormRefused
from app.web.headers import SecurityHeaders
from app.web.pagecache import PageCache
from app.web.ratelimit import SENTENCE, AsyncLimit
from app.web.rendering import locale_of, page, see_other
from app.web.request_guard import RequestGuard
from app.web.static import HashedFiles
from app.worker import Worker

log = structlog.get_logger("web")
AWAY = "La base de données ne répond pas. Rien n’a été enregistré ; réessayez dans quelques secondes."
BROKEN = "Quelque chose s’est mal passé chez nous ; rien de ce que vous avez envoyé n’a été gardé."
ROUTERS = (
    petitions.router,
    signatures.router,
    comments.router,
    accounts.router,
    moderation.router,
    exports.router,
    privacy.router,
    updates.router,
    administration.router,
    mail.router,
    operations.router,
)


class Site(FastAPI):
    """FastAPI behind the live feed, the page cache and the protections, in this order."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["app"] = self
        await self.state.front(scope, receive, send)


def create_app(settings: Settings | None = None, *, with_worker: bool = False, watched: bool = False) -> FastAPI:
    """The application; ``with_worker`` also sends mail and runs the periodic jobs in it.

    ``watched``: the process ends by itself when it is stuck for good.
    """
    settings = settings or load_settings()
    ratelimit.configure(settings)
    text.reserve(["Signons", settings.site_name])
    app = Site(
        title="Signons",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,  # would send people to whatever Host they said
        lifespan=_lifespan,
    )
    state = app.state
    state.settings = settings
    state.vault = open_vault(settings)
    state.bus = Bus(settings)
    state.database = Database(settings, state.vault, state.bus)
    state.lanes = Lanes(one_writer=state.database.is_sqlite)
    state.templates = Templates(settings)
    state.views = ViewCounter()
    state.presence = Presence()
    state.signing_cache = {}
    state.sign_limit = AsyncLimit("sign", settings.rate_sign, settings.redis_url)
    state.confirm_limit = AsyncLimit("confirm", settings.rate_post, settings.redis_url)
    state.pace = Pace(settings.pace_network, settings.pace_site)
    state.proofs = Proofs(state.vault.proofs, settings.redis_url)
    state.looks = {}
    state.watchdog = Watchdog(state) if watched else None
    state.worker = Worker(settings, state.database, state.templates) if with_worker else None
    state.sign_intake = Intake("sign", state.database, signature_actions.sign_group)
    state.confirm_intake = Intake(
        "confirm",
        state.database,
        lambda session, targets: signature_actions.confirm_group(session, targets, receiving.receive_drafts),
    )
    for router in ROUTERS:
        # Whoever watches must not wait behind those who are watched.
        first = [] if router is operations.router else [Depends(admitted, scope="function")]
        app.include_router(router, dependencies=first)
    app.mount("/static", HashedFiles())
    _handle_errors(app)
    _wrap(app, settings)
    return app


def _wrap(app: FastAPI, settings: Settings) -> None:
    """What stands in front of FastAPI, pure ASGI, from the innermost to the outermost.

    Nothing of it is FastAPI's own middleware: a crowd that posts would go through four more layers.
    """

    def viewed(petition_id: int, scope: Scope) -> None:
        """The petition's own page was shown: not its widget, its list, its data, nor only its headers."""
        metrics.pages.inc()
        path, head = scope["path"].removeprefix("/en"), scope["state"]["head"]
        if path.startswith("/petitions/") and path.count("/") == 2 and not path.endswith(".json") and not head:
            app.state.views.count(petition_id, dict(scope["headers"]))

    guarded: ASGIApp = Crowd(partial(FastAPI.__call__, app), signatures.doors)
    guarded = SameOrigin(guarded, settings.origin, exempt=lambda path: path.startswith("/desabonnement/"))
    guarded = SecurityHeaders(LastResort(RequestGuard(guarded)), settings.hsts)
    if settings.trusted_proxies:
        trusted = list(settings.trusted_proxies)
        guarded = ProxyHeadersMiddleware(guarded, trusted)  # type: ignore[arg-type, assignment]
    app.state.page_cache = PageCache(guarded, viewed)
    app.state.front = LiveFeed(
        app.state.page_cache,
        lambda: app.state.hub,
        settings.hsts,
        each=settings.live_each,
        trusted=settings.trusted_proxies,
    )
    app.state.bus.subscribe(app.state.page_cache.forget)
    app.state.bus.subscribe(lambda _petition_id: app.state.signing_cache.clear())


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    state = app.state
    anyio.to_thread.current_default_thread_limiter().total_tokens = THREADS
    state.hub = Hub(state.database, state.lanes.watching)
    state.bus.subscribe(state.hub.notify)
    state.hub.start()
    _let_go_when_asked_to_end(state.hub)
    state.bus.start()
    state.sign_intake.start()
    state.confirm_intake.start()
    if state.worker is not None:
        state.worker.start()
    if state.watchdog is not None:
        state.watchdog.start()
    writer = asyncio.create_task(_write_down(app))
    try:
        yield
    finally:
        writer.cancel()
        if state.watchdog is not None:
            state.watchdog.stop()
        await state.hub.stop()
        await state.page_cache.drain()
        # What was accepted is written before we go.
        await asyncio.to_thread(state.sign_intake.stop)
        await asyncio.to_thread(state.confirm_intake.stop)
        if state.worker is not None:
            await asyncio.to_thread(state.worker.stop)
        await asyncio.to_thread(noted, state)
        await state.sign_limit.close()
        await state.confirm_limit.close()
        await state.proofs.close()
        state.bus.stop()
        state.database.close()


def _let_go_when_asked_to_end(hub: Hub) -> None:
    """A server that ends waits for its connections first, and those of the live feed never end."""
    if threading.current_thread() is not threading.main_thread():
        return  # signals are the main thread's

    def wrapped(previous: Callable[[int, FrameType | None], object]) -> Callable[[int, FrameType | None], None]:
        def handle(number: int, frame: FrameType | None) -> None:
            hub.release()
            previous(number, frame)

        return handle

    for number in (signal.SIGINT, signal.SIGTERM):
        previous = signal.getsignal(number)
        if callable(previous):
            signal.signal(number, wrapped(previous))


async def _write_down(app: FastAPI) -> None:
    """What pages have only noted: how often they were read, who was there."""
    while True:
        await asyncio.sleep(10)
        try:
            await asyncio.to_thread(noted, app.state)
        except Exception as error:  # not worth stopping for
            log.warning("not_written_down", error=type(error).__name__)


def noted(state: State) -> None:
    state.views.write(state.database)
    state.presence.write(state.database)


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

        async def watch(message: Message) -> None:
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


def _form_again(request: Request, error: FormRefused) -> Response:
    if error.page is None:
        return signatures.sign_again_page(request, error)
    if isinstance(error.page, Response):
        return error.page
    template, context = error.page
    return page(request, template, error.status, **context)


def _handle_errors(app: FastAPI) -> None:
    def answer(request: Request, status: int, message: str, headers: dict[str, str] | None = None) -> Response:
        return error_response(app.state.templates, status, message, locale_of(request), headers)

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
        return answer(request, error.status, str(error), headers)

    app.add_exception_handler(Refused, refused)  # type: ignore[arg-type]

    @on(FormRefused)
    async def form_refused(request: Request, error: FormRefused) -> Response:
        if isinstance(error.page, Response):
            return error.page
        try:
            async with app.state.lanes.rendering.place(ratelimit.client_key(request)):
                return await run_in_threadpool(_form_again, request, error)
        except Refused as refusal:  # nobody has the time to show it again
            return await refused(request, refusal)

    @on(OperationalError, PoolTimeout)
    async def database_away(request: Request, error: OperationalError | PoolTimeout) -> Response:
        """Not there, restarting, disk full, a lock held too long: nothing was written, and it will pass."""
        log.error("database_away", error=type(getattr(error, "orig", error)).__name__)
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
        message = sentences.get(error.status_code) or str(error.detail)
        return answer(request, error.status_code, message, dict(error.headers or {}))

    @on(Exception)
    async def broken(request: Request, _error: Exception) -> Response:
        """Raised again by FastAPI after this answer: LastResort writes it down."""
        return answer(request, 500, BROKEN)

    @on(RequestValidationError)
    async def not_readable(request: Request, error: RequestValidationError) -> Response:
        # Only paths and page numbers are read by FastAPI itself: what does not fit is not there.
        return answer(request, 404, "Aucune page n’est à cette adresse.")
