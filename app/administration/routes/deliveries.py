"""Recipients of petitions that were handed over: their official addresses are looked up, and written to."""

from functools import partial
from typing import Annotated
from urllib.parse import urlencode

from fastapi import Path, Request
from starlette.responses import Response

from app.accounts.dependencies import Admin, HalfSession, Posted, require_fresh
from app.administration.routes.base import router
from app.db import Db, Session
from app.deliveries import actions, links, queries
from app.deliveries.forms import SendLinkForm
from app.errors import Invalid
from app.web.forms import Form, RowId, Shown, asked, number, shown_again, validated
from app.web.ratelimit import limited
from app.web.rendering import EMPTY_FORM, page, see_other
from app.web.sorting import Sorting, sorting

HOME = "/administration/remises"
PER_PAGE = 20
MOST_PAGES = 1000
# What is asked of the address → how far a link has come.
STATES = {"demandes": "asked", "envoyes": "sent", "recus": "received"}
# Among the recipients of a delivery; what none has is not there (404).
Place = Annotated[int, Path(ge=0, lt=100)]


@router.get("/remises")
def deliveries(request: Request, session: Db, admin: Admin, page: str = "1", fait: str = "") -> Response:
    return _page(request, session, at_page=asked(page, partial(number, least=1, most=MOST_PAGES), 1), done=fait)


def _page(
    request: Request,
    session: Session,
    form: Shown = EMPTY_FORM,
    *,
    at: tuple[int, int] | None = None,
    at_page: int = 1,
    done: str = "",
) -> Response:
    """*at*: whose form was refused."""
    order = sorting(request, ("date", "petition"), "-date", keep=("etat",))
    etat = request.query_params.get("etat", "")
    etat = etat if etat in STATES else ""
    rows = queries.of_everybody(session, PER_PAGE + 1, at_page, order.column, order.down, STATES.get(etat, ""))
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
        order=order,
        filters={"etat": etat},
        pager=_pager(order, etat, at_page, more=len(rows) > PER_PAGE),
        done={"envoye": "Le lien est parti.", "annule": "Le lien n’ouvre plus rien."}.get(done, ""),
    )


def _pager(order: Sorting, etat: str, at: int, *, more: bool) -> dict[str, str]:
    """The page before and the page after, in the same order; "" where there is none."""

    def there(page: int) -> str:
        wanted = {"etat": etat, "tri": order.value, "page": str(page)}
        return f"{HOME}?{urlencode({name: value for name, value in wanted.items() if value})}"

    return {"before": there(at - 1) if at > 1 else "", "after": there(at + 1) if more else ""}


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
