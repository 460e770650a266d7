"""The mailed link that makes an account: one page, one form, and the ten codes once."""

from functools import partial

import segno
from fastapi import Request
from markupsafe import Markup
from starlette.responses import Response

from app import clock
from app.accounts import actions, passkeys, passwords, seeds
from app.accounts.actions import Factors
from app.accounts.dependencies import HalfSession, came, elsewhere, here
from app.accounts.forms import JoinForm
from app.accounts.links import Welcome
from app.accounts.passkeys import NewPasskey
from app.accounts.places import HOMES
from app.accounts.routes.base import database_of, json, router
from app.accounts.routes.passkeys import NOT_MADE
from app.crypto import Vault
from app.db import Db
from app.errors import Invalid
from app.lanes import PATIENCE
from app.web.admission import in_lane
from app.web.cookies import set_browser_cookie, set_session_cookie
from app.web.forms import Form, Shown, shown_again
from app.web.ratelimit import limited
from app.web.rendering import EMPTY_FORM, page, see_other, settings_of

WRONG_CODE = "Ce code ne convient pas. Tapez le suivant."


@router.get("/compte/creer/{token}")
def joining_page(request: Request, session: Db, half: HalfSession, token: str) -> Response:
    """Raises Gone."""
    welcome, account = actions.welcomed(session, token)
    if account is not None:
        here = half is not None and half.complete and half.account_id == account.id
        return page(request, "accounts/joined_already.html", email=welcome.email, then=_then(welcome), here=here)
    return _page(request, welcome, token, seeds.drawn())


def _page(request: Request, welcome: Welcome, token: str, seed: str, form: Shown = EMPTY_FORM) -> Response:
    vault: Vault = request.app.state.vault
    return page(
        request,
        "accounts/join.html",
        422 if form["errors"] else 200,
        email=welcome.email,
        token=token,
        form=form,
        elsewhere=elsewhere(request),
        offer=offer(request, vault, seed, welcome.email, welcome.email),
    )


def offer(request: Request, vault: Vault, seed: str, email: str, to: str) -> dict[str, object]:
    """What a page shows of a new seed: QR code, the same in words and as a link, and the field that keeps it."""
    uri = seeds.uri(seed, email, settings_of(request).site_name)
    drawing = segno.make(uri, error="m").svg_inline(scale=4, dark="#000", light="#fff", border=3)
    return {
        "code": Markup(drawing),  # noqa: S704 drawn by ourselves
        "uri": uri,
        "words": " ".join(seed[i : i + 4] for i in range(0, len(seed), 4)),
        "field": seeds.offered(vault, seed, to),
    }


@router.get("/compte/creer/{token}/cle")
def ask_for_first_key(request: Request, session: Db, token: str) -> Response:
    """Raises Gone."""
    email = actions.welcomed(session, token)[0].email
    return json(passkeys.making(here(request), passkeys.joining(email), email, [], clock.now()))


@router.post("/compte/creer/{token}")
@in_lane("hashing")
@limited("login")
def join(request: Request, token: str, values: Form) -> Response:
    """What is shown in this answer is shown nowhere else, ever. Raises Gone."""
    database = database_of(request)
    with database.read() as session:
        welcome, account = actions.welcomed(session, token)
    if account is not None:
        return see_other(request, f"/compte/creer/{token}")
    form, vault = JoinForm.model_validate(values), request.app.state.vault
    seed = seeds.accepted(vault, form.graine, welcome.email) or seeds.drawn()
    with shown_again({}, partial(_page, request, welcome, token, seed)):
        factors = _factors(request, form, seed, welcome.email)
        with database.write(PATIENCE) as session:
            joined = actions.join(session, welcome.email, factors, came(request))
    if joined is None:  # sent twice at once
        return see_other(request, f"/compte/creer/{token}")
    answer = page(request, "accounts/joined.html", codes=joined.codes, then=_then(welcome))
    set_session_cookie(request, answer, joined.opened.cookie)
    set_browser_cookie(request, answer, joined.opened.account.id, joined.opened.browser)
    return answer


def _factors(request: Request, form: JoinForm, seed: str, email: str) -> Factors | NewPasskey:
    """Raises Invalid."""
    if not form.nouvelle_cle:
        return checked(request, form, seed, email)
    made = passkeys.made(here(request), form.nouvelle_cle, passkeys.joining(email), clock.now())
    if made is None:
        raise Invalid({"": NOT_MADE})
    return made


def checked(request: Request, form: JoinForm, seed: str, email: str, *, with_password: bool = True) -> Factors:
    """Both are looked at before the slow part. Raises Invalid."""
    site = settings_of(request).site_name
    weak = passwords.weakness(form.password, email, site) if with_password else ""
    step = seeds.step_of(seed, form.code)
    if weak or step is None:
        errors = {"password": weak, "code": WRONG_CODE if step is None else ""}
        raise Invalid({name: sentence for name, sentence in errors.items() if sentence})
    return Factors(passwords.hashed(form.password) if with_password else None, seed, step)


def _then(welcome: Welcome) -> str:
    return welcome.then or HOMES["organiser"]
