"""What programs ask for: liveness, readiness, metrics, and the well-known addresses.

In no lane, because whoever watches must not wait behind the watched.
"""

import asyncio
import hmac
import ipaddress
from collections.abc import Awaitable, Callable
from datetime import timedelta
from time import monotonic
from typing import TypeVar

from fastapi import APIRouter, Request
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import State
from starlette.responses import JSONResponse, PlainTextResponse, Response

from app import clock
from app.db import Database
from app.errors import NotFound
from app.mail import bounced, outbox
from app.mail import queries as mail_queries
from app.operations import health, metrics
from app.privacy import retention
from app.web.rendering import see_other, settings_of

router = APIRouter()
Found = TypeVar("Found")
# Looked at once for all who ask in these seconds.
SAME = 0.5
# What a proxy adds: who comes with one of these does not come from this machine.
FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via")
# Pages of one person each, and of those who work here.
PRIVATE = (
    "/confirmer/", "/pas-moi/", "/mes-signatures/", "/desabonnement/", "/rester/", "/recours/", "/reecrire/",
    "/connexion", "/invitation/", "/organisation$", "/organisation/", "/moderation", "/administration", "/boite-locale",
    "/petitions/*/direct",
)  # fmt: skip


@router.get("/healthz")
async def alive(request: Request) -> Response:
    """The process does its work; 503 when a part of it is stuck: start it again."""
    part = await _once(request, "alive", health.stuck)
    return _said({"status": "stuck", "part": part}, 503) if part else _said({"status": "ok"})


@router.get("/readyz")
async def ready(request: Request) -> Response:
    """The database answers and its schema is the one that this code knows; whether mails leave is said beside it."""
    reason = await _once(request, "ready", health.not_ready)
    if reason:
        return _said({"status": "not ready", "reason": reason}, 503)
    delayed = await _once(request, "mail", health.mail_delayed)
    return _said({"status": "ready"} | ({"mail": delayed} if delayed else {}))


async def _once(request: Request, name: str, look: Callable[[State], Awaitable[Found]]) -> Found:
    """What *look* finds, one look at a time."""
    looks: dict[str, tuple[float, asyncio.Future[Found]]] = request.app.state.looks
    found = looks.get(name)
    if found is None or (found[1].done() and monotonic() - found[0] >= SAME):
        found = looks[name] = (monotonic(), asyncio.ensure_future(look(request.app.state)))
    return await asyncio.shield(found[1])


def _said(body: dict[str, str], status: int = 200) -> Response:
    return JSONResponse(body, status, headers={"cache-control": "no-store"})


@router.get("/metrics")
async def show_metrics(request: Request) -> Response:
    if not _may_measure(request):
        raise NotFound("Aucune page n’est à cette adresse.")
    return Response(await _once(request, "metrics", _measured), media_type=CONTENT_TYPE_LATEST)


async def _measured(state: State) -> bytes:
    def read() -> bytes:
        database: Database = state.database
        with database.read() as session:
            waiting = outbox.health(session, clock.now())
            metrics.overdue.set(retention.overdue_seconds(session, state.settings))
            for kind, n in bounced.counts(session).items():
                metrics.bounces.labels(kind).set(n)
            metrics.written_off.set(bounced.written_off(session))
            routes = mail_queries.slow_routes(session, clock.now())
        metrics.mail_room.clear()
        for route in routes:
            metrics.mail_room.labels(route.name or "relay").set(route.room)
        metrics.viewers.set(state.hub.viewers)
        metrics.mails.labels("waiting").set(waiting["waiting"])
        metrics.mails.labels("failing").set(waiting["failing"])
        metrics.mails.labels("aside").set(waiting["aside"])
        metrics.oldest_mail.set(waiting["oldest_seconds"])
        return generate_latest(metrics.registry)

    return await run_in_threadpool(read)


def _may_measure(request: Request) -> bool:
    """With the token, or on this machine itself."""
    token = settings_of(request).metrics_token
    sent = request.headers.get("authorization", "")
    if token and hmac.compare_digest(sent.encode(), f"Bearer {token}".encode()):
        return True
    if request.client is None or any(name in request.headers for name in FORWARDED):
        return False
    try:
        address = ipaddress.ip_address(request.client.host)
    except ValueError:
        return False
    return (getattr(address, "ipv4_mapped", None) or address).is_loopback


@router.get("/robots.txt")
async def robots() -> Response:
    paths = [f"{prefix}{path}" for prefix in ("", "/en") for path in PRIVATE]
    return PlainTextResponse("".join(["User-agent: *\n", *(f"Disallow: {path}\n" for path in paths)]))


@router.get("/.well-known/security.txt")
async def security(request: Request) -> Response:
    """Whom to tell of a weakness (RFC 9116)."""
    settings = settings_of(request)
    if not settings.contact_email:
        raise NotFound("L’exploitant de cette instance n’a pas encore indiqué son adresse de contact.")
    expires = (clock.now() + timedelta(days=180)).replace(hour=0, minute=0, second=0, microsecond=0)
    return PlainTextResponse(
        f"Contact: mailto:{settings.contact_email}\n"
        f"Expires: {expires:%Y-%m-%dT%H:%M:%SZ}\n"
        "Preferred-Languages: fr, en\n"
        f"Canonical: {settings.origin}/.well-known/security.txt\n"
    )


@router.get("/.well-known/change-password")
async def change_password(request: Request) -> Response:
    """Where password managers send people; who is not in signs in first."""
    return see_other(request, "/compte/mot-de-passe")
