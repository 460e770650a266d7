"""Closing one's account: what goes, what stays, and what becomes of one's petitions."""

from functools import partial

from fastapi import Request
from starlette.responses import Response

from app.accounts.dependencies import HalfSession, Posted, Staff, require_fresh
from app.accounts.models import Account
from app.db import Db, Session
from app.privacy.actions import closing
from app.privacy.forms import ClosingForm
from app.privacy.routes.base import router
from app.web.cookies import clear_session_cookie
from app.web.forms import Form, Shown, shown_again, validated
from app.web.ratelimit import limited
from app.web.rendering import EMPTY_FORM, locale_of, page, see_other


@router.get("/compte/fermeture")
def closing_page(request: Request, session: Db, person: Staff) -> Response:
    return _page(request, session, person)


def _page(request: Request, session: Session, person: Account, form: Shown = EMPTY_FORM) -> Response:
    left = closing.left_by(session, person.id)
    status = 422 if form["errors"] else 200
    return page(request, "privacy/close_account.html", status, form=form, person=person, left=left)


@router.post("/compte/fermeture")
@limited("staff")
def close_account(
    request: Request, session: Db, person: Staff, signed: HalfSession, fields: Posted, values: Form
) -> Response:
    require_fresh(request, signed, fields)
    with shown_again(values, partial(_page, request, session, person)):
        form = validated(ClosingForm, values)
        closing.close_account(session, person.id, form.devenir, locale_of(request))
    response = see_other(request, "/connexion/fait/compte")
    clear_session_cookie(request, response)
    return response
