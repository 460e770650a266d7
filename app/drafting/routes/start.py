"""The door: what will happen, and the first words."""

from functools import partial

from fastapi import Request
from starlette.responses import Response

from app.accounts import launching
from app.accounts.models import Account
from app.db import Db, Session, vault_of
from app.drafting import actions, links, queries
from app.drafting.dependencies import Writer
from app.drafting.forms import SaveForm
from app.drafting.routes.base import draft_cookie, router, set_draft_cookie
from app.drafting.steps import STEPS
from app.web.forms import Form, Shown, shown_again, validated
from app.web.ratelimit import limited
from app.web.rendering import EMPTY_FORM, page, see_other, settings_of


@router.get("")
def start(request: Request, session: Db, writer: Writer, fait: str = "") -> Response:
    return _page(request, session, writer, done=fait)


def _page(
    request: Request, session: Session, writer: Account | None, form: Shown = EMPTY_FORM, *, done: str = ""
) -> Response:
    begun = queries.by_key(session, links.key_of(address)) if (address := draft_cookie(request)) else None
    return page(
        request,
        "drafting/start.html",
        422 if form["errors"] else 200,
        form=form,
        begun=begun,
        address=address,
        launch=settings_of(request).launch,
        may=launching.may(settings_of(request), session, writer.email if writer is not None else ""),
        done=done,
    )


@router.post("")
@limited("begin")
def begin(request: Request, session: Db, writer: Writer, values: Form) -> Response:
    with shown_again(values, partial(_page, request, session, writer)):
        form = validated(SaveForm, values)
        draft = actions.begin(session, settings_of(request), writer, STEPS[0].held(form.typed))
    address = links.address_of(vault_of(session), draft.id)
    step = STEPS[0] if STEPS[0].lacking(draft.typed) else STEPS[1]
    response = see_other(request, f"/lancer/{address}/{step.path}")
    set_draft_cookie(request, response, address)
    return response
