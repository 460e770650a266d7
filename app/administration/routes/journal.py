"""Who did what, read by people, filtered in the address."""

from functools import partial
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import Query, Request
from starlette.responses import Response

from app.accounts import queries as account_queries
from app.accounts.dependencies import Admin
from app.administration import acts, queries
from app.administration.routes.base import router
from app.audit import chain
from app.db import Db
from app.web.forms import MAX_ID, asked, number
from app.web.rendering import choices, page, said
from app.web.sorting import sorting

JOURNAL = "/administration/journal"


@router.get("/journal")
def journal(
    request: Request,
    session: Db,
    admin: Admin,
    avant: Annotated[int | None, Query(gt=0, lt=2**63)] = None,
    acte: str = "",
    compte: str = "",
) -> Response:
    who = asked(compte, partial(number, most=MAX_ID), None)
    order = sorting(request, ("quand", *queries.JOURNAL_ORDERS), "-quand", keep=("acte", "compte"))
    rows = queries.journal(session, avant, acte[:48], who, order.column, order.down)
    older = ""
    if len(rows) == queries.PER_PAGE:
        wanted = {"acte": acte, "compte": compte, "tri": order.value, "avant": str(rows[-1][0].id)}
        older = f"{JOURNAL}?{urlencode({key: value for key, value in wanted.items() if value})}"
    return page(
        request,
        "administration/journal.html",
        lines=_told(session, rows),
        older=older,
        order=order,
        chain=chain.row(session),
        filters={"acte": acte, "compte": compte},
        acts=[("", said(request, "Tous")), *sorted(choices(request, acts.ACTS.items()), key=lambda pair: pair[1])],
        accounts=[
            *choices(request, [("", "Tout le monde"), (str(queries.MACHINE), "la machine")]),
            *((str(account.id), account.email) for account in account_queries.all_accounts(session)),
        ],
    )


def _told(session: Db, rows: Any) -> list[dict[str, Any]]:
    """Each line in words: petitions and accounts by their name, the rest by its number."""
    things = [(line.target, line.target_id) for line, _ in rows]
    things += [("petition", str(line.details["petition"])) for line, _ in rows if "petition" in line.details]
    names = queries.names(session, things)
    return [
        {
            "at": line.at,
            "who": email or "la machine",
            "act": acts.act(line.act),
            "target": acts.target(line.target, line.target_id, names),
            "petition": names.get(("petition", str(line.details.get("petition")))),
            "reason": acts.REASONS.get(line.details.get("reason", "")),
        }
        for line, email in rows
    ]
