"""Signing in and out of the staff pages."""

import re
from urllib.parse import quote

from fastapi import APIRouter, Request
from starlette.responses import Response

from app.accounts import actions, queries
from app.accounts.dependencies import HalfSession
from app.accounts.models import Account
from app.db import Db, Session
from app.web.cookies import clear_session_cookie, session_cookie, set_session_cookie
from app.web.forms import Form
from app.web.ratelimit import limited
from app.web.rendering import EMPTY_FORM, page, see_other, settings_of

router = APIRouter()
HOMES = {"organiser": "/organisation", "moderator": "/moderation", "admin": "/administration"}
PLACES = ("/organisation", "/moderation", "/administration")


@router.get("/connexion")
def sign_in_page(request: Request, session: Db, half: HalfSession, suite: str = "") -> Response:
    if half is not None and half.complete:
        return see_other(request, _destination(half.account, suite))
    if half is not None:
        return page(request, "accounts/second_factor.html", form=EMPTY_FORM, suite=suite)
    return _sign_in_page(request, session, suite=suite)


def _sign_in_page(
    request: Request, session: Session, status: int = 200, suite: str = "", email: str = "", error: str = ""
) -> Response:
    local = settings_of(request).is_local
    return page(
        request,
        "accounts/sign_in.html",
        status,
        form={"values": {"email": email}, "errors": {"email": error} if error else {}},
        demo_accounts=queries.demo_accounts(session) if local else [],
        suite=suite,
    )


@router.post("/connexion")
@limited("login")
def sign_in(request: Request, session: Db, half: HalfSession, values: Form) -> Response:
    """The password, then the code: one address for both, as the fields say."""
    suite = values.get("suite", "")
    if "code" in values and "password" not in values:
        cookie = actions.check_code(session, half, values["code"]) if half is not None else None
        if cookie is None or half is None:
            if half is None:
                return _sign_in_page(request, session, 422, suite, error="Recommencez : dix minutes ont passé.")
            form = {"values": {}, "errors": {"code": "Ce code ne convient pas. Tapez le suivant."}}
            return page(request, "accounts/second_factor.html", 422, form=form, suite=suite)
        response = see_other(request, _destination(half.account, suite))
        set_session_cookie(request, response, cookie)
        return response
    email = values.get("email", "")[:254]
    opened = actions.sign_in(session, email, values.get("password", "")[:1024], local=settings_of(request).is_local)
    if opened is None:
        # Returned, not raised: the failure must be counted.
        return _sign_in_page(request, session, 422, suite, email, actions.WRONG)
    cookie, complete = opened
    if complete:
        account = queries.by_email(session, email)
        assert account is not None
        response = see_other(request, _destination(account, suite))
    else:
        kept = _wanted(suite, PLACES)
        response = see_other(request, f"/connexion?suite={quote(kept)}" if kept else "/connexion")
    set_session_cookie(request, response, cookie)
    return response


def _destination(account: Account, suite: str) -> str:
    """Where the person wanted to go, within their own pages; never to another site."""
    home = HOMES[account.role]
    return _wanted(suite, PLACES if account.role == "admin" else (home,)) or home


def _wanted(suite: str, places: tuple[str, ...]) -> str:
    """*suite* when it is a page under one of *places*, else ""."""
    inside = re.fullmatch(rf"({'|'.join(places)})(/[\w/-]*)?(\?[\w=&%+.:-]*)?", suite, re.ASCII)
    return suite if inside and "//" not in suite else ""


@router.post("/deconnexion")
@limited()
def sign_out(request: Request, session: Db) -> Response:
    cookie = session_cookie(request)
    if cookie is not None:
        actions.sign_out(session, cookie)
    response = see_other(request, "/connexion")
    clear_session_cookie(request, response)
    return response
