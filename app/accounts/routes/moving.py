"""A change of address: asked by whoever is signed in, confirmed by the new one, refused by the old one."""

from functools import partial

from fastapi import Request
from starlette.responses import Response

from app.accounts import actions
from app.accounts.dependencies import HalfSession, Posted, Staff, require_fresh
from app.accounts.forms import AddressForm
from app.accounts.models import Account
from app.accounts.places import OWN
from app.accounts.routes.base import router
from app.db import Db
from app.errors import Invalid, Refused
from app.web.forms import Form, Shown, shown_again, validated
from app.web.ratelimit import limited
from app.web.rendering import EMPTY_FORM, locale_of, page, see_other


@router.get("/compte/adresse")
def address_page(request: Request, session: Db, person: Staff) -> Response:
    return _page(request, person)


def _page(request: Request, person: Account, form: Shown = EMPTY_FORM) -> Response:
    return page(request, "accounts/address.html", 422 if form["errors"] else 200, form=form, person=person)


@router.post("/compte/adresse")
@limited("login")
def ask_to_move(
    request: Request, session: Db, person: Staff, signed: HalfSession, fields: Posted, values: Form
) -> Response:
    """The same answer whether the address is free or not."""
    require_fresh(request, signed, fields)
    with shown_again(values, partial(_page, request, person)):
        form = validated(AddressForm, values)
        try:
            actions.ask_to_move(session, person, form.adresse, locale_of(request))
        except Refused as refused:
            raise Invalid({"adresse": refused.message}) from None
    return see_other(request, f"{OWN}?fait=adresse")


@router.get("/connexion/adresse/{token}")
def confirm_page(request: Request, session: Db, token: str) -> Response:
    """Raises Gone."""
    account, move = actions.confirming_move(session, token)
    return page(request, "accounts/address_confirm.html", token=token, old=account.email, new=move.address)


@router.post("/connexion/adresse/{token}")
@limited("login")
def confirm(request: Request, session: Db, token: str) -> Response:
    """Raises Gone, Refused."""
    actions.confirm_move(session, token, locale_of(request))
    return see_other(request, "/connexion/fait/adresse")


@router.get("/connexion/adresse-refusee/{token}")
def veto_page(request: Request, session: Db, token: str) -> Response:
    """Raises Gone."""
    account, move = actions.vetoing_move(session, token)
    return page(request, "accounts/address_veto.html", token=token, old=move.address, new=account.email)


@router.post("/connexion/adresse-refusee/{token}")
@limited("login")
def veto(request: Request, session: Db, token: str) -> Response:
    """Raises Gone, Refused."""
    actions.veto_move(session, token, locale_of(request))
    return see_other(request, "/connexion/fait/adresse-gardee")
