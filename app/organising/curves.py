"""Confirmed signatures hour by hour, day by day, week by week, as those in France count them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from app.clock import hour_of
from app.petitions.models import Petition
from app.signatures.actions.confirming import LATE
from app.templating import hour as said_hour
from app.zone import ZONE, day_of

HOURS, FEWEST_DAYS, MOST_DAYS = 48, 30, 90
Hours = Sequence[tuple[datetime, int]]
Days = Mapping[date, int]


@dataclass(frozen=True)
class Curve:
    kind: str
    # What stands in the address, what is read, and the head of the table's first column.
    title: str
    column: str
    series: list[tuple[str, int]]


KINDS = {
    "heure": ("Signatures confirmées, heure par heure", "Heure"),
    "jour": ("Signatures confirmées, jour par jour", "Jour"),
    "semaine": ("Signatures confirmées, semaine par semaine", "Semaine du"),
}


def curve(kind: str, hours: Hours, days: Days, petition: Petition, now: datetime, locale: str) -> Curve:
    """*kind*: a word of KINDS, or the days. *days*: what ``per_day`` makes of the hours."""
    kind = kind if kind in KINDS else "jour"
    ended = petition.ended_at(now)
    # Of what has ended, the last that could change: what was sent before is still confirmed.
    until = min(now, ended + LATE) if ended is not None else now
    first = min(day_of(petition.opened_at or now), day_of(until))
    series = (
        {"jour": _days, "semaine": _weeks}[kind](days, first, until)
        if kind != "heure"
        else _hours(hours, until, locale)
    )
    return Curve(kind, *KINDS[kind], list(series))


def _hours(hours: Hours, until: datetime, locale: str) -> Iterable[tuple[str, int]]:
    last = hour_of(until)
    found = dict(hours)
    for n in range(HOURS - 1, -1, -1):
        hour = last - timedelta(hours=n)
        yield f"{hour.astimezone(ZONE):%d/%m}, {said_hour(hour, locale)}", found.get(hour, 0)


def _days(days: Days, first: date, until: datetime) -> Iterable[tuple[str, int]]:
    last = day_of(until)
    shown = min(max((last - first).days + 1, FEWEST_DAYS), MOST_DAYS)
    for n in range(shown - 1, -1, -1):
        day = last - timedelta(days=n)
        yield f"{day:%d/%m/%Y}", days.get(day, 0)


def _weeks(days: Days, first: date, until: datetime) -> Iterable[tuple[str, int]]:
    found: dict[date, int] = {}
    for day, n in days.items():
        found[_monday(day)] = found.get(_monday(day), 0) + n
    week = _monday(min([first, *found]))
    while week <= day_of(until):
        yield f"{week:%d/%m/%Y}", found.get(week, 0)
        week += timedelta(days=7)


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def per_day(hours: Hours) -> dict[date, int]:
    found: dict[date, int] = {}
    for hour, n in hours:
        day = day_of(hour)
        found[day] = found.get(day, 0) + n
    return found
