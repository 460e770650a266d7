"""The petition's page with its form, and the public list."""

import uuid
from datetime import datetime
from typing import Any

from fastapi import Request
from starlette.responses import Response

from app import clock
from app.comments import public as comment_public
from app.comments import queries as comment_queries
from app.db import Database, Db, Session
from app.deliveries import public as delivery_public
from app.errors import Gone
from app.pages.routes.base import router
from app.pages.routes.wording import consent_context
from app.petitions import addresses, summary
from app.petitions import keys as petition_keys
from app.petitions import public as petition_public
from app.petitions import queries as petition_queries
from app.petitions.dependencies import PublicPetition
from app.petitions.models import Petition
from app.redress import replies
from app.signatures import queries
from app.signatures.places import countries
from app.signatures.public import Line, line
from app.updates import public as update_public
from app.web.forms import Shown, cursor, cursor_text
from app.web.rendering import EMPTY_FORM, locale_of, page, public, settings_of

NEWEST = 10


@router.get("/petitions/{slug}")
def petition_page(request: Request, session: Db, petition: PublicPetition) -> Response:
    return public(request, "petitions/page.html", petition.id, **_page_context(request, session, petition))


def _page_context(request: Request, session: Session, petition: Petition, form: Shown = EMPTY_FORM) -> dict[str, Any]:
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
    settings = settings_of(request)
    return {
        "p": view,
        "words": summary.first_words(str(view.body_html)),
        "linked": summary.linked(view, settings.site_name, settings.origin, locale),
        **form_context(request, session, petition, form, now),
        "signatures": lines[:NEWEST],
        "more_signatures": len(lines) > NEWEST,
        "comments": comments,
        "replies": replies.published(session, petition.id),
        "deliveries": delivery_public.of_petition(session, petition),
        "news": update_public.of_petition(session, petition.id, update_public.ON_PAGE, locale_of(request)),
    }


def form_context(request: Request, session: Session, petition: Petition, form: Shown, now: datetime) -> dict[str, Any]:
    """What the sign form says, on the petition's page and in the frame of another site."""
    return {
        "form": form,
        "countries": countries(locale_of(request)),
        **consent_context(request, session, petition, now),
    }


def _lines(
    session: Session, petition_id: int, now: datetime, locale: str, limit: int, before: queries.Cursor | None = None
) -> list[Line]:
    keys = petition_keys.of(session, petition_id)
    rows = queries.newest(session, petition_id, limit, before)
    return [line(row, keys, now, locale) for row in rows]


def sign_again(request: Request, form: Shown, status: int) -> Response:
    """The petition's page with what was typed and what to correct. Raises NotFound, Moved."""
    database: Database = request.app.state.database
    with database.read() as session:
        petition = addresses.public(session, request.path_params["slug"])
        context = _page_context(request, session, petition, form)
        template = "petitions/page.html" if context["p"].is_open else "signatures/closed_meanwhile.html"
        return page(request, template, status, **context)


@router.get("/petitions/{slug}/signatures")
def signatures(request: Request, session: Db, petition: PublicPetition, avant: str = "") -> Response:
    """Older signatures, from a keyset cursor: ``avant=<microseconds>-<id>``."""
    if petition.purged_at is not None:
        raise Gone("Les signatures de cette pétition ont été effacées, comme prévu ; le nombre reste.")
    now, locale = clock.now(), locale_of(request)
    keys = petition_keys.of(session, petition.id)
    rows = queries.newest(session, petition.id, queries.PER_PAGE + 1, cursor(avant, uuid.UUID))
    shown_rows = rows[: queries.PER_PAGE]
    base = f"/petitions/{petition.slug}/signatures"
    older = f"{base}?avant={_cursor_of(shown_rows[-1])}" if len(rows) > queries.PER_PAGE else None
    return public(
        request,
        "petitions/signatures.html",
        petition.id,
        p=petition_public.view(session, petition, settings_of(request).origin, now),
        signatures=[line(row, keys, now, locale) for row in shown_rows],
        older=older,
        newest=base if avant else None,
    )


def _cursor_of(row: Any) -> str:
    return cursor_text(row.confirmed_at, row.id.hex)
