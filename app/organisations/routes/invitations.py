"""Somebody follows the link of an invitation: what it is, the way in, and one button."""

from fastapi import Request
from starlette.responses import Response

from app import crypto
from app.accounts import queries as accounts
from app.accounts.actions import way_in
from app.accounts.dependencies import HalfSession, Organiser
from app.db import Db
from app.organisations import actions
from app.organisations.routes.base import HOME, router
from app.web.ratelimit import limited
from app.web.rendering import page, see_other

OWN = "/organisation/invitations"


@router.get("/invitation/{token}")
def invited(request: Request, session: Db, signed: HalfSession, token: str) -> Response:
    """Whoever they are: whoever has the mail has the address."""
    invitation = actions.opened(session, token)
    there = f"{OWN}/{crypto.trimmed(token)}"
    if signed is not None and signed.complete and signed.account.role in {"organiser", "admin"}:
        return see_other(request, there)
    return page(
        request,
        "organisations/invited.html",
        invitation=invitation,
        way_in=way_in(session, invitation.email, there),
        known=accounts.by_email(session, invitation.email) is not None,
        elsewhere=signed is not None and signed.complete,
    )


@router.get("/organisation/invitations/{token}")
def invitation_page(request: Request, session: Db, organiser: Organiser, token: str) -> Response:
    invitation = actions.opened(session, token)
    return page(
        request,
        "organisations/accept.html",
        invitation=invitation,
        token=crypto.trimmed(token),
        mine=organiser.email == invitation.email,
    )


@router.post("/organisation/invitations/{token}")
@limited("staff")
def accept(request: Request, session: Db, organiser: Organiser, token: str) -> Response:
    membership = actions.accept(session, token, organiser)
    return see_other(request, f"{HOME}/{membership.organisation.slug}?fait=entree")
