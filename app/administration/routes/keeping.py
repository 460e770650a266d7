"""What is kept and for how long, and whether it went when it should; the documents that say so."""

from collections.abc import Callable
from typing import Any

from fastapi import Request
from markupsafe import Markup
from starlette.responses import Response

from app import clock
from app.accounts.dependencies import Admin
from app.administration import documents
from app.administration.routes.base import router
from app.db import Db
from app.errors import NotFound
from app.privacy import retention
from app.privacy.queries import runs
from app.privacy.schedule import SCHEDULE, shortened
from app.web.rendering import page, said, settings_of
from app.web.sorting import in_order, sorting

RUNS = 5
ORDERS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "quoi": lambda line: line["label"],
    "nombre": lambda line: line["n"],
    "depuis": lambda line: line["since"],
}


@router.get("/conservation")
def keeping(request: Request, session: Db, admin: Admin) -> Response:
    settings, now = settings_of(request), clock.now()
    order = sorting(request, ORDERS, "")
    labels = {line.name: shortened(said(request, line.data)) for line in SCHEDULE}
    lines: list[dict[str, Any]] = []
    for step in retention.steps(settings):
        n, since = step.due(session, now)
        lines.append({"line": step.line, "label": labels[step.line], "n": n, "since": since})
    return page(
        request,
        "administration/keeping.html",
        lines=in_order(lines, order, ORDERS),
        order=order,
        runs=runs.runs(session, RUNS),
        last=runs.last_run(session),
        oldest=min((line["since"] for line in lines if line["since"]), default=None),
    )


@router.get("/documents/{name}")
def document(request: Request, admin: Admin, name: str) -> Response:
    html = documents.html_of(name)
    if html is None:
        raise NotFound("Ce document n’existe pas.")
    return page(
        request,
        "administration/document.html",
        title=documents.PAPERS[name],
        html=Markup(html),  # noqa: S704 made and sanitised from our own files
    )
