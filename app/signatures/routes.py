"""Signing over HTTP: the petition's page with its form, the mailed links, the public list."""

import asyncio
import uuid
from datetime import UTC, datetime
from time import monotonic
from typing import Any

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response
from starlette.routing import BaseRoute, Match, Route
from starlette.types import Scope

from app import clock
from app.comments import public as comment_public
from app.comments import queries as comment_queries
from app.consents import queries as consent_queries
from app.db import Database, Db, Session, vault_of
from app.errors import Gone, NotFound, Refused
from app.moderation import replies
from app.moderation.actions import receiving
from app.petitions import keys as petition_keys
from app.petitions import public as petition_public
from app.petitions import queries as petition_queries
from app.petitions.dependencies import PublicPetition
from app.petitions.models import Petition
from app.privacy import erasure
from app.signatures import actions, emails, links, queries
from app.signatures.actions import Confirmation, Signing, SignRequest
from app.signatures.dependencies import Opened, read_link
from app.signatures.forms import CodeForm, EmailForm, SignForm
from app.signatures.intake import Intake
from app.signatures.places import countries, country_name
from app.signatures.public import Line, line, open_field, shown
from app.web.forms import Form, FormRefused, Values, read_form, validated
from app.web.ratelimit import AsyncLimit, limited
from app.web.rendering import EMPTY_FORM, locale_of, page, public, see_other, settings_of

router = APIRouter()
NEWEST = 10
SIGNING_SECONDS = 1.0
DISPLAY_LABELS = {
    "hidden": "Anonyme : ni nom ni lieu",
    "initial": "Prénom, initiale et département",
    "full": "Prénom, nom et code postal",
}
CONSENT_LABELS = {
    "sign": "Enregistrer et compter ma signature",
    "public_name": "Publier la ligne ci-dessus",
    "updates": "Recevoir les suites de cette pétition",
    "newsletter": "Recevoir la lettre de la plateforme",
    "organiser_contact": "Être contacté par l’organisateur",
}


@router.get("/petitions/{slug}")
def petition_page(request: Request, session: Db, petition: PublicPetition) -> Response:
    return public(request, "petitions/page.html", petition.id, **_page_context(request, session, petition))


def _page_context(
    request: Request, session: Session, petition: Petition, form: dict[str, Any] = EMPTY_FORM
) -> dict[str, Any]:
    now, locale = clock.now(), locale_of(request)
    view = petition_public.view(
        session,
        petition,
        settings_of(request).origin,
        now,
        comments_count=comment_queries.published_count(session, petition.id),
        last_hour=queries.since(session, petition.id, petition_queries.hour_ago(now)),
    )
    lines = [] if view.purged else _lines(session, petition.id, now, locale, NEWEST + 1)
    keys = None if view.purged else petition_keys.of(session, petition.id)
    comments = [
        comment_public.view(row, keys, locale) for row in comment_queries.published(session, petition.id, NEWEST)
    ]
    texts = consent_queries.in_force(session, now, locale, petition.delivery_mode)
    wording = {"petition": petition.title, "controller": _controller(request), "organiser": petition.author}
    return {
        "p": view,
        "form": form,
        "consents": {
            purpose: dict(zip(("html", "terms"), text.body.format(**wording).split("\n", 1), strict=False))
            for purpose, text in texts.items()
        },
        "consent_texts": ",".join(str(text.id) for text in sorted(texts.values(), key=lambda t: t.id)),
        "countries": countries(locale),
        "signatures": lines[:NEWEST],
        "more_signatures": len(lines) > NEWEST,
        "comments": comments,
        "replies": replies.published(session, petition.id),
    }


def _controller(request: Request) -> str:
    settings = settings_of(request)
    return settings.publisher_name or settings.site_name


def _lines(
    session: Session, petition_id: int, now: datetime, locale: str, limit: int, before: queries.Cursor | None = None
) -> list[Line]:
    keys = petition_keys.of(session, petition_id)
    rows = queries.newest(session, petition_id, limit, before)
    return [line(row, keys, now, locale) for row in rows]


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
    texts = signing.texts[locale_of(request)]
    if form.consent_texts and form.consent_texts != ",".join(str(n) for n in sorted(texts.values())):
        raise FormRefused(
            {"consent_signature": "Le texte de cet accord a changé depuis : relisez-le avant de signer."}, values
        )
    intake: Intake[SignRequest, None] = request.app.state.sign_intake
    peer = f"{request.client.host} {request.client.port}" if form.comment and request.client else ""
    await intake.submit(SignRequest(signing, form, locale_of(request), settings_of(request).origin, peer))
    return see_other(request, f"/petitions/{slug}/verifier")


async def _signing(request: Request, slug: str) -> Signing:
    """What signing needs of the petition, read once a second a process, by one for all.

    Raises NotFound.
    """
    cache: dict[str, tuple[float, asyncio.Future[Signing]]] = request.app.state.signing_cache
    found = cache.get(slug)
    if found is None or monotonic() - found[0] >= SIGNING_SECONDS or (found[1].done() and found[1].exception()):
        reading = asyncio.ensure_future(run_in_threadpool(_read_signing, request.app.state.database, slug))
        if len(cache) > 1000:
            cache.clear()
        found = cache[slug] = (monotonic(), reading)
    return await asyncio.shield(found[1])


def _read_signing(database: Database, slug: str) -> Signing:
    with database.read() as session:
        petition = petition_queries.public_by_slug(session, slug)
        if petition is None:
            raise NotFound("Aucune pétition n’est à cette adresse.")
        return actions.signing_of(session, petition)


def sign_again_page(request: Request, refused: FormRefused) -> Response:
    """The petition's page with what was typed and what to correct."""
    database: Database = request.app.state.database
    with database.read() as session:
        petition = petition_queries.public_by_slug(session, request.path_params["slug"])
        if petition is None:
            raise NotFound("Aucune pétition n’est à cette adresse.")
        form = {"values": refused.values, "errors": refused.errors}
        context = _page_context(request, session, petition, form)
        template = "petitions/page.html" if context["p"].is_open else "signatures/closed_meanwhile.html"
        return page(request, template, refused.status, **context)


@router.get("/petitions/{slug}/verifier")
def check_inbox(request: Request, session: Db, petition: PublicPetition) -> Response:
    return page(request, "signatures/check_inbox.html", **_inbox_context(request, session, petition))


def _inbox_context(
    request: Request, session: Session, petition: Petition, form: dict[str, Any] = EMPTY_FORM
) -> dict[str, Any]:
    settings = settings_of(request)
    return {
        "p": petition_public.view(session, petition, settings.origin, clock.now()),
        "sender": settings.mail_from,
        "form": form,
    }


@router.post("/petitions/{slug}/renvoi")
@limited()
def resend(request: Request, session: Db, petition: PublicPetition, values: Form) -> Response:
    form = _inbox_form(EmailForm, values, request, session, petition)
    actions.resend(session, petition, form.email, settings_of(request).origin)
    return see_other(request, f"/petitions/{petition.slug}/verifier")


@router.post("/petitions/{slug}/code")
@limited("login")
def confirm_with_code(request: Request, session: Db, petition: PublicPetition, values: Form) -> Response:
    form = _inbox_form(CodeForm, values, request, session, petition)
    try:
        target = actions.find_by_code(session, petition, form.email, form.code)
    except Refused as refused:
        actions.note_wrong_code(session, petition, form.email)
        form_again = {"values": values, "errors": {"code": str(refused)}}
        context = _inbox_context(request, session, petition, form_again)
        # Returned, not raised: the wrong try must be counted.
        return page(request, "signatures/check_inbox.html", 422, **context)
    outcome = actions.confirm_group(session, [target], receiving.receive_drafts)[0]
    if isinstance(outcome, Refused):
        raise outcome
    expires = datetime.fromtimestamp(clock.now().timestamp(), UTC) + links.CONFIRM_FOR
    token = links.make(vault_of(session), "confirm", *target, expires)
    return see_other(request, f"/confirmer/{token}")


def _inbox_form(model: type[Any], values: Values, request: Request, session: Session, petition: Petition) -> Any:
    try:
        return validated(model, values)
    except FormRefused as refused:
        refused.page = ("signatures/check_inbox.html", _inbox_context(request, session, petition, refused.form))
        raise


@router.get("/petitions/{slug}/signatures")
def signatures(request: Request, session: Db, petition: PublicPetition, avant: str = "") -> Response:
    """Older signatures, from a keyset cursor: ``avant=<microseconds>-<id>``."""
    if petition.purged_at is not None:
        raise Gone("Les signatures de cette pétition ont été effacées, comme prévu ; le nombre reste.")
    now, locale = clock.now(), locale_of(request)
    keys = petition_keys.of(session, petition.id)
    rows = queries.newest(session, petition.id, queries.PER_PAGE + 1, _cursor(avant))
    shown_rows = rows[: queries.PER_PAGE]
    base = f"/petitions/{petition.slug}/signatures"
    older = f"{base}?avant={_cursor_text(shown_rows[-1])}" if len(rows) > queries.PER_PAGE else None
    return public(
        request,
        "petitions/signatures.html",
        petition.id,
        p=petition_public.view(session, petition, settings_of(request).origin, now),
        signatures=[line(row, keys, now, locale) for row in shown_rows],
        older=older,
        newest=base if avant else None,
    )


def _cursor(text: str) -> queries.Cursor | None:
    if not text:
        return None
    micros, _, hexadecimal = text.partition("-")
    try:
        moment = datetime.fromtimestamp(int(micros) // 1_000_000, UTC)
        return moment.replace(microsecond=int(micros) % 1_000_000), uuid.UUID(hexadecimal)
    except (ValueError, OverflowError, OSError):
        raise NotFound("Cette page n’existe pas.") from None


def _cursor_text(row: Any) -> str:
    moment: datetime = row.confirmed_at
    return f"{int(moment.timestamp()) * 1_000_000 + moment.microsecond}-{row.id.hex}"


# Mailed links. GET shows, POST acts.


@router.get("/confirmer/{token}")
def confirm_page(request: Request, session: Db, token: str) -> Response:
    opened = read_link(session, token)
    signature = opened.signature
    if signature is None:
        raise Gone("Ce lien ne sert plus : la signature a été retirée, ou effacée faute de confirmation.")
    if signature.state == "confirmed":
        return _thanks(request, session, opened)
    if signature.state != "pending":
        raise Gone("Ce lien ne sert plus.")
    now = clock.now()
    view = petition_public.view(session, opened.petition, settings_of(request).origin, now)
    if not actions.confirmable(opened.petition, signature, now):
        return page(request, "signatures/closed_meanwhile.html", 410, p=view)
    keys, locale = petition_keys.of(session, opened.petition_id), locale_of(request)
    row_id = signature.id.bytes
    family = open_field(keys, signature.family_name_sealed, row_id, "family_name")
    name, place = shown(
        signature.display,
        signature.given_name,
        family,
        signature.postal_code,
        signature.country,
        signature.departement,
        locale,
    )
    given = consent_queries.latest(session, opened.petition_id, signature.id)
    typed = {
        "given_name": signature.given_name,
        "family_name": family,
        "email": open_field(keys, signature.email_sealed, row_id, "email"),
        "postal_code": signature.postal_code,
        "country_name": country_name(signature.country, locale),
        "display_label": DISPLAY_LABELS[signature.display],
        "preview": f"{name} · {place}" if place else name,
        "consents": [
            label for purpose, label in CONSENT_LABELS.items() if purpose in given and given[purpose].kind == "given"
        ],
        "comment": open_field(keys, signature.comment_sealed, row_id, "comment") if signature.comment_sealed else "",
    }
    return page(request, "signatures/confirm.html", p=view, token=token, typed=typed)


def _thanks(request: Request, session: Session, opened: Opened) -> Response:
    signature = opened.signature
    assert signature is not None
    now = clock.now()
    keys = petition_keys.of(session, opened.petition_id)
    email = open_field(keys, signature.email_sealed, signature.id.bytes, "email")
    manage = emails.manage_token(vault_of(session), email, now)
    return page(
        request,
        "signatures/thanks.html",
        p=petition_public.view(session, opened.petition, settings_of(request).origin, now),
        place=signature.place,
        token="",
        manage_href=f"/mes-signatures/{manage}",
        has_comment=bool(comment_queries.of_signature(session, signature.id)),
    )


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
    return see_other(request, f"/confirmer/{token}")


@router.get("/pas-moi/{token}")
def not_me_page(request: Request, session: Db, token: str) -> Response:
    opened = read_link(session, token)
    if opened.signature is None:
        return page(request, "signatures/not_me_done.html", p=opened.petition)
    return page(request, "signatures/not_me.html", p=opened.petition, token=token)


@router.post("/pas-moi/{token}")
@limited()
def not_me(request: Request, session: Db, token: str) -> Response:
    opened = read_link(session, token)
    erasure.withdraw(session, opened.petition_id, opened.signature_id, "not_me")
    return see_other(request, f"/pas-moi/{token}")


class _Busy(Route):
    """Starlette's own route, that says its name to the log and the metrics as FastAPI's do."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        match, found = super().matches(scope)
        return match, {**found, "route": self}


# The two that a crowd posts to at once, found first: what FastAPI does around an endpoint costs as
# much as the endpoint.
busy_routes: list[BaseRoute] = [
    _Busy("/petitions/{slug}/signatures", sign, methods=["POST"]),
    _Busy("/confirmer/{token}", confirm, methods=["POST"]),
]
