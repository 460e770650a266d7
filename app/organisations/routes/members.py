"""Who is a member, who is invited, who may what."""

from collections.abc import Callable
from functools import partial
from typing import Any

from fastapi import Request
from starlette.responses import Response

from app import clock
from app.accounts.dependencies import Organiser
from app.db import Db, Session
from app.errors import Invalid, Refused
from app.organisations import actions, links, queries
from app.organisations.dependencies import ManagingMembership, OwnMembership
from app.organisations.forms import InvitationForm, RightsForm
from app.organisations.models import Membership
from app.organisations.rights import spelled
from app.organisations.routes.base import HOME, router
from app.web.forms import Form, RowId, Shown, shown_again, validated
from app.web.ratelimit import limited
from app.web.rendering import EMPTY_FORM, page, see_other
from app.web.sorting import in_order, sorting

# By what the members may be in order: those who have a right before the others.
ORDERS: dict[str, Callable[[Membership], Any]] = {
    "adresse": lambda member: member.account.email,
    "petitions": lambda member: not member.petitions,
    "updates": lambda member: not member.updates,
    "signatures": lambda member: not member.signatures,
    "members": lambda member: not member.members,
}
DONE = {
    "invitation": "L’invitation part dans la minute ; elle vaut sept jours.",
    "annulation": "L’invitation est annulée : son lien n’ouvre plus rien.",
    "droits": "Les droits sont changés.",
    "retrait": "Cette personne n’est plus membre.",
    "entree": "Vous voilà membre de cette organisation.",
}


@router.get("/organisation/organisations/{organisation}")
def members(request: Request, session: Db, membership: OwnMembership, fait: str = "") -> Response:
    return _page(request, session, membership, done=DONE.get(fait, ""))


def _page(
    request: Request, session: Session, membership: Membership, form: Shown = EMPTY_FORM, *, done: str = ""
) -> Response:
    order = sorting(request, ORDERS, "")
    people = queries.members(session, membership.organisation_id)
    invited = queries.pending(session, membership.organisation_id, clock.now() - links.INVITED_FOR)
    return page(
        request,
        "organisations/members.html",
        422 if form["errors"] else 200,
        organisation=membership.organisation,
        me=membership,
        members=in_order(people, order, ORDERS),
        order=order,
        spelled=spelled,
        invitations=invited,
        inviters=queries.inviters(session, invited),
        lasts=links.INVITED_FOR,
        form=form,
        done=done,
    )


def _there(membership: Membership, done: str) -> str:
    return f"{HOME}/{membership.organisation.slug}?fait={done}"


@router.post("/organisation/organisations/{organisation}/invitations")
@limited("login")
def invite(
    request: Request, session: Db, organiser: Organiser, membership: ManagingMembership, values: Form
) -> Response:
    with shown_again(values, partial(_page, request, session, membership)):
        form = validated(InvitationForm, values)
        actions.invite(session, membership.organisation_id, form.email, form.rights, organiser.id)
    return see_other(request, _there(membership, "invitation"))


@router.post("/organisation/organisations/{organisation}/invitations/{invitation_id}/annulation")
@limited("staff")
def revoke(
    request: Request, session: Db, organiser: Organiser, membership: ManagingMembership, invitation_id: RowId
) -> Response:
    actions.revoke(session, membership.organisation_id, invitation_id, organiser.id)
    return see_other(request, _there(membership, "annulation"))


@router.post("/organisation/organisations/{organisation}/membres/{account_id}/droits")
@limited("staff")
def change_rights(
    request: Request,
    session: Db,
    organiser: Organiser,
    membership: ManagingMembership,
    account_id: RowId,
    values: Form,
) -> Response:
    there = _there(membership, "droits")
    with shown_again({}, partial(_page, request, session, membership)):
        form = validated(RightsForm, values)
        try:
            actions.change_rights(
                session, membership.organisation_id, account_id, form.rights, form.avant, organiser.id
            )
        except Refused as refused:
            raise _beside(refused) from None
    return see_other(request, there)


def _beside(refused: Refused) -> Refused:
    """What the rule of the last manager refuses is said on the page; what is not there, or has changed, has its own."""
    return Invalid({"": refused.message}) if type(refused) is Refused else refused


@router.post("/organisation/organisations/{organisation}/membres/{account_id}/retrait")
@limited("staff")
def remove(
    request: Request, session: Db, organiser: Organiser, membership: ManagingMembership, account_id: RowId
) -> Response:
    there = _there(membership, "retrait")
    with shown_again({}, partial(_page, request, session, membership)):
        try:
            actions.remove(session, membership.organisation_id, account_id, organiser.id)
        except Refused as refused:
            raise _beside(refused) from None
    return see_other(request, there)


@router.post("/organisation/organisations/{organisation}/depart")
@limited("staff")
def leave(request: Request, session: Db, organiser: Organiser, membership: OwnMembership) -> Response:
    with shown_again({}, partial(_page, request, session, membership)):
        try:
            actions.leave(session, membership.organisation_id, organiser.id)
        except Refused as refused:
            raise _beside(refused) from None
    return see_other(request, f"{HOME}?fait=depart")


@router.post("/organisation/organisations/{organisation}/suppression")
@limited("staff")
def dissolve(request: Request, session: Db, organiser: Organiser, membership: ManagingMembership) -> Response:
    with shown_again({}, partial(_page, request, session, membership)):
        try:
            actions.dissolve(session, membership.organisation_id, organiser.id)
        except Refused as refused:
            raise _beside(refused) from None
    return see_other(request, f"{HOME}?fait=suppression")
