"""Where a petition may be seen beside its page: the sites that may frame its form, codes to copy, links, pictures."""

from functools import partial

from fastapi import Request
from starlette.responses import Response

from app import clock
from app.accounts.dependencies import Organiser
from app.accounts.models import Account
from app.db import Db, Session
from app.errors import NotFound
from app.organisations.rights import Right
from app.organising import desk, snippets
from app.organising.dependencies import OwnPetition, WrittenPetition
from app.organising.forms import OriginForm
from app.organising.routes.base import router
from app.petitions import origins, permissions, public
from app.petitions.choices import TAGS
from app.petitions.models import Petition
from app.petitions.queries import PUBLIC_STATES
from app.web.forms import Form, Shown, shown_again, validated
from app.web.ratelimit import limited
from app.web.rendering import EMPTY_FORM, page, see_other, settings_of

# What an organiser puts where they like; the other links are in what we make ourselves.
SHARED = ("lien", "courriel", "whatsapp", "mastodon", "affiche")


@router.get("/petitions/{slug}/diffuser")
def spreading(request: Request, session: Db, organiser: Organiser, petition: OwnPetition) -> Response:
    return _page(request, session, organiser, petition)


def _page(
    request: Request, session: Session, organiser: Account, petition: Petition, form: Shown = EMPTY_FORM
) -> Response:
    _online(petition)
    origin = settings_of(request).origin
    view = public.view(session, petition, origin, clock.now())
    return page(
        request,
        "organising/spreading.html",
        422 if form["errors"] else 200,
        p=view,
        snippets={
            "form": snippets.form(view, origin),
            "counter": snippets.counter(view, origin),
            "badge": snippets.badge(view),
        },
        desk=desk.of(session, petition, organiser),
        origins=origins.of_petition(session, petition.id),
        most=origins.MOST,
        tags=[(tag, TAGS[tag]) for tag in SHARED],
        may_name=permissions.may(session, organiser, petition, Right.PETITIONS),
        form=form,
    )


def _online(petition: Petition) -> None:
    """Raises NotFound of what nobody may read yet."""
    if petition.state not in PUBLIC_STATES:
        raise NotFound("Cette pétition se diffusera une fois publiée.")


@router.post("/petitions/{slug}/diffuser/sites")
@limited("staff")
def name(request: Request, session: Db, organiser: Organiser, petition: WrittenPetition, values: Form) -> Response:
    """One site more."""
    _online(petition)
    with shown_again(values, partial(_page, request, session, organiser, petition)):
        origins.name(session, petition, validated(OriginForm, values).origin, organiser.id)
    return see_other(request, f"/organisation/petitions/{petition.slug}/diffuser")


@router.post("/petitions/{slug}/diffuser/retrait")
@limited("staff")
def remove(request: Request, session: Db, organiser: Organiser, petition: WrittenPetition, values: Form) -> Response:
    _online(petition)
    with shown_again(values, partial(_page, request, session, organiser, petition)):
        origins.remove(session, petition, validated(OriginForm, values).origin, organiser.id)
    return see_other(request, f"/organisation/petitions/{petition.slug}/diffuser")
