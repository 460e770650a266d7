"""The web process: the only place where routes, middleware and shared objects meet."""

import asyncio
import signal
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from types import FrameType

import anyio.to_thread
import structlog
from fastapi import Depends, FastAPI
from starlette.datastructures import State
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from app import text
from app.accounts import routes as accounts
from app.accounts.presence import Presence
from app.administration import routes as administration
from app.answers import LastResort, handle_errors
from app.bounces import routes as bounces
from app.bus import Bus
from app.db import Database
from app.deliveries import routes as deliveries
from app.drafting import routes as drafting
from app.lanes import THREADS, Lanes
from app.live.feed import LiveFeed
from app.live.hub import Hub
from app.mail import routes as mail
from app.moderation import routes as moderation
from app.moderation.actions import receiving
from app.operations import metrics
from app.operations import routes as operations
from app.operations.health import Watchdog
from app.organisations import routes as organisations
from app.organising import routes as organising
from app.pages import routes as pages
from app.petitions.network_card import NetworkCards
from app.petitions.views import ViewCounter
from app.privacy import routes as privacy
from app.redress import routes as redress
from app.register import routes as register
from app.settings import Settings, load_settings
from app.signatures import actions as signature_actions
from app.signatures.intake import Intake
from app.signatures.pace import Pace
from app.signatures.proof import Proofs
from app.templating import Templates
from app.transparency import routes as transparency
from app.vault import open_vault
from app.web import ratelimit
from app.web.admission import admitted
from app.web.again import Again
from app.web.crowd import Crowd
from app.web.csrf import SameOrigin
from app.web.headers import SecurityHeaders
from app.web.pagecache import PageCache
from app.web.ratelimit import AsyncLimit
from app.web.request_guard import RequestGuard
from app.web.static import HashedFiles
from app.worker import Worker

log = structlog.get_logger("web")
ROUTERS = (
    pages.router,
    accounts.router,
    organisations.router,
    deliveries.router,
    moderation.router,
    redress.router,
    transparency.router,
    register.router,
    drafting.router,
    organising.router,
    privacy.router,
    administration.router,
    mail.router,
    bounces.router,
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
    state.network_cards = NetworkCards()
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
    state.follow_intake = Intake("follow", state.database, signature_actions.follow_group)
    for router in ROUTERS:
        # Whoever watches must not wait behind those who are watched.
        first = [] if router is operations.router else [Depends(admitted, scope="function")]
        app.include_router(router, dependencies=first)
    app.mount("/static", HashedFiles())
    handle_errors(app)
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
            app.state.views.count(petition_id, dict(scope["headers"]), scope["query_string"])

    guarded: ASGIApp = Crowd(partial(FastAPI.__call__, app), pages.doors)
    if settings.database_read_url:
        guarded = Again(guarded)
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
    state.follow_intake.start()
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
        await asyncio.to_thread(state.follow_intake.stop)
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
