"""One page's numbers: how a petition goes, and what to do next. Everything here is counted somewhere already."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from app.comments import queries as comment_queries
from app.deliveries import queries as deliveries
from app.errors import Gone, NotFound
from app.organising import curves, origins, todo
from app.organising.curves import per_day
from app.paper import queries as paper
from app.petitions import permissions, public, tags, tallies
from app.petitions import queries as petition_queries
from app.petitions.models import Petition
from app.petitions.public import View
from app.signatures import figures
from app.updates import queries as update_queries
from app.zone import ZONE, day_of

WEEK = timedelta(days=6)
TABLES = ("jours", "provenances", "departements")


def view_of(session: Session, petition: Petition, origin: str, now: datetime) -> View:
    comments = comment_queries.published_count(session, petition.id)
    return public.view(session, petition, origin, now, comments_count=comments)


def of(
    session: Session, petition: Petition, p: View, account: Any, choice: dict[str, str], now: datetime, locale: str
) -> dict[str, Any]:
    """*choice*: which curve, and how the départements are sorted."""
    hours = petition_queries.counts_per_hour(session, petition.id)
    days, today = per_day(hours), day_of(now)
    sent = figures.sent(session, petition.id, p.count - p.paper)
    week = sum(n for day, n in days.items() if day >= today - WEEK)
    latest = update_queries.published(session, petition.id, 1)
    told_at = latest[0].at if latest else None
    passed = petition_queries.steps_passed(session, petition.id)
    shown = curves.curve(choice["courbe"], hours, days, petition, now, locale)
    return {
        "figures": {
            "confirmed": p.count,
            "pending": sent.pending,
            "most_pending": figures.MOST,
            "rate": sent.rate,
            "today": days.get(today, 0),
            "week": week,
            "comments_waiting": comment_queries.waiting_count(session, petition.id),
            "views": p.views,
        },
        "sent": sent,
        "curve": shown,
        "choice": choice | {"courbe": shown.kind},
        "came": origins.by_links(tags.of_petition(session, petition.id, today - WEEK), p.views, sent.confirmed, week),
        "where": where(session, petition, choice["tri"]),
        "todo": todo.todo(
            p, permissions.rights(session, account, petition), passed, told_at, now, without_link(session, petition)
        ),
        "coming": todo.coming(p, told_at, now),
    }


def without_link(session: Session, petition: Petition) -> list[str]:
    """To whom it was handed and for whom no link was asked, each once: nothing was sent either."""
    rows = deliveries.of_petition(session, petition.id)
    known = deliveries.links_of(session, [row.id for row in rows]) if rows else {}
    reached = {
        row.recipients[place]["name"]
        for row in rows
        for place in range(len(row.recipients))
        if (link := known.get((row.id, place))) is not None and (link.asked_at or link.sent_at)
    }
    names = dict.fromkeys(one["name"] for row in rows for one in row.recipients)
    return [name for name in names if name not in reached]


def where(session: Session, petition: Petition, sort: str = "") -> origins.Where | None:
    """Of the whole count, on paper too. None as long as nothing was tallied, or when nobody is there."""
    tally = tallies.of_petition(session, petition.id)
    if tally is None or tally.made_at is None:
        return None
    sheets = paper.by_departement(session, petition.id)
    if not tally.cells and not sheets:
        return None
    return origins.by_departement(tally.cells, sheets, tally.made_at, sort)


def table(
    session: Session, petition: Petition, name: str, now: datetime
) -> tuple[Sequence[str], Iterator[Sequence[object]]]:
    """What the page shows, as a file: header and lines. Raises NotFound, Gone."""
    if name not in TABLES:
        raise NotFound("Il n’y a pas de tel fichier.")
    if petition.purged_at is not None:
        raise Gone("Les chiffres détaillés ont été effacés avec les signatures, comme prévu ; le nombre reste.")
    return {"jours": _days, "provenances": _links, "departements": _places}[name](session, petition, now)


def _days(session: Session, petition: Petition, now: datetime) -> tuple[Sequence[str], Iterator[Sequence[object]]]:
    confirmed = per_day(petition_queries.counts_per_hour(session, petition.id))
    read = per_day(petition_queries.views_per_hour(session, petition.id))
    first, last = min([day_of(petition.opened_at or now), *confirmed, *read]), day_of(now)
    days = (first + timedelta(days=n) for n in range((last - first).days + 1))
    lines = ((day.isoformat(), confirmed.get(day, 0), read.get(day, 0)) for day in days)
    return ("Jour", "Signatures confirmées", "Lectures de la page"), lines


def _links(session: Session, petition: Petition, now: datetime) -> tuple[Sequence[str], Iterator[Sequence[object]]]:
    count = petition_queries.count(session, petition.id) - paper.counted(session, petition.id)
    since = day_of(now) - WEEK
    days = per_day(petition_queries.counts_per_hour(session, petition.id))
    came = origins.by_links(
        tags.of_petition(session, petition.id, since),
        petition_queries.views(session, petition.id),
        figures.sent(session, petition.id, count).confirmed,
        sum(n for day, n in days.items() if day >= since),
    )
    lines = ((one.label, *("" if n is None else n for n in (one.views, one.confirmed, one.lately))) for one in came)
    return ("Lien suivi", "Lectures de la page", "Signatures confirmées", "Sept derniers jours"), lines


def _places(session: Session, petition: Petition, _now: datetime) -> tuple[Sequence[str], Iterator[Sequence[object]]]:
    header = ("Code", "Département", "Signatures confirmées", "Au")
    found = where(session, petition, "nom")
    if found is None:
        return header, iter(())
    at = found.at.astimezone(ZONE).isoformat(timespec="minutes")
    rest = [("", "Autres (groupes de moins de onze)", found.rest, at)] if found.rest else []
    return header, iter([*((place.code, place.name, place.signatures, at) for place in found.places), *rest])
