"""A petition in the frame of another site's page: its count on any, its form on those that the organiser named.

Each page says who may frame it: a stranger's page cannot have somebody sign without seeing what.
"""

from typing import Any

from fastapi import Request
from starlette.responses import Response

from app import clock
from app.db import Database, Db, Session
from app.pages.routes.base import router
from app.pages.routes.petition import form_context
from app.petitions import addresses, origins, public, queries
from app.petitions.dependencies import PublicPetition
from app.petitions.models import Petition
from app.signatures.queries import since
from app.web.forms import Shown
from app.web.headers import EVERYBODY, framed_by
from app.web.rendering import EMPTY_FORM, page, settings_of
from app.web.rendering import public as public_page


@router.get("/widget/{slug}")
def widget(request: Request, session: Db, petition: PublicPetition) -> Response:
    """The count and the form where a site was named; as long as none was, the count, on any."""
    if not petition.is_open(clock.now()) or not origins.of_petition(session, petition.id):
        return counter(request, session, petition)
    context = _form_page(request, session, petition, EMPTY_FORM)
    answer = public_page(request, "petitions/widget_form.html", petition.id, **context)
    answer.headers.update(framed_by(context["origins"]))
    return answer


@router.get("/widget/{slug}/compteur")
def counter(request: Request, session: Db, petition: PublicPetition) -> Response:
    view = public.view(session, petition, settings_of(request).origin, clock.now())
    answer = public_page(request, "petitions/widget.html", petition.id, p=view)
    answer.headers.update(framed_by(EVERYBODY))
    return answer


@router.get("/widget/{slug}/verifier")
def inbox(request: Request, session: Db, petition: PublicPetition) -> Response:
    """Where the form leads. What there is to type from here on is typed in a window of our own."""
    settings, named = settings_of(request), origins.of_petition(session, petition.id)
    view = public.view(session, petition, settings.origin, clock.now())
    answer = page(request, "petitions/widget_inbox.html", p=view, sender=settings.sender, origins=named)
    answer.headers.update(framed_by(named))
    return answer


def _form_page(request: Request, session: Session, petition: Petition, form: Shown) -> dict[str, Any]:
    now = clock.now()
    last_hour = since(session, petition.id, queries.hour_ago(now))
    return {
        "p": public.view(session, petition, settings_of(request).origin, now, last_hour=last_hour),
        "origins": origins.of_petition(session, petition.id),
        **form_context(request, session, petition, form, now),
    }


def in_frame(request: Request) -> bool:
    """It was sent by the form in a frame."""
    return str(request.scope["path"]).startswith("/widget/")


def sign_again_framed(request: Request, form: Shown, status: int) -> Response:
    """The frame with what was typed and what to correct. Raises NotFound, Moved."""
    database: Database = request.app.state.database
    with database.read() as session:
        petition = addresses.public(session, request.path_params["slug"])
        context = _form_page(request, session, petition, form)
        answer = page(request, "petitions/widget_form.html", status, **context)
        answer.headers.update(framed_by(context["origins"]))
        return answer
