"""Liveness, readiness, metrics: in no lane, because whoever watches must not wait behind the watched."""

import asyncio
from collections.abc import Awaitable, Callable
from time import monotonic

from anyio import to_thread
from fastapi import APIRouter, Request
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import State
from starlette.responses import JSONResponse, Response

from app import clock
from app.db import Database
from app.mail import outbox
from app.migrations import pending_migrations
from app.operations import health, metrics
from app.privacy import retention

router = APIRouter()
# Looked at once for all who ask in these seconds.
SAME = 0.5


@router.get("/healthz")
async def alive(request: Request) -> Response:
    """The process does its work; 503 when a part of it is stuck: start it again."""
    part = await _once(request, "alive", health.stuck)
    return _said({"status": "stuck", "part": part} if part else {"status": "ok"})


@router.get("/readyz")
async def ready(request: Request) -> Response:
    """The database answers and its schema is the one that this code knows."""
    reason = await _once(request, "ready", _not_ready)
    return _said({"status": "not ready", "reason": reason} if reason else {"status": "ready"})


async def _not_ready(state: State) -> str:
    try:
        async with asyncio.timeout(health.PATIENCE):
            missing = await to_thread.run_sync(pending_migrations, state.database, abandon_on_cancel=True)
    except Exception:  # whatever is wrong, the answer is "not ready"
        return "database"
    return "migrations" if missing else ""


async def _once(request: Request, name: str, look: Callable[[State], Awaitable[str]]) -> str:
    """What *look* finds, one look at a time."""
    looks: dict[str, tuple[float, asyncio.Future[str]]] = request.app.state.looks
    found = looks.get(name)
    if found is None or (found[1].done() and monotonic() - found[0] >= SAME):
        found = looks[name] = (monotonic(), asyncio.ensure_future(look(request.app.state)))
    return await asyncio.shield(found[1])


def _said(body: dict[str, str]) -> Response:
    return JSONResponse(body, 200 if len(body) == 1 else 503, headers={"cache-control": "no-store"})


@router.get("/metrics")
async def show_metrics(request: Request) -> Response:
    database: Database = request.app.state.database

    def read() -> bytes:
        with database.read() as session:
            waiting = outbox.health(session, clock.now())
            metrics.overdue.set(retention.overdue_seconds(session, request.app.state.settings))
        metrics.viewers.set(request.app.state.hub.viewers)
        metrics.mails.labels("waiting").set(waiting["waiting"])
        metrics.mails.labels("aside").set(waiting["aside"])
        metrics.oldest_mail.set(waiting["oldest_seconds"])
        return generate_latest(metrics.registry)

    return Response(await run_in_threadpool(read), media_type=CONTENT_TYPE_LATEST)
