"""The two addresses that a crowd posts to at once: no session, no thread, one write for many."""

import asyncio
import uuid
from time import monotonic

from fastapi import Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from app import clock
from app.db import Database
from app.errors import Gone, NotFound
from app.lanes import lanes_of
from app.petitions import queries as petition_queries
from app.signatures import actions, links
from app.signatures.actions import Confirmation, Signing, SignRequest
from app.signatures.forms import SignForm
from app.signatures.intake import Intake
from app.templating import in_language
from app.web.crowd import Door
from app.web.forms import FormRefused, read_form, validated
from app.web.ratelimit import AsyncLimit
from app.web.rendering import locale_of, settings_of

SIGNING_SECONDS = 1.0


async def sign(request: Request) -> Response:
    """The one route that thousands use at once: no session, no thread, one write for many."""
    slug: str = request.path_params["slug"]
    limit: AsyncLimit = request.app.state.sign_limit
    await limit.check(request)
    values = await read_form(request)
    signing = await _signing(request, slug)
    if not signing.is_open(clock.now()):
        raise FormRefused({"": "Cette pétition est close : elle ne peut plus être signée."}, values, 409)
    form = validated(SignForm, values)
    locale = locale_of(request)
    texts = signing.texts[locale]
    if form.consent_texts and form.consent_texts != ",".join(str(n) for n in sorted(texts.values())):
        raise FormRefused(
            {"consent_signature": "Le texte de cet accord a changé depuis : relisez-le avant de signer."}, values
        )
    intake: Intake[SignRequest, None] = request.app.state.sign_intake
    peer = f"{request.client.host} {request.client.port}" if form.comment and request.client else ""
    await intake.submit(SignRequest(signing, form, locale, settings_of(request).origin, peer))
    return _go(in_language(locale, f"/petitions/{slug}/verifier"))


async def _signing(request: Request, slug: str) -> Signing:
    """What signing needs of the petition, read once a second a process, by one for all.

    Raises NotFound.
    """
    cache: dict[str, tuple[float, asyncio.Future[Signing]]] = request.app.state.signing_cache
    found = cache.get(slug)
    if found is None or monotonic() - found[0] >= SIGNING_SECONDS or (found[1].done() and found[1].exception()):
        reading = asyncio.ensure_future(_read_in_lane(request, slug))
        if len(cache) > 1000:
            cache.clear()
        found = cache[slug] = (monotonic(), reading)
    return await asyncio.shield(found[1])


async def _read_in_lane(request: Request, slug: str) -> Signing:
    async with lanes_of(request).signing.place():
        return await run_in_threadpool(_read_signing, request.app.state.database, slug)


def _read_signing(database: Database, slug: str) -> Signing:
    with database.read() as session:
        petition = petition_queries.public_by_slug(session, slug)
        if petition is None:
            raise NotFound("Aucune pétition n’est à cette adresse.")
        return actions.signing_of(session, petition)


async def confirm(request: Request) -> Response:
    token: str = request.path_params["token"]
    limit: AsyncLimit = request.app.state.confirm_limit
    await limit.check(request)
    found = links.read(request.app.state.vault, "confirm", token)
    if found is None:
        raise NotFound("Ce lien est incomplet ou n’est pas de nous. Copiez-le en entier depuis le message.")
    petition_id, signature_id, expires = found
    if clock.now().timestamp() >= expires:
        raise Gone("Ce lien a expiré.")
    intake: Intake[tuple[int, uuid.UUID], Confirmation] = request.app.state.confirm_intake
    await intake.submit((petition_id, signature_id))
    return _go(in_language(locale_of(request), f"/confirmer/{token}"))


def _go(path: str) -> Response:
    """``see_other`` of a path whose parts this application has made: there is nothing to quote."""
    return Response(status_code=303, headers={"location": path, "cache-control": "no-store"})


doors: list[Door] = [
    Door("/petitions/{slug}/signatures", sign),
    Door("/confirmer/{token}", confirm),
]
