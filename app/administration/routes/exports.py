"""Exports that another administrator asks for: read, agreed to or not; and the journal of all."""

from fastapi import Request
from starlette.responses import Response

from app import clock
from app.accounts.dependencies import Admin, HalfSession, Posted, require_fresh
from app.administration.forms import PermissionForm
from app.administration.routes.base import router
from app.db import Db
from app.exports import journal, permissions, queries
from app.exports.about import PURPOSES
from app.web.forms import Form, RowId, validated
from app.web.ratelimit import limited
from app.web.rendering import page, see_other
from app.web.sorting import in_order, sorting

EXPORTS = "/administration/exports"


@router.get("/exports")
def exports_to_allow(request: Request, session: Db, admin: Admin, finalite: str = "") -> Response:
    now = clock.now()
    order = sorting(request, journal.ORDERS, "-date", keep=("finalite",))
    purpose = finalite if finalite in PURPOSES else ""
    return page(
        request,
        "administration/exports.html",
        waiting=queries.waiting_permissions(session, now - permissions.HOLDS),
        journal=in_order(journal.lines(queries.journal_of_all(session, purpose), now), order, journal.ORDERS),
        order=order,
        purposes=[("", "Toutes"), *PURPOSES.items()],
        filters={"finalite": purpose},
        most=queries.SHOWN,
    )


@router.post("/exports/{permission_id}/reponse")
@limited("staff")
def answer_export(
    request: Request,
    session: Db,
    admin: Admin,
    signed: HalfSession,
    permission_id: RowId,
    fields: Posted,
    values: Form,
) -> Response:
    agreed = validated(PermissionForm, values).answer == "yes"
    if agreed:
        require_fresh(request, signed, fields)
    permissions.answer(session, permission_id, agreed, admin)
    return see_other(request, EXPORTS)
