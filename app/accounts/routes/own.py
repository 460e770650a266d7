"""One's own account: where one is signed in, the password, and the proof that grave acts ask for."""

from functools import partial

from fastapi import Path, Request
from starlette.responses import RedirectResponse, Response

from app.accounts import actions, passwords, queries
from app.accounts.dependencies import HalfSession, Posted, SignedAside, Staff, came, elsewhere, here, proof_asked
from app.accounts.forms import PasswordForm, ProofForm
from app.accounts.models import Account
from app.accounts.places import OWN, wanted
from app.accounts.routes.base import database_of, router
from app.db import Db
from app.errors import Invalid, Refused
from app.lanes import PATIENCE
from app.web.admission import in_lane
from app.web.cookies import set_browser_cookie, set_session_cookie
from app.web.forms import Form, Shown, shown_again
from app.web.ratelimit import limited
from app.web.rendering import EMPTY_FORM, locale_of, localised, page, see_other, settings_of

ROLES = {"organiser": "organisation", "moderator": "modération", "admin": "administration"}
DONE = {
    "adresse": "Si cette adresse est libre, un lien vient d’y être envoyé : ouvrez-le pour confirmer. L’ancienne est"
    " avertie.",
    "cle": "Votre clé d’accès est ajoutée : elle suffit pour entrer.",
    "cle-retiree": "Cette clé d’accès est retirée : elle n’ouvre plus rien.",
    "code": "Votre application de codes est changée ; l’ancienne n’ouvre plus rien, vos autres sessions sont fermées.",
    "mot-de-passe": "Votre mot de passe est changé ; vos autres sessions sont fermées.",
    "session": "Cette session est fermée.",
    "autres": "Toutes vos autres sessions sont fermées.",
}
WRONG_PROOF = {
    "code": "Ce code ne convient pas. Tapez le suivant.",
    "password": "Ce n’est pas votre mot de passe.",
    "key": "Ce n’est pas une clé d’accès de ce compte, ou cinq minutes ont passé. Recommencez.",
}


@router.get("/compte")
def own_account(request: Request, session: Db, person: Staff, signed: HalfSession, fait: str = "") -> Response:
    assert signed is not None
    return page(
        request,
        "accounts/mine.html",
        person=person,
        role=ROLES[person.role],
        keys=queries.passkeys_of(session, person.id),
        codes_left=queries.codes_left(session, person.id),
        numbers=elsewhere(request),
        sessions=actions.own(session, person, signed.key, came(request)),
        done=DONE.get(fait, ""),
    )


@router.post("/compte/sessions/{session_id}/fin")
@limited("staff")
def close_session(
    request: Request, session: Db, person: Staff, session_id: str = Path(pattern="^[0-9a-f]{16}$")
) -> Response:
    actions.close_one(session, person, session_id)
    return see_other(request, f"{OWN}?fait=session")


@router.post("/compte/sessions/fin")
@limited("staff")
def close_other_sessions(request: Request, session: Db, person: Staff, signed: HalfSession) -> Response:
    assert signed is not None
    actions.close_others(session, person, signed.key)
    return see_other(request, f"{OWN}?fait=autres")


@router.get("/compte/mot-de-passe")
def password_page(request: Request, session: Db, person: Staff) -> Response:
    return _password_page(request, person) if person.password_hash else see_other(request, OWN)


@router.post("/compte/mot-de-passe")
@in_lane("hashing")
@limited("login")
def change_password(request: Request, signed: SignedAside, values: Form) -> Response:
    account, form = signed.account, PasswordForm.model_validate(values)
    # Passwords are typed anew, and nothing of them is shown; a wrong one is counted before it is refused.
    with shown_again({}, partial(_password_page, request, account)):
        if form.new != form.again:
            raise Invalid({"again": "Les deux ne sont pas pareils. Tapez le nouveau deux fois."})
        try:
            kept = passwords.hashed(form.new, account.email, settings_of(request).site_name)
        except Refused as refused:
            raise Invalid({"new": refused.message}) from None
        right, _ = passwords.verify(form.present, account.password_hash)
        with database_of(request).write(PATIENCE) as session:
            changed = actions.change_password(
                session, signed.key, account.password_hash, right, kept, locale_of(request)
            )
        if changed is None:
            raise Invalid({"present": "Ce n’est pas votre mot de passe présent."})
    cookie, browser = changed
    response = see_other(request, f"{OWN}?fait=mot-de-passe")
    set_session_cookie(request, response, cookie)
    set_browser_cookie(request, response, account.id, browser)
    return response


def _password_page(request: Request, person: Account, form: Shown = EMPTY_FORM) -> Response:
    return page(request, "accounts/password.html", 422 if form["errors"] else 200, form=form, person=person)


@router.post("/compte/preuve")
@in_lane("hashing")
@limited("login")
def prove(request: Request, signed: SignedAside, fields: Posted) -> Response:
    """What was asked for is sent again (307: the same form, to the same address), now that it is proved."""
    form, account = ProofForm.model_validate(dict(fields)), signed.account
    target = wanted(form.vers)
    how, right = "code" if account.totp_sealed is not None else "password", False
    gesture = (here(request), form.cle) if form.cle else None
    if gesture is None and how == "password":
        right, _ = passwords.verify(form.preuve, account.password_hash)
    with database_of(request).write(PATIENCE) as session:
        cookie = actions.prove(session, signed.key, code=form.preuve, right=right, gesture=gesture)
    if cookie is None:
        wrong = WRONG_PROOF["key" if gesture or not account.password_hash else how]
        raise proof_asked(request, target or OWN, signed, fields, wrong)
    if target:
        response: Response = RedirectResponse(localised(request, target), 307, headers={"cache-control": "no-store"})
    else:
        response = see_other(request, OWN)
    set_session_cookie(request, response, cookie)
    return response
