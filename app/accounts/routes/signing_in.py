"""Signing in and out of the staff pages, and the mailed link that lets one try."""

from urllib.parse import quote

from fastapi import Request
from starlette.responses import Response

from app.accounts import actions, passwords, queries
from app.accounts.dependencies import HalfSession, came, elsewhere
from app.accounts.forms import LinkForm, SignInForm
from app.accounts.places import destination, wanted
from app.accounts.routes.base import database_of, router
from app.db import Db, Session
from app.errors import Gone
from app.lanes import PATIENCE
from app.web.admission import in_lane
from app.web.cookies import (
    clear_session_cookie,
    session_cookie,
    set_browser_cookie,
    set_session_cookie,
)
from app.web.forms import Form
from app.web.ratelimit import limited
from app.web.rendering import EMPTY_FORM, locale_of, page, see_other, settings_of

WRONG_CODE = "Ce code ne convient pas. Tapez le suivant."
WRONG_SPARE = "Ce code de secours ne convient pas, ou il a servi. Essayez-en un autre."


@router.get("/connexion")
def sign_in_page(request: Request, session: Db, half: HalfSession, suite: str = "") -> Response:
    if half is not None and half.complete:
        return see_other(request, destination(half.account, suite))
    if half is not None:
        return page(request, "accounts/second_factor.html", form=EMPTY_FORM, suite=suite)
    return sign_in_page_of(request, session, suite=suite)


def sign_in_page_of(
    request: Request,
    session: Session,
    status: int = 200,
    *,
    suite: str = "",
    email: str = "",
    error: str = "",
    at: str = "email",
    link: str = "",
) -> Response:
    local = settings_of(request).is_local
    return page(
        request,
        "accounts/sign_in.html",
        status,
        form={"values": {"email": email}, "errors": {at: error} if error else {}},
        demo_accounts=queries.demo_accounts(session) if local else [],
        suite=suite,
        link=link,
        elsewhere=elsewhere(request),
    )


@router.post("/connexion")
@in_lane("hashing")
@limited("login")
def sign_in(request: Request, values: Form) -> Response:
    """The password, then the code: one address for both, as the fields say."""
    form = SignInForm.model_validate(values)
    if form.password is None and (form.code is not None or form.secours is not None):
        return _second_step(request, form)
    return _first_step(request, form)


def _first_step(request: Request, form: SignInForm) -> Response:
    """Nothing is held while the password is verified."""
    database = database_of(request)
    with database.read() as session:
        asked = actions.asked(session, form.email)
    right, better = passwords.verify(form.password or "", asked.kept)
    where = came(request, asked.account_id, form.lien)
    with database.write(PATIENCE) as session:
        opened = actions.sign_in(session, asked, right, better, where, local=settings_of(request).is_local)
    if opened is None:
        # Returned, not raised: the failure must be counted.
        with database.read() as session:
            return sign_in_page_of(
                request, session, 422, suite=form.suite, email=form.email, error=actions.WRONG, link=form.lien
            )
    return entered(request, opened, form.suite)


def _second_step(request: Request, form: SignInForm) -> Response:
    """A code of the application, or one of the recovery codes."""
    cookie, spare = session_cookie(request), form.code is None
    code = (form.secours if spare else form.code) or ""
    with database_of(request).write(PATIENCE) as session:
        half = actions.current(session, cookie) if cookie else None
        if half is None:
            return sign_in_page_of(
                request, session, 422, suite=form.suite, error="Recommencez : dix minutes ont passé."
            )
        where = came(request, half.account_id)
        opened = actions.check_code(session, half, code, where, spare=spare) if not half.complete else None
    if opened is None:
        errors = {"secours": WRONG_SPARE} if spare else {"code": WRONG_CODE}
        return page(
            request, "accounts/second_factor.html", 422, form={"values": {}, "errors": errors}, suite=form.suite
        )
    return entered(request, opened, form.suite)


def entered(request: Request, opened: actions.Opened, suite: str) -> Response:
    kept = wanted(suite)
    place = f"/connexion?suite={quote(kept)}" if kept else "/connexion"
    response = see_other(request, destination(opened.account, suite) if opened.complete else place)
    set_session_cookie(request, response, opened.cookie)
    if opened.complete:
        set_browser_cookie(request, response, opened.account.id, opened.browser)
    return response


@router.post("/deconnexion")
@limited()
def sign_out(request: Request, session: Db) -> Response:
    cookie = session_cookie(request)
    if cookie is not None:
        actions.sign_out(session, cookie)
    response = see_other(request, "/connexion")
    clear_session_cookie(request, response)
    return response


@router.get("/connexion/lien")
def ask_for_link(request: Request) -> Response:
    return page(request, "accounts/link.html", form=EMPTY_FORM)


@router.post("/connexion/lien")
@limited("login")
def send_link(request: Request, session: Db, values: Form) -> Response:
    """The same answer for every address; only a mailbox learns more."""
    actions.send_link(session, LinkForm.model_validate(values).email, locale_of(request))
    return see_other(request, "/connexion/lien/envoye")


@router.get("/connexion/lien/envoye")
def link_sent(request: Request) -> Response:
    return page(request, "accounts/link_sent.html")


@router.get("/connexion/lien/{token}")
def follow_link(request: Request, session: Db, token: str) -> Response:
    """The sign-in page, which this link keeps open to its owner. Raises Gone."""
    if not actions.link_serves(session, token):
        raise Gone("Ce lien de connexion a servi, ou ses quinze minutes ont passé. Demandez-en un autre.")
    return sign_in_page_of(request, session, link=token)
