"""Passkeys: what scripts ask for, one's own, and coming in with one."""

from functools import partial

from fastapi import Request
from starlette.responses import Response

from app import clock
from app.accounts import actions, passkeys, queries
from app.accounts.dependencies import HalfSession, Posted, Staff, came, elsewhere, here, require_fresh
from app.accounts.forms import KeyForm, NewKeyForm
from app.accounts.models import Account
from app.accounts.origins import names
from app.accounts.places import OWN
from app.accounts.routes.base import database_of, json, router
from app.accounts.routes.signing_in import entered, sign_in_page_of
from app.db import Db
from app.errors import Invalid, Refused
from app.lanes import PATIENCE
from app.web.forms import Form, RowId, Shown, shown_again, validated
from app.web.ratelimit import limited
from app.web.rendering import EMPTY_FORM, locale_of, page, see_other, settings_of

WRONG_KEY = (
    "Cette clé d’accès n’ouvre rien ici, ou cinq minutes ont passé. Recommencez, ou entrez avec votre mot de passe."
)
NOT_MADE = "La clé n’a pas été faite, ou cinq minutes ont passé. Recommencez."


@router.get("/connexion/cle")
def ask_for_key(request: Request) -> Response:
    """Any passkey of ours: the browser knows which it has, and we do not ask who it is."""
    return json(passkeys.entering(here(request), passkeys.ENTER, [], clock.now()))


@router.post("/connexion/cle")
@limited("login")
def enter_with_key(request: Request, values: Form) -> Response:
    form, database = KeyForm.model_validate(values), database_of(request)
    with database.write(PATIENCE) as session:
        found = actions.whose_key(session, here(request), form.cle)
        opened = actions.enter(session, here(request), form.cle, came(request, found))
    if opened is None:
        # Returned, not raised: the failure is in the journal.
        with database.read() as session:
            return sign_in_page_of(request, session, 422, suite=form.suite, error=WRONG_KEY, at="")
    return entered(request, opened, form.suite)


@router.get("/compte/cles/preuve")
def ask_for_own_key(request: Request, session: Db, person: Staff) -> Response:
    known = queries.passkeys_of(session, person.id)
    return json(passkeys.entering(here(request), passkeys.own(person.id), known, clock.now()))


@router.get("/compte/cles/demande")
def ask_for_new_key(request: Request, session: Db, person: Staff) -> Response:
    known = queries.passkeys_of(session, person.id)
    return json(passkeys.making(here(request), passkeys.own(person.id), person.email, known, clock.now()))


@router.post("/compte/cles/nouvelle")
@limited("staff")
def new_key_page(request: Request, session: Db, person: Staff, signed: HalfSession, fields: Posted) -> Response:
    """A page that opens by a POST: the proof comes before the gesture."""
    require_fresh(request, signed, fields)
    return _new_key_page(request, person)


def _new_key_page(request: Request, person: Account, form: Shown = EMPTY_FORM) -> Response:
    suggested = " · ".join(filter(None, names(request.headers.get("user-agent", ""))))
    status = 422 if form["errors"] else 200
    shown = form if form["errors"] else {"values": {"nom": suggested}, "errors": {}}
    return page(request, "accounts/new_key.html", status, form=shown, elsewhere=elsewhere(request))


@router.post("/compte/cles")
@limited("staff")
def add_key(
    request: Request, session: Db, person: Staff, signed: HalfSession, fields: Posted, values: Form
) -> Response:
    require_fresh(request, signed, fields)
    with shown_again(values, partial(_new_key_page, request, person)):
        form = validated(NewKeyForm, values)
        made = passkeys.made(here(request), form.nouvelle_cle, passkeys.own(person.id), clock.now())
        if made is None:
            raise Invalid({"": NOT_MADE})
        try:
            actions.add_key(session, person, made, form.nom, locale_of(request))
        except Refused as refused:
            raise Invalid({"": refused.message}) from None
    return see_other(request, f"{OWN}?fait=cle")


@router.post("/compte/cles/{key_id}/fin")
@limited("staff")
def remove_key(
    request: Request, session: Db, person: Staff, signed: HalfSession, fields: Posted, key_id: RowId
) -> Response:
    require_fresh(request, signed, fields)
    actions.remove_key(session, person, key_id, locale_of(request), local=settings_of(request).is_local)
    return see_other(request, f"{OWN}?fait=cle-retiree")
