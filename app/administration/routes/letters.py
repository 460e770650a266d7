"""The platform's letter to those who asked for it: written, read again, sent."""

from functools import partial

from fastapi import Request
from markupsafe import Markup
from starlette.responses import Response

from app import clock
from app.accounts.dependencies import Admin
from app.administration.routes.base import router
from app.db import Db
from app.petitions import markdown
from app.subscriptions import queries as subscription_queries
from app.updates import actions, queries
from app.updates.forms import LetterAct, LetterForm
from app.web.forms import Form, Shown, shown_again, validated
from app.web.ratelimit import limited
from app.web.rendering import EMPTY_FORM, page, see_other

LETTER = "/administration/lettre"


@router.get("/lettre")
def letter_page(request: Request, session: Db, admin: Admin) -> Response:
    return _page(request, session)


def _page(request: Request, session: Db, form: Shown = EMPTY_FORM) -> Response:
    now = clock.now()
    return page(
        request,
        "administration/letter.html",
        422 if form["errors"] else 200,
        form=form,
        subscribers=subscription_queries.count_willing(session, "newsletter", 0),
        bounced=subscription_queries.count_bounced(session, "newsletter", 0),
        letters=[actions.progress(session, letter, now) for letter in queries.letters(session)],
    )


@router.post("/lettre")
@limited("staff")
def write_letter(request: Request, session: Db, admin: Admin, values: Form) -> Response:
    """Back to the text, read it again (the question), or send it: only the last one keeps anything."""
    act = LetterAct.model_validate(values).act
    if act == "correct":
        return _page(request, session, {"values": values, "errors": {}})
    with shown_again(values, partial(_page, request, session)):
        form = validated(LetterForm, values)
        if act == "send":
            actions.write_letter(session, form.title, form.text, admin.id)
            return see_other(request, LETTER)
        actions.check_letter(session, form.title)
    return page(
        request,
        "administration/letter_preview.html",
        title=form.title,
        text=form.text,
        html=Markup(markdown.render(form.text)),  # noqa: S704 sanitised
        subscribers=subscription_queries.count_willing(session, "newsletter", 0),
    )
