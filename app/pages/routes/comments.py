"""Published comments over HTTP."""

from fastapi import Request
from starlette.responses import Response

from app import clock
from app.comments import public as comment_public
from app.comments import queries
from app.db import Db
from app.pages.routes.base import router
from app.petitions import keys as petition_keys
from app.petitions import public as petition_public
from app.petitions.dependencies import PublicPetition
from app.redress import replies
from app.web.forms import cursor, cursor_text, identifier
from app.web.rendering import locale_of, public, settings_of


@router.get("/petitions/{slug}/commentaires")
def comments(request: Request, session: Db, petition: PublicPetition, avant: str = "") -> Response:
    """Published comments, newest first, from a keyset cursor: ``avant=<microseconds>-<id>``."""
    locale = locale_of(request)
    keys = None if petition.purged_at is not None else petition_keys.of(session, petition.id)
    rows = queries.published(session, petition.id, queries.PER_PAGE + 1, cursor(avant, identifier))
    shown = rows[: queries.PER_PAGE]
    base = f"/petitions/{petition.slug}/commentaires"
    older = None
    if len(rows) > queries.PER_PAGE:
        older = f"{base}?avant={cursor_text(shown[-1].created_at, shown[-1].comment_id)}"
    return public(
        request,
        "petitions/comments.html",
        petition.id,
        p=petition_public.view(
            session,
            petition,
            settings_of(request).origin,
            clock.now(),
            comments_count=queries.published_count(session, petition.id),
        ),
        comments=[comment_public.view(row, keys, locale) for row in shown],
        replies=replies.published(session, petition.id),
        older=older,
        newest=base if avant else None,
    )
