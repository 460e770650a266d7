"""Where those counted are from: when a tally is due, who makes it, and what a page shows of it.

It is made anew once eleven changes were noted, or a day after one: two tallies in a row do not tell where somebody who
has just signed is from. And never more often than it costs: ten million rows every hour or so, a small petition every
minute. Whatever changes the count is in the next one, withdrawals and erasures too.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.orm import Session

from app.bulk import insert_for
from app.petitions.cells import SMALLEST
from app.petitions.models import PlaceTally

AT_LEAST = timedelta(minutes=1)
AT_MOST = timedelta(days=1)
# A tally that takes ten seconds is made every fifty minutes.
TIMES_ITS_COST = 300
# Nobody else begins meanwhile; who was killed leaves it for the next one after this.
CLAIMED_FOR = timedelta(hours=1)


def note(session: Session, counts: Mapping[int, int], now: datetime) -> None:
    """These petitions are counted anew: their tallies are behind."""
    table = PlaceTally.__table__
    statement = insert_for(session)(table)
    statement = statement.on_conflict_do_update(
        index_elements=["petition_id"],
        set_={"noted": table.c.noted + 1, "counted": statement.excluded.counted},
    )
    new = {"cells": {}, "noted": 1, "seen": 0, "seen_count": 0, "due_at": now}
    rows = [new | {"petition_id": petition_id, "counted": n} for petition_id, n in sorted(counts.items())]
    if rows:
        session.execute(statement, rows)


def due(session: Session, now: datetime, limit: int = 1000) -> Sequence[int]:
    changed = func.abs(PlaceTally.counted - PlaceTally.seen_count) >= SMALLEST
    late = or_(PlaceTally.made_at.is_(None), PlaceTally.made_at <= now - AT_MOST)
    found = select(PlaceTally.petition_id).where(
        PlaceTally.noted > PlaceTally.seen, PlaceTally.due_at <= now, or_(changed, late)
    )
    return session.scalars(found.order_by(PlaceTally.due_at).limit(limit)).all()


class Claim(NamedTuple):
    """What had been noted when a tally was begun, and the count then."""

    petition_id: int
    noted: int
    counted: int


def claim(session: Session, petition_id: int, now: datetime) -> Claim | None:
    """None when somebody else is at it."""
    ours = (
        update(PlaceTally)
        .where(PlaceTally.petition_id == petition_id, PlaceTally.due_at <= now)
        .values(due_at=now + CLAIMED_FOR)
        .returning(PlaceTally.petition_id, PlaceTally.noted, PlaceTally.counted)
    )
    row = session.execute(ours).one_or_none()
    return Claim(*row) if row is not None else None


def keep(session: Session, claim: Claim, cells: Mapping[str, int], now: datetime, cost: timedelta) -> None:
    session.execute(
        update(PlaceTally)
        .where(PlaceTally.petition_id == claim.petition_id)
        .values(
            cells=dict(cells),
            made_at=now,
            seen=claim.noted,
            seen_count=claim.counted,
            due_at=now + max(AT_LEAST, cost * TIMES_ITS_COST),
        )
    )


def of_petition(session: Session, petition_id: int) -> PlaceTally | None:
    tally = session.get(PlaceTally, petition_id, populate_existing=True)
    return tally if tally is not None and tally.made_at is not None else None


def forget(session: Session, petition_id: int) -> None:
    session.execute(delete(PlaceTally).where(PlaceTally.petition_id == petition_id))
