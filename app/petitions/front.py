"""What the home page brings forward: the petitions that move most, those that have almost arrived, victories, new ones.

A job ranks them once a minute: to find who moves among 100,000 is no work for a page. Who is ranked is up to a minute
old, then; every figure beside it is of the moment, and what has closed or fallen back since is left out. More are
ranked than shown, so that no petition is on the page twice.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, case, delete, func, select, union_all
from sqlalchemy.orm import Session

from app import clock
from app.bulk import insert_for
from app.petitions import goals, lists, queries
from app.petitions.lists import Among
from app.petitions.models import Petition, PlaceTally, Standing

MOVING, NEAR = "moving", "near"
# Of each, on the page; new ones are as many at least, and more where there is little else.
MOST = 3
NEWEST, OPEN_ONES = 6, 12
# Ranked for it, so that what is shown elsewhere, or is over, leaves enough.
RANKED = 4 * MOST
# One signature alone is no movement.
MOVES = 2
# In percent of its step.
CLOSE = 80
_STEPS = tuple(goals.steps(10**9))
Ranks = Mapping[str, Sequence[int]]


@dataclass(frozen=True)
class Front:
    """The petitions of the home page, each once; *since*: how many signed it online since this hour yesterday."""

    fore: Petition | None
    moving: Sequence[Petition]
    near: Sequence[Petition]
    won: Sequence[Petition]
    newest: Sequence[Petition]
    since: Mapping[int, int]
    # How many are open.
    total: int

    @property
    def all(self) -> list[Petition]:
        fore = [self.fore] if self.fore else []
        return [*fore, *self.moving, *self.near, *self.won, *self.newest]


def front(session: Session, now: datetime) -> Front:
    total = lists.numbers(session, now, [Among.OPEN])[Among.OPEN]
    won = lists.latest_won(session, MOST)
    ranks = standings(session)
    moving, near, since = _still(session, now, ranks, set(won))
    taken = set(won)

    def next_ones(ids: Iterable[int], most: int) -> list[int]:
        found = [petition_id for petition_id in ids if petition_id not in taken][:most]
        taken.update(found)
        return found

    fresh = lists.newest_open(session, now, OPEN_ONES + 4 * MOST)
    fore = next_ones([*moving, *near, *fresh], 1)
    # What moves as well is told where it says more.
    nearest, movers = next_ones(near, MOST), next_ones(moving, MOST)
    shown = len(fore) + len(movers) + len(nearest)
    newest = next_ones(fresh, max(NEWEST, OPEN_ONES - shown))
    found = {one.id: one for one in lists.in_order(session, [*fore, *movers, *nearest, *won, *newest])}
    first, moved, arriving, winners, latest = (
        [found[one] for one in ids] for ids in (fore, movers, nearest, won, newest)
    )
    return Front(first[0] if first else None, moved, arriving, winners, latest, since, total)


def standings(session: Session) -> Ranks:
    rows = session.execute(select(Standing.kind, Standing.petition_id).order_by(Standing.kind, Standing.position))
    ranks: dict[str, list[int]] = {MOVING: [], NEAR: []}
    for kind, petition_id in rows:
        ranks[kind].append(petition_id)
    return ranks


def _still(
    session: Session, now: datetime, ranks: Ranks, won: set[int]
) -> tuple[Sequence[int], Sequence[int], Mapping[int, int]]:
    """What is ranked and still deserves it, by the figures of now."""
    ids = {*ranks[MOVING], *ranks[NEAR]} - won
    goals_of = select(Petition.id, Petition.goal).where(Petition.id.in_(ids), queries.is_open(now))
    open_ones = {row.id: row.goal for row in session.execute(goals_of)} if ids else {}
    counts, since = queries.counts(session, open_ones), since_yesterday(session, open_ones, now)
    moving = [one for one in ranks[MOVING] if since.get(one, 0) >= MOVES]
    moving.sort(key=lambda one: -since[one])
    near = [one for one in ranks[NEAR] if one in open_ones and _is_near(counts[one], open_ones[one])]
    return moving, near, since


def _is_near(count: int, goal: int) -> bool:
    return count < goal and goals.percent(count, goal) >= CLOSE


def _from(now: datetime) -> datetime:
    """This hour, yesterday: counts are kept by the hour."""
    return clock.hour_of(now) - timedelta(days=1)


def since_yesterday(session: Session, petition_ids: Iterable[int], now: datetime) -> dict[int, int]:
    """How many signed each online since this hour yesterday, those that are gone again left out; zero is not told."""
    ids = list(petition_ids)
    if not ids:
        return {}
    rows = session.execute(_changes(now, lambda model: model.petition_id.in_(ids)))
    return {petition_id: int(n) for petition_id, n in rows if n > 0}


def _changes(now: datetime, which: Any) -> Any:
    """(petition, how many online since yesterday)."""
    since = _from(now)
    parts = union_all(
        *(
            select(model.petition_id, n.label("n")).where(model.hour >= since, which(model))
            for model, n in queries.ONLINE
        )
    ).subquery()
    return select(parts.c.petition_id, func.sum(parts.c.n).label("n")).group_by(parts.c.petition_id)


# Of the job


def ranked(session: Session, now: datetime) -> Ranks:
    """As :func:`standings`, found anew."""
    return {MOVING: _most_moving(session, now), NEAR: _nearest(session, now)}


def _most_moving(session: Session, now: datetime) -> Sequence[int]:
    open_ones = select(Petition.id).where(queries.is_open(now))
    changes = _changes(now, lambda model: model.petition_id.in_(open_ones)).subquery()
    best = select(changes.c.petition_id).where(changes.c.n >= MOVES)
    return session.scalars(best.order_by(changes.c.n.desc(), changes.c.petition_id.desc()).limit(RANKED)).all()


def _nearest(session: Session, now: datetime) -> Sequence[int]:
    """By the share of the step that is there; a tally of places has the count as it was last folded."""
    count = PlaceTally.counted
    next_one = case(*((count < step, step) for step in _STEPS), else_=Petition.goal)
    step = case((next_one < Petition.goal, next_one), else_=Petition.goal)
    share = count * 100 / step
    counted = select(Petition.id).join(PlaceTally, PlaceTally.petition_id == Petition.id)
    arriving = and_(queries.is_open(now), count < Petition.goal, share >= CLOSE)
    return session.scalars(counted.where(arriving).order_by(share.desc(), Petition.id.desc()).limit(RANKED)).all()


def keep(session: Session, ranks: Ranks) -> None:
    """Row by row: two workers may do so at once."""
    rows = [
        {"kind": kind, "position": position, "petition_id": petition_id}
        for kind, ids in ranks.items()
        for position, petition_id in enumerate(ids)
    ]
    if rows:
        statement = insert_for(session)(Standing)
        place = statement.excluded.petition_id
        statement = statement.on_conflict_do_update(
            index_elements=["kind", "position"], set_={"petition_id": place}, where=Standing.petition_id != place
        )
        session.execute(statement, rows)
    for kind, ids in ranks.items():
        session.execute(delete(Standing).where(Standing.kind == kind, Standing.position >= len(ids)))
