"""The charter's next version, and how often hints are right."""

from datetime import date, datetime

from fastapi import Request
from starlette.responses import Response

from app import clock
from app.accounts.dependencies import Admin, Moderator
from app.comments import hints
from app.db import Db
from app.errors import Invalid
from app.moderation import charter, queries
from app.moderation.actions import writing
from app.moderation.queries import notices
from app.moderation.routes.base import router
from app.templating import ZONE
from app.web.forms import Form
from app.web.ratelimit import limited
from app.web.rendering import EMPTY_FORM, page, see_other

FIELDS = ("title", "body", "breaks", "ok", "applies")


@router.get("/administration/charte")
def charter_page(request: Request, session: Db, admin: Admin) -> Response:
    latest = queries.charter_versions(session)[0]
    now = charter.in_force(session, clock.now())
    return page(request, "moderation/charter_edit.html", latest=latest, in_force=now, form=EMPTY_FORM)


@router.post("/administration/charte")
@limited("staff")
def publish_charter(request: Request, session: Db, admin: Admin, values: Form) -> Response:
    latest = queries.charter_versions(session)[0]
    texts = {
        article.n: {name: values.get(f"{name}-{article.n}", getattr(article, name)) for name in FIELDS}
        for article in latest.articles
    }
    try:
        try:
            day = date.fromisoformat(values.get("effective_from", ""))
        except ValueError:
            raise Invalid({"effective_from": "Donnez la date d’entrée en vigueur."}) from None
        starts = datetime(day.year, day.month, day.day, tzinfo=ZONE)
        retired = {article.n for article in latest.articles if values.get(f"retired-{article.n}")}
        version = writing.publish(session, values.get("summary", ""), starts, texts, retired, admin)
    except Invalid as invalid:
        form = {"values": values, "errors": invalid.errors}
        in_force = charter.in_force(session, clock.now())
        return page(request, "moderation/charter_edit.html", 422, latest=latest, in_force=in_force, form=form)
    return see_other(request, f"/charte?version={version.number}")


@router.get("/moderation/indices")
def hints_page(request: Request, session: Db, moderator: Moderator) -> Response:
    measured = {(row.hint, row.version): row for row in notices.precision(session)}
    off = notices.switched_off(session)
    lines = [
        {"label": label, "version": hints.VERSIONS[name], "off": off.get(name), "n": 0, "founded": 0}
        | (
            {"n": measured[name, hints.VERSIONS[name]].n, "founded": measured[name, hints.VERSIONS[name]].founded}
            if (name, hints.VERSIONS[name]) in measured
            else {}
        )
        for name, label in hints.LABELS.items()
    ]
    return page(request, "moderation/hints.html", lines=lines)
