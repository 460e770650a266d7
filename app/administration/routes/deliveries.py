"""Recipients of petitions that were handed over: their official addresses are looked up, and written to."""

from functools import partial
from typing import Annotated

from fastapi import Path, Request
from starlette.responses import Response

from app.accounts.dependencies import Admin, HalfSession, Posted, require_fresh
from app.administration.routes.base import router
from app.db import Db, Session
from app.deliveries import actions, links, queries
from app.deliveries.forms import SendLinkForm
from app.errors import Invalid
from app.web.forms import MAX_ID, Form, RowId, Shown, asked, number, shown_again, validated
from app.web.ratelimit import limited
from app.web.rendering import EMPTY_FORM, page, see_other

HOME = "/administration/remises"
PER_PAGE = 20
# Among the recipients of a delivery; what none has is not there (404).
Place = Annotated[int, Path(ge=0, lt=100)]


@router.get("/remises")
def deliveries(request: Request, session: Db, admin: Admin, avant: str = "", fait: str = "") -> Response:
    return _page(request, session, before=asked(avant, partial(number, least=1, most=MAX_ID), None), done=fait)


def _page(
    request: Request,
    session: Session,
    form: Shown = EMPTY_FORM,
    *,
    at: tuple[int, int] | None = None,
    before: int | None = None,
    done: str = "",
) -> Response:
    """*at*: whose form was refused."""
    rows = queries.of_everybody(session, PER_PAGE + 1, before)
    shown = rows[:PER_PAGE]
    found = queries.links_of(session, [delivery.id for delivery, _ in shown])
    return page(
        request,
        "administration/deliveries.html",
        422 if form["errors"] else 200,
        rows=shown,
        links=found,
        addresses={key: actions.address_of(session, link) for key, link in found.items()},
        asked=queries.asked(session),
        days=links.OPENS_FOR.days,
        form=form,
        at=at,
        older=shown[-1][0].id if len(rows) > PER_PAGE else None,
        done={"envoye": "Le lien est parti.", "annule": "Le lien n’ouvre plus rien."}.get(done, ""),
    )


@router.post("/remises/{delivery_id}/{place}/lien")
@limited("staff")
def send_link(
    request: Request,
    session: Db,
    admin: Admin,
    signed: HalfSession,
    delivery_id: RowId,
    place: Place,
    fields: Posted,
    values: Form,
) -> Response:
    """Whoever holds it speaks as the recipient: asked for once more who sends it."""
    with shown_again(values, partial(_page, request, session, at=(delivery_id, place))):
        form = validated(SendLinkForm, values)
        if not form.checked:
            raise Invalid({"checked": "Lisez l’adresse sur la page officielle, puis cochez cette case."})
        require_fresh(request, signed, fields)
        actions.send(session, delivery_id, place, form.address, form.source, admin)
    return see_other(request, f"{HOME}?fait=envoye")


@router.post("/remises/{delivery_id}/{place}/annulation")
@limited("staff")
def cancel_link(request: Request, session: Db, admin: Admin, delivery_id: RowId, place: Place) -> Response:
    actions.cancel(session, delivery_id, place, admin.id)
    return see_other(request, f"{HOME}?fait=annule")
