"""The number of a petition, made up of its terms, and every correction of it with its day and its reason."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Any

from sqlalchemy.orm import Session

from app.organising.curves import Curve, curve, per_day
from app.paper import queries as paper_queries
from app.paper.choices import WHY as WHY_SHEETS
from app.petitions import on_paper
from app.petitions import queries as petition_queries
from app.petitions.models import Petition
from app.signatures import queries as signature_queries
from app.signatures.actions.setting_aside import WHY
from app.zone import day_of

MOST_SHOWN = 200


@dataclass(frozen=True)
class Terms:
    """``online + paper - withdrawn - aside + back = count``; *online*: all that were ever confirmed."""

    online: int
    paper: int
    withdrawn: int
    aside: int
    # Withdrawn or set aside, and counted again since.
    back: int = 0
    # What the register says of corrections by the operator.
    corrected: int = 0

    @property
    def signed(self) -> list[tuple[str, int]]:
        """What is to be shown, in this order, each with its sign."""
        terms = [
            ("online", self.online),
            ("paper", self.paper),
            ("withdrawn", -self.withdrawn),
            ("aside", -self.aside),
            ("back", self.back),
            ("corrected", self.corrected),
        ]
        return [(name, n) for name, n in terms if n]


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
        yield Correction("sheet", day_of(row.at), -row.signatures, WHY_SHEETS[row.reason], row.number)


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
