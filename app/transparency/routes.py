"""What everybody may check: the charter, the journal, the figures of any period, one decision."""

import csv
import io
from datetime import datetime, time, timedelta
from functools import partial
from typing import Any
from xml.sax.saxutils import escape

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from app import clock
from app.db import OldDb
from app.errors import NotFound
from app.locale import Message
from app.moderation import charter
from app.moderation import queries as moderation_queries
from app.moderation.models import Decision
from app.redress import queries as redress_queries
from app.redress.forms import NOTICE_CATEGORIES
from app.templating import iso
from app.transparency import disclosure, queries
from app.web.forms import asked, day, identifier
from app.web.rendering import full_address, locale_of, public, said_as_data
from app.zone import ZONE

router = APIRouter()
KINDS = {
    "publish": "publié", "refuse": "refusé", "remove": "retiré", "restore": "rétabli", "keep": "gardé en ligne",
    "correct": "corrections demandées",
}  # fmt: skip
TARGETS = {"comment": "Commentaire", "petition": "Pétition", "reply": "Droit de réponse"}
APPEALS = {
    None: "aucun", "": "en cours", "upheld": "décision confirmée", "reversed": "décision annulée",
    "withdrawn": "sans objet",
}  # fmt: skip
SOURCES = {"own": "relecture", "notice": "signalement", "order": "injonction", "appeal": "recours"}
GROUNDS = {
    "none": "", "charter": "charte", "law": "loi", "order": "injonction", "notice": "contenu illicite signalé",
    "not_handled": "non traité à temps", "withdrawn": "retiré par l’auteur",
}  # fmt: skip
JOURNAL = 100


@router.get("/charte")
def charter_page(request: Request, session: OldDb, version: str = "") -> Response:
    history = moderation_queries.charter_versions(session)
    now = clock.now()
    in_force = charter.in_force(session, now)
    shown = in_force
    if version:
        found = charter.numbered(session, asked(version, identifier, 0))
        if found is None:
            raise NotFound("La charte n’a pas de version de ce numéro.")
        shown = found
    return public(request, "transparency/charter.html", charter=shown, history=history, in_force=in_force)


def _period(du: str, au: str) -> queries.Period:
    """Whole days in France, *au* included; by default the last twelve months. Raises NotFound."""
    today = clock.now().astimezone(ZONE).date()
    try:
        last = day(au) if au else today
        first = day(du) if du else last - timedelta(days=365)
    except ValueError:
        raise NotFound("Donnez deux dates, comme 2026-01-31.") from None
    start, end = (datetime.combine(one, time.min, ZONE) for one in (first, last + timedelta(days=1)))
    return start, end


@router.get("/transparence")
def transparency(request: Request, session: OldDb, du: str = "", au: str = "") -> Response:
    period = _period(du, au)
    rows = queries.report(session, period)
    return public(
        request,
        "transparency/transparency.html",
        figures=rows,
        categories={name: words for name, (_ground, _article, words) in NOTICE_CATEGORIES.items()},
        first=period[0].date(),
        last=(period[1] - timedelta(days=1)).date(),
    )


@router.get("/transparence.json")
def transparency_json(session: OldDb, du: str = "", au: str = "") -> Response:
    period = _period(du, au)
    body = {"from": period[0].date().isoformat(), "to": (period[1] - timedelta(days=1)).date().isoformat()}
    return JSONResponse(body | queries.report(session, period))


@router.get("/transparence.csv")
def transparency_csv(session: OldDb, du: str = "", au: str = "") -> Response:
    output = io.StringIO()
    writer = csv.writer(output, delimiter=";", lineterminator="\r\n")
    writer.writerow(["indicateur", "détail", "valeur"])
    for name, value in queries.report(session, _period(du, au)).items():
        pairs = value.items() if isinstance(value, dict) else [("", value)]
        writer.writerows([name, detail, number] for detail, number in pairs)
    return Response("\ufeff" + output.getvalue(), media_type="text/csv; charset=utf-8")


@router.get("/transparence/motifs.jsonl")
def statements(session: OldDb, du: str = "", au: str = "") -> Response:
    """Statements of reasons, one a line, in the fields of the Commission's database."""
    lines = disclosure.json_lines(queries.decided(session, _period(du, au)))
    return Response("".join(lines), media_type="application/jsonl; charset=utf-8")


# The journal: role only, never a name, never the text


def entries(session: Any, decisions: Any) -> list[dict[str, Any]]:
    appeals = redress_queries.appeals_on(session, [decision.id for decision in decisions])
    return [entry(decision, appeals.get(decision.id)) for decision in decisions]


def entry(decision: Decision, appeal: str | None) -> dict[str, Any]:
    return {
        "reference": decision.reference,
        "at": decision.decided_at,
        "target": TARGETS[decision.target],
        "kind": KINDS[decision.kind],
        "masked": "mask" in decision.effects,
        "articles": decision.articles,
        "version": decision.charter_version,
        "ground": GROUNDS[decision.ground],
        "source": SOURCES[decision.source],
        "automated": decision.moderator_id is None,
        "appeal": APPEALS[appeal],
    }


def _settled(session: Any) -> Any:
    """Past the minute in which a decision can be undone."""
    now = clock.now()
    return queries.decided(session, (datetime(2020, 1, 1, tzinfo=ZONE), now - timedelta(seconds=60)), JOURNAL)


@router.get("/transparence/journal")
def journal(request: Request, session: OldDb) -> Response:
    return public(request, "transparency/journal.html", entries=entries(session, _settled(session)))


@router.get("/transparence/journal.atom")
def atom(request: Request, session: OldDb) -> Response:
    locale, tr = locale_of(request), partial(said_as_data, request)
    origin = full_address(request)
    found = entries(session, _settled(session))
    updated = iso(found[0]["at"]) if found else iso(clock.now())
    parts = [
        f'<?xml version="1.0" encoding="utf-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="{locale}">',
        f"<title>{tr('Journal de modération')}</title><id>{origin}/transparence/journal</id>",
        f"<updated>{updated}</updated>",
        f'<link rel="self" href="{origin}/transparence/journal.atom"/><author><name>{tr("Modération")}</name></author>',
    ]
    for one in found:
        url = f"{origin}/transparence/decisions/{one['reference']}"
        articles = Message("article %(n)s", n=", ".join(map(str, one["articles"])))
        rule = articles if one["articles"] else one["ground"]
        title = " — ".join(tr(part) for part in (one["target"], one["kind"], rule) if part)
        summary = tr(
            Message(
                "Origine : %(source)s. Décidé par %(by)s. Recours : %(appeal)s.",
                source=Message(one["source"]),
                by=Message("la machine" if one["automated"] else "une personne"),
                appeal=Message(one["appeal"]),
            )
        )
        parts.append(
            f'<entry><id>{url}</id><link href="{url}"/><title>{escape(title)}</title>'
            f"<updated>{iso(one['at'])}</updated><summary>{escape(summary)}</summary></entry>"
        )
    return Response("\n".join([*parts, "</feed>"]), media_type="application/atom+xml; charset=utf-8")


@router.get("/transparence/decisions/{reference}")
def decision_page(request: Request, session: OldDb, reference: str) -> Response:
    """One decision, without the text nor anybody's name."""
    decision = moderation_queries.by_reference(session, reference)
    if decision is None or decision.undone_at is not None:
        raise NotFound("Aucune décision ne porte cette référence.")
    appeal = redress_queries.appeals_on(session, [decision.id]).get(decision.id)
    version = charter.numbered(session, decision.charter_version)
    cited = [a for a in version.articles if a.n in decision.articles] if version else []
    return public(
        request,
        "transparency/decision.html",
        entry=entry(decision, appeal),
        statement=decision.statement,
        cited=cited,
    )
