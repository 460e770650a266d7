"""One's organisations: the list, a new one, what one says of itself."""

from functools import partial

from fastapi import Request
from starlette.responses import Response

from app.accounts.dependencies import Organiser
from app.db import Db
from app.organisations import actions, queries
from app.organisations.dependencies import ManagingMembership
from app.organisations.forms import OrganisationForm
from app.organisations.models import Membership
from app.organisations.routes.base import HOME, router
from app.web.forms import Form, Shown, shown_again, validated
from app.web.ratelimit import limited
from app.web.rendering import EMPTY_FORM, page, see_other

DONE = {"depart": "Vous avez quitté cette organisation.", "suppression": "Cette organisation est supprimée."}


@router.get("/organisation/organisations")
def organisations(request: Request, session: Db, organiser: Organiser, fait: str = "") -> Response:
    mine = queries.memberships(session, organiser.id)
    return page(
        request,
        "organisations/list.html",
        memberships=mine,
        numbers=queries.numbers(session, [one.organisation_id for one in mine]),
        done=DONE.get(fait, ""),
    )


@router.get("/organisation/organisations/nouvelle")
def new_organisation(request: Request, organiser: Organiser) -> Response:
    return _page(request)


def _page(request: Request, membership: Membership | None = None, form: Shown = EMPTY_FORM) -> Response:
    organisation = membership.organisation if membership is not None else None
    return page(
        request, "organisations/edit.html", 422 if form["errors"] else 200, organisation=organisation, form=form
    )


@router.post("/organisation/organisations/nouvelle")
@limited("staff")
def create(request: Request, session: Db, organiser: Organiser, values: Form) -> Response:
    with shown_again(values, partial(_page, request, None)):
        form = validated(OrganisationForm, values)
        made = actions.create(session, form.name, form.description, form.site, organiser.id)
    return see_other(request, f"{HOME}/{made.slug}")


@router.get("/organisation/organisations/{organisation}/presentation")
def presentation(request: Request, membership: ManagingMembership) -> Response:
    said = membership.organisation
    values = {"name": said.name, "description": said.description, "site": said.site}
    return _page(request, membership, {"values": values, "errors": {}})


@router.post("/organisation/organisations/{organisation}/presentation")
@limited("staff")
def edit(request: Request, session: Db, organiser: Organiser, membership: ManagingMembership, values: Form) -> Response:
    with shown_again(values, partial(_page, request, membership)):
        form = validated(OrganisationForm, values)
        actions.edit(session, membership.organisation_id, form.name, form.description, form.site, organiser.id)
    return see_other(request, f"{HOME}/{membership.organisation.slug}")
