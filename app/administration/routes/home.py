"""The first page: what waits, how the instance is used, whether it is well."""

from collections.abc import Callable
from operator import attrgetter
from typing import Any

from fastapi import Request
from starlette.responses import Response

from app import clock
from app.accounts.dependencies import Admin
from app.administration import documents, overview
from app.administration.routes.base import router
from app.db import Db
from app.web.rendering import locale_of, page, settings_of
from app.web.sorting import in_order, sorting

ORDERS: dict[str, Callable[[overview.Waiting], Any]] = {
    "quoi": attrgetter("what"),
    "nombre": attrgetter("n"),
    "depuis": attrgetter("since"),
}


@router.get("")
def home(request: Request, session: Db, admin: Admin) -> Response:
    now = clock.now()
    order = sorting(request, ORDERS, "")
    return page(
        request,
        "administration/home.html",
        waiting=in_order(overview.waiting(session, now), order, ORDERS),
        order=order,
        use=overview.use(session, now, locale_of(request)),
        petitions=overview.petitions(session, now),
        health=overview.health(session, now, mail_leaves=bool(settings_of(request).smtp_url)),
        papers=documents.PAPERS,
    )
