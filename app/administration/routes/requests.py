"""The register of requests about personal data that came by letter, telephone or e-mail."""

from collections.abc import Callable
from functools import partial
from typing import Any

from fastapi import Request
from starlette.responses import Response

from app import clock, crypto
from app.accounts.dependencies import Admin
from app.administration.routes.base import router
from app.db import Db, Session, vault_of
from app.privacy.actions import requests
from app.privacy.forms import AnswerForm, RequestForm
from app.privacy.queries import people
from app.web.forms import Form, RowId, Shown, shown_again, validated
from app.web.ratelimit import limited
from app.web.rendering import EMPTY_FORM, page, see_other
from app.web.sorting import in_order, sorting

STATES = {"ouvertes": "open", "satisfaites": "answered", "refusees": "refused"}
ORDERS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "echeance": lambda entry: entry["row"].due_on,
    "reception": lambda entry: entry["row"].received_on,
    "numero": lambda entry: entry["row"].id,
}


@router.get("/demandes")
def data_requests(request: Request, session: Db, admin: Admin) -> Response:
    return _requests_page(request, session)


def _requests_page(
    request: Request,
    session: Session,
    form: Shown = EMPTY_FORM,
    *,
    answering: int = 0,
    answer: Shown = EMPTY_FORM,
) -> Response:
    """With what was typed: of a new request, or of the answer to one."""
    key = vault_of(session).requests
    etat = request.query_params.get("etat", "")
    etat = etat if etat in STATES else ""
    order = sorting(request, ORDERS, "", keep=("etat",))
    rows = [
        {"row": row, "text": crypto.unseal(key, row.request_sealed).decode(), "late": row.due_on < clock.now().date()}
        for row in people.open_requests(session)
        if not etat or row.state == STATES[etat]
    ]
    return page(
        request,
        "administration/requests.html",
        422 if form["errors"] or answer["errors"] else 200,
        requests=in_order(rows, order, ORDERS),
        order=order,
        filters={"etat": etat},
        form=form,
        answering=answering,
        answer=answer,
    )


@router.post("/demandes")
@limited("staff")
def note_request(request: Request, session: Db, admin: Admin, values: Form) -> Response:
    with shown_again(values, partial(_requests_page, request, session)):
        form = validated(RequestForm, values)
    assert form.received_on is not None
    requests.note(session, form.received_on, form.channel, form.request, admin.id)
    return see_other(request, "/administration/demandes")


@router.post("/demandes/{request_id}/reponse")
@limited("staff")
def answer_request(request: Request, session: Db, admin: Admin, request_id: RowId, values: Form) -> Response:
    with shown_again(values, lambda answer: _requests_page(request, session, answering=request_id, answer=answer)):
        form = validated(AnswerForm, values)
    requests.close(session, request_id, form.state, form.answer, admin.id)
    return see_other(request, "/administration/demandes")


@router.post("/demandes/{request_id}/reouverture")
@limited("staff")
def reopen_request(request: Request, session: Db, admin: Admin, request_id: RowId) -> Response:
    requests.reopen(session, request_id, admin.id)
    return see_other(request, "/administration/demandes")
