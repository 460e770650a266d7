"""The number of a petition, made up of its terms, and every correction of it with its day and its reason."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Any

from sqlalchemy.orm import Session

from app.organising.curves import Curve, curve, per_day
from app.paper import queries as paper_queries
from app.paper.choices import WHY as WHY_SHEETS
from app.paper.choices import SheetReason
from app.petitions import on_paper
from app.petitions import queries as petition_queries
from app.petitions.models import Petition
from app.register import queries as register
from app.register.entries import Kind
from app.signatures import queries as signature_queries
from app.signatures.actions.setting_aside import WHY
from app.zone import day_of

MOST_SHOWN = 200


@dataclass(frozen=True)
class Terms:
    """What makes up the count, each with its sign, in the order of the page; added up, they are the count."""

    # All that were ever confirmed.
    online: int
    paper: int = 0
    withdrawn: int = 0
    aside: int = 0
    # Withdrawn or set aside, and counted again since.
    back: int = 0
    # Counted before there was a register, or corrected in it.
    corrected: int = 0

    @property
    def count(self) -> int:
        return sum(vars(self).values())

    @property
    def signed(self) -> list[tuple[str, int]]:
        return [(name, n) for name, n in vars(self).items() if n]


def terms(session: Session, petition_id: int) -> Terms:
    """From the register; from the rows, as long as it does not know all of them yet."""
    for _ in range(2):  # somebody may sign between two statements
        found, count = register.sums(session, petition_id), petition_queries.count(session, petition_id)
        if sum(found.values()) == count:
            return Terms(*(found.get(kind, 0) for kind in OF_TERMS))
    paper = on_paper.count(session, petition_id)
    withdrawn, aside = signature_queries.left_the_count(session, petition_id)
    return Terms(count - paper + withdrawn + aside, paper, -withdrawn, -aside)


# In the order of the fields.
OF_TERMS = (Kind.CONFIRMED, Kind.PAPER, Kind.WITHDRAWN, Kind.SET_ASIDE, Kind.RESTORED, Kind.CORRECTED)


@dataclass(frozen=True)
class Correction:
    """A dated line: ``kind`` is aside, back or sheet; *number* is the sheet's."""

    kind: str
    day: date
    change: int
    reason: str
    number: int = 0


def corrections(session: Session, petition_id: int) -> list[Correction]:
    """The latest first; what was set aside for one reason in one day is one line."""
    found = [*_groups(session, petition_id), *_sheets(session, petition_id)]
    return sorted(found, key=lambda one: one.day, reverse=True)[:MOST_SHOWN]


def _groups(session: Session, petition_id: int) -> Iterator[Correction]:
    def alike(row: Any) -> tuple[date, bool, str]:
        return day_of(row.at), row.change > 0, row.reason

    rows = signature_queries.corrections(session, petition_id, MOST_SHOWN * 10)
    for (day, back, reason), those in groupby(sorted(rows, key=alike), alike):
        yield Correction("back" if back else "aside", day, sum(row.change for row in those), WHY[reason])


def _sheets(session: Session, petition_id: int) -> Iterator[Correction]:
    for row in paper_queries.corrections(session, petition_id):
        yield Correction("sheet", day_of(row.at), -row.signatures, WHY_SHEETS[SheetReason(row.reason)], row.number)


def per_day_or_week(session: Session, petition: Petition, now: datetime, locale: str) -> Curve | None:
    """The days of the last three months, the weeks of a longer petition; None once its hours are gone."""
    hours = petition_queries.counts_per_hour(session, petition.id)
    hours += on_paper.per_hour(session, petition.id)
    if petition.final_count is not None or not hours:
        return None
    days = per_day(hours)
    long = (day_of(now) - min(days)).days > LONG
    return curve("semaine" if long else "jour", hours, days, petition, now, locale)


LONG = 90
