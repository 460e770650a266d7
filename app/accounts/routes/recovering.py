"""Ways back by mail: a forgotten password, a lost second factor."""

from functools import partial

from fastapi import Request
from starlette.responses import Response

from app.accounts import actions, passwords, seeds
from app.accounts.dependencies import came
from app.accounts.forms import LinkForm, MendForm
from app.accounts.models import Account
from app.accounts.routes.base import database_of, router
from app.accounts.routes.joining import checked, offer
from app.accounts.routes.signing_in import WRONG_SPARE
from app.db import Db
from app.errors import Invalid, NotFound
from app.lanes import PATIENCE
from app.web.admission import in_lane
from app.web.forms import Form, Shown, shown_again
from app.web.ratelimit import limited
from app.web.rendering import EMPTY_FORM, locale_of, page, see_other, settings_of

# After what could be done without being signed in: a title, and what it means.
DONE = {
    "mot-de-passe": ("Votre mot de passe est changé", "Connectez-vous avec lui ; votre second facteur reste demandé."),
    "second-facteur": (
        "Votre second facteur est changé",
        "Connectez-vous avec votre mot de passe et un code de la nouvelle application. Sur la page de votre compte,"
        " vous pouvez faire dix nouveaux codes de secours.",
    ),
    "adresse": ("Votre adresse est changée", "Connectez-vous désormais avec la nouvelle. L’ancienne en est avertie."),
    "compte": (
        "Votre compte est fermé",
        "Votre adresse et tout ce qui l’ouvrait sont effacés. Merci de votre passage.",
    ),
    "adresse-gardee": (
        "Votre adresse reste la même",
        "Toutes les sessions de ce compte sont fermées. Si vous n’avez rien demandé, quelqu’un a pu y entrer :"
        " changez de mot de passe tout de suite.",
    ),
}


@router.get("/connexion/fait/{what}")
def done(request: Request, what: str) -> Response:
    if what not in DONE:
        raise NotFound("Aucune page n’est à cette adresse.")
    title, meaning = DONE[what]
    return page(
        request,
        "accounts/done.html",
        title=title,
        meaning=meaning,
        kept=what == "adresse-gardee",
        closed=what == "compte",
    )


@router.get("/connexion/mot-de-passe-oublie")
def ask_for_password(request: Request) -> Response:
    return page(request, "accounts/ask_password.html", form=EMPTY_FORM)


@router.post("/connexion/mot-de-passe-oublie")
@limited("login")
def send_password_link(request: Request, session: Db, values: Form) -> Response:
    """The same answer for every address; only a mailbox learns more."""
    actions.ask_to_mend(session, "password", LinkForm.model_validate(values).email, locale_of(request))
    return see_other(request, "/connexion/retour-envoye")


@router.get("/connexion/second-facteur")
def ask_for_factor(request: Request) -> Response:
    return page(request, "accounts/ask_factor.html", form=EMPTY_FORM)


@router.post("/connexion/second-facteur")
@limited("login")
def send_factor_link(request: Request, session: Db, values: Form) -> Response:
    actions.ask_to_mend(session, "factor", LinkForm.model_validate(values).email, locale_of(request))
    return see_other(request, "/connexion/retour-envoye")


@router.get("/connexion/retour-envoye")
def mending_sent(request: Request) -> Response:
    return page(request, "accounts/mending_sent.html")


@router.get("/connexion/mot-de-passe/{token}")
def new_password_page(request: Request, session: Db, token: str) -> Response:
    """Raises Gone."""
    return _password_page(request, token, actions.mending(session, "password", token).email)


def _password_page(request: Request, token: str, email: str, form: Shown = EMPTY_FORM) -> Response:
    status = 422 if form["errors"] else 200
    return page(request, "accounts/new_password.html", status, form=form, token=token, email=email)


@router.post("/connexion/mot-de-passe/{token}")
@in_lane("hashing")
@limited("login")
def new_password(request: Request, token: str, values: Form) -> Response:
    """Raises Gone."""
    database, form = database_of(request), MendForm.model_validate(values)
    with database.read() as session:
        email = actions.mending(session, "password", token).email
    with shown_again({}, partial(_password_page, request, token, email)):
        if weak := passwords.weakness(form.password, email, settings_of(request).site_name):
            raise Invalid({"password": weak})
    kept = passwords.hashed(form.password)
    with database.write(PATIENCE) as session:
        actions.set_password(session, token, kept, locale_of(request))
    return see_other(request, "/connexion/fait/mot-de-passe")


@router.get("/connexion/second-facteur/{token}")
def new_factor_page(request: Request, session: Db, token: str) -> Response:
    """Raises Gone."""
    return _factor_page(request, token, actions.mending(session, "factor", token), seeds.drawn())


def _factor_page(request: Request, token: str, account: Account, seed: str, form: Shown = EMPTY_FORM) -> Response:
    return page(
        request,
        "accounts/new_factor.html",
        422 if form["errors"] else 200,
        form=form,
        token=token,
        account=account,
        offer=offer(request, request.app.state.vault, seed, account.email, _to(account)),
    )


def _to(account: Account) -> str:
    return f"mending {account.id}"


@router.post("/connexion/second-facteur/{token}")
@in_lane("hashing")
@limited("login")
def new_factor(request: Request, token: str, values: Form) -> Response:
    """The recovery code is spent last, once all the rest is right. Raises Gone."""
    database, form = database_of(request), MendForm.model_validate(values)
    with database.read() as session:
        account = actions.mending(session, "factor", token)
    seed = seeds.accepted(request.app.state.vault, form.graine, _to(account)) or seeds.drawn()
    with shown_again({}, partial(_factor_page, request, token, account, seed)):
        factors = checked(request, form, seed, account.email, with_password=not account.password_hash)
        with database.write(PATIENCE) as session:
            right = actions.set_factor(session, token, form.secours, factors, came(request, account.id))
        if not right:  # raised once the failure is counted
            raise Invalid({"secours": WRONG_SPARE})
    return see_other(request, "/connexion/fait/second-facteur")
