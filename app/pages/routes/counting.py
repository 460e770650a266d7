"""The number of one petition, explained: its terms, each correction of it, the last check, and how to check it."""

from typing import Any

from fastapi import Request
from starlette.responses import JSONResponse, Response

from app import clock
from app.db import Db, Session
from app.pages import counted
from app.pages.routes.base import router
from app.pages.routes.register import keys_of, log_context
from app.paper import queries as paper_queries
from app.petitions import on_paper, public
from app.petitions.dependencies import PublicPetition
from app.petitions.models import Petition
from app.privacy import counting
from app.web.rendering import locale_of, settings_of, shared
from app.web.rendering import public as public_page


@router.get("/petitions/{slug}/comptage")
def explained(request: Request, session: Db, petition: PublicPetition) -> Response:
    now = clock.now()
    view = public.view(session, petition, settings_of(request).origin, now)
    paper = on_paper.by_version(session, petition.id)
    return public_page(
        request,
        "petitions/counted.html",
        petition.id,
        p=view,
        terms=counted.terms(session, petition.id),
        sheets=paper_queries.summary(session, petition.id),
        versions=[(number, n, paper.get(number, 0)) for number, n in view.by_version],
        corrections=counted.corrections(session, petition.id),
        curve=counted.per_day_or_week(session, petition, now, locale_of(request)),
        check=counting.last(session, petition.id),
        log=log_context(request, session, petition.id),
        keys=keys_of(request),
    )


@router.get("/petitions/{slug}/comptage.json")
def explained_as_data(request: Request, session: Db, petition: PublicPetition) -> Response:
    """The same, for programs of everybody."""
    headers = {"access-control-allow-origin": "*", "cross-origin-resource-policy": "cross-origin"}
    return JSONResponse(_said(request, session, petition), headers=headers | shared(request, petition.id))


def _said(request: Request, session: Session, petition: Petition) -> dict[str, Any]:
    terms, check, log = (
        counted.terms(session, petition.id),
        counting.last(session, petition.id),
        log_context(request, session, petition.id),
    )
    return {
        "count": terms.count,
        "terms": dict(terms.signed),
        "corrections": [
            {"day": one.day.isoformat(), "kind": one.kind, "change": one.change, "reason": one.reason}
            for one in counted.corrections(session, petition.id)
        ],
        "checked_at": check.at.isoformat() if check else None,
        "agreed_at": check.agreed_at.isoformat() if check and check.agreed_at else None,
        "register": {"url": log["url"], "origin": log["origin"], "size": log["size"]} if log else None,
    }
