"""The number of one petition, explained: what is in it, what is no longer, and each correction of it."""

from fastapi import Request
from starlette.responses import Response

from app import clock
from app.db import Db
from app.pages.routes.base import router
from app.paper import queries as paper_queries
from app.paper.choices import WHY
from app.petitions import on_paper, public
from app.petitions.dependencies import PublicPetition
from app.signatures import queries as signature_queries
from app.web.rendering import public as public_page
from app.web.rendering import settings_of


@router.get("/petitions/{slug}/comptage")
def explained(request: Request, session: Db, petition: PublicPetition) -> Response:
    view = public.view(session, petition, settings_of(request).origin, clock.now())
    withdrawn, aside = signature_queries.left_the_count(session, petition.id)
    paper = on_paper.by_version(session, petition.id)
    return public_page(
        request,
        "petitions/counted.html",
        petition.id,
        p=view,
        online=view.count - view.paper,
        withdrawn=withdrawn,
        aside=aside,
        sheets=paper_queries.summary(session, petition.id),
        versions=[(number, n, paper.get(number, 0)) for number, n in view.by_version],
        corrections=paper_queries.corrections(session, petition.id),
        reasons=WHY,
    )
