"""Published comments over HTTP."""

from datetime import UTC, datetime

from fastapi import APIRouter, Request
from starlette.responses import Response

from app import clock
from app.comments import public as comment_public
from app.comments import queries
from app.db import Db
from app.errors import NotFound
from app.moderation import replies
from app.petitions import keys as petition_keys
from app.petitions import public as petition_public
from app.petitions.dependencies import PublicPetition
from app.web.rendering import locale_of, public, settings_of

router = APIRouter()


@router.get("/petitions/{slug}/commentaires")
def comments(request: Request, session: Db, petition: PublicPetition, avant: str = "") -> Response:
    """Published comments, newest first, from a keyset cursor: ``avant=<microseconds>-<id>``."""
    locale = locale_of(request)
    keys = None if petition.purged_at is not None else petition_keys.of(session, petition.id)
    rows = queries.published(session, petition.id, queries.PER_PAGE + 1, _cursor(avant))
    shown = rows[: queries.PER_PAGE]
    base = f"/petitions/{petition.slug}/commentaires"
    older = None
    if len(rows) > queries.PER_PAGE:
        moment = shown[-1].created_at
        older = f"{base}?avant={int(moment.timestamp()) * 1_000_000 + moment.microsecond}-{shown[-1].comment_id}"
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


def _cursor(text: str) -> queries.Cursor | None:
    if not text:
        return None
    micros, _, last = text.partition("-")
    try:
        moment = datetime.fromtimestamp(int(micros) // 1_000_000, UTC)
        return moment.replace(microsecond=int(micros) % 1_000_000), int(last)
    except (ValueError, OverflowError, OSError):
        raise NotFound("Cette page n’existe pas.") from None
