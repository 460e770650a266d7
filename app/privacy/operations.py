"""What operators look at: liveness, readiness, metrics. No personal data."""

from fastapi import APIRouter, Request
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response

from app import clock
from app.db import Database
from app.mail import budget, outbox
from app.migrations import pending_migrations
from app.privacy import retention

router = APIRouter()
registry = CollectorRegistry()
_requests = Histogram(
    "signons_request_seconds", "Requests by route and status", ["method", "route", "status"], registry=registry
)
# The only measure of pages that come from the page cache: they meet no router.
pages = Counter("signons_pages", "Pages shown that are the same for everybody", registry=registry)
_viewers = Gauge("signons_live_viewers", "Open live feeds of this process", registry=registry)
_mails = Gauge("signons_mails", "Mails by state", ["state"], registry=registry)
_overdue = Gauge("signons_retention_overdue_seconds", "Age of the oldest row that should be gone", registry=registry)
_oldest_mail = Gauge("signons_oldest_mail_seconds", "Age of the oldest waiting mail", registry=registry)
registry.register(budget.refused)


def observe(method: str, route: str, status: int, seconds: float) -> None:
    _requests.labels(method, route, str(status)).observe(seconds)


@router.get("/healthz")
async def alive() -> Response:
    """The process answers."""
    return JSONResponse({"status": "ok"}, headers={"cache-control": "no-store"})


@router.get("/readyz")
async def ready(request: Request) -> Response:
    """The database answers and its schema is the one that this code knows."""
    try:
        missing = await run_in_threadpool(pending_migrations, request.app.state.database)
    except Exception:  # whatever is wrong, the answer is "not ready"
        return _not_ready("database")
    return (
        _not_ready("migrations")
        if missing
        else JSONResponse({"status": "ready"}, headers={"cache-control": "no-store"})
    )


def _not_ready(reason: str) -> Response:
    return JSONResponse({"status": "not ready", "reason": reason}, 503, headers={"cache-control": "no-store"})


@router.get("/metrics")
async def metrics(request: Request) -> Response:
    database: Database = request.app.state.database

    def read() -> bytes:
        with database.read() as session:
            health = outbox.health(session, clock.now())
            _overdue.set(retention.overdue_seconds(session, request.app.state.settings))
        _viewers.set(request.app.state.hub.viewers)
        _mails.labels("waiting").set(health["waiting"])
        _mails.labels("aside").set(health["aside"])
        _oldest_mail.set(health["oldest_seconds"])
        return generate_latest(registry)

    return Response(await run_in_threadpool(read), media_type=CONTENT_TYPE_LATEST)
