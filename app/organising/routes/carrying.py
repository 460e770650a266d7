"""Who carries a petition: a person alone, or an organisation of theirs."""

from functools import partial

from fastapi import Request
from starlette.responses import Response

from app.accounts.dependencies import Organiser
from app.accounts.models import Account
from app.db import Db, Session
from app.errors import Invalid, NotFound
from app.organisations.queries import where_may
from app.organisations.rights import Right
from app.organising import desk
from app.organising.dependencies import WrittenPetition
from app.organising.forms import CarryForm
from app.organising.routes.base import router
from app.petitions import actions, permissions
from app.petitions.models import Petition
from app.web.forms import Form, Shown, shown_again, validated
from app.web.ratelimit import limited
from app.web.rendering import EMPTY_FORM, page, see_other


@router.get("/petitions/{slug}/porteur")
def carrier(request: Request, session: Db, organiser: Organiser, petition: WrittenPetition) -> Response:
    return _page(request, session, organiser, petition)


def _page(
    request: Request, session: Session, organiser: Account, petition: Petition, form: Shown = EMPTY_FORM
) -> Response:
    """An administrator sees the petition, and gives it to nobody. Raises NotFound."""
    if not permissions.holds(session, organiser, petition, Right.PETITIONS):
        raise NotFound("Aucune de vos pétitions n’est à cette adresse.")
    return page(
        request,
        "organising/carrier.html",
        422 if form["errors"] else 200,
        petition=petition,
        desk=desk.of(session, petition, organiser),
        organisations=where_may(session, organiser.id, Right.PETITIONS),
        form=form,
    )


@router.post("/petitions/{slug}/porteur")
@limited("staff")
def carry(request: Request, session: Db, organiser: Organiser, petition: WrittenPetition, values: Form) -> Response:
    """To the organisation that was chosen."""
    with shown_again(values, partial(_page, request, session, organiser, petition)):
        wanted = validated(CarryForm, values).organisation
        found = {one.slug: one.id for one in where_may(session, organiser.id, Right.PETITIONS)}
        if wanted not in found:
            raise Invalid({"organisation": "Choisissez l’organisation qui portera cette pétition."})
        actions.entrust(session, petition, found[wanted], organiser.id)
    return see_other(request, "/organisation")


@router.post("/petitions/{slug}/reprise")
@limited("staff")
def take_back(request: Request, session: Db, organiser: Organiser, petition: WrittenPetition) -> Response:
    actions.take_back(session, petition, organiser)
    return see_other(request, f"/organisation/petitions/{petition.slug}")
