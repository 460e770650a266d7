"""The charter's next version, and how often hints are right."""

from collections.abc import Callable
from datetime import datetime, time
from functools import partial
from operator import itemgetter
from typing import Any

from fastapi import Request
from starlette.responses import Response

from app import clock
from app.accounts.dependencies import Admin, Moderator
from app.comments import hints
from app.db import Db, Session
from app.moderation import charter, queries
from app.moderation.actions import writing
from app.moderation.forms import CharterForm
from app.moderation.forms.judging import ARTICLE_FIELDS
from app.moderation.queries import workbench
from app.moderation.routes.base import router
from app.web.forms import Form, Shown, shown_again, validated
from app.web.ratelimit import limited
from app.web.rendering import EMPTY_FORM, page, see_other
from app.web.sorting import in_order, sorting
from app.zone import ZONE

# By what the table of hints may be in order.
HINT_ORDERS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "indice": itemgetter("label"),
    "version": itemgetter("version"),
    "avis": itemgetter("n"),
    "fondes": lambda line: line["founded"] / line["n"] if line["n"] else None,
    "etat": lambda line: bool(line["off"]),
}


@router.get("/administration/charte")
def charter_page(request: Request, session: Db, admin: Admin) -> Response:
    return _page(request, session)


def _page(request: Request, session: Session, form: Shown = EMPTY_FORM) -> Response:
    return page(
        request,
        "moderation/charter_edit.html",
        422 if form["errors"] else 200,
        latest=queries.charter_versions(session)[0],
        in_force=charter.in_force(session, clock.now()),
        form=form,
    )


@router.post("/administration/charte")
@limited("staff")
def publish_charter(request: Request, session: Db, admin: Admin, values: Form) -> Response:
    with shown_again(values, partial(_page, request, session)):
        form = validated(CharterForm, values)
        articles = queries.charter_versions(session)[0].articles
        texts = {
            article.n: {name: getattr(article, name) for name in ARTICLE_FIELDS} | form.texts.get(article.n, {})
            for article in articles
        }
        starts = datetime.combine(form.effective_from, time.min, ZONE)
        version = writing.publish(session, form.summary, starts, texts, form.retired & set(texts), admin)
    return see_other(request, f"/charte?version={version.number}")


@router.get("/moderation/indices")
def hints_page(request: Request, session: Db, moderator: Moderator) -> Response:
    measured = {(row.hint, row.version): row for row in workbench.precision(session)}
    off = workbench.switched_off(session)
    lines = [
        {"label": label, "version": hints.VERSIONS[name], "off": off.get(name), "n": 0, "founded": 0}
        | (
            {"n": measured[name, hints.VERSIONS[name]].n, "founded": measured[name, hints.VERSIONS[name]].founded}
            if (name, hints.VERSIONS[name]) in measured
            else {}
        )
        for name, label in hints.LABELS.items()
    ]
    order = sorting(request, HINT_ORDERS, "")
    return page(request, "moderation/hints.html", lines=in_order(lines, order, HINT_ORDERS), order=order)
