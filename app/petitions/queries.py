"""Every SELECT about petitions, and the statements that keep their counts."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Integer, Select, bindparam, cast, delete, func, select, union_all
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session, lazyload, selectinload

from app.petitions.models import (
    CountDelta,
    CountTotal,
    Petition,
    PetitionOwner,
    PetitionState,
    PetitionText,
    StepPassed,
    ViewCount,
)

# What the public may open: a draft or a refused petition is nobody's business.
PUBLIC_STATES = (PetitionState.OPEN, PetitionState.CLOSED, PetitionState.DELIVERED, PetitionState.PURGED)
PER_PAGE = 12
BEST = "Les plus proches"
SORTS = {"recentes": "Les plus récentes", "signatures": "Les plus signées", "fin": "Bientôt closes"}


def by_slug(session: Session, slug: str) -> Petition | None:
    return session.scalars(
        select(Petition)
        .where(Petition.slug == slug)
        .options(selectinload(Petition.recipients), selectinload(Petition.sources), selectinload(Petition.themes))
    ).one_or_none()


def alone(session: Session, petition_id: int) -> Petition:
    """The petition without its recipients and sources, for those who ask for its state only."""
    return session.get_one(Petition, petition_id, options=[lazyload("*")])


def public_by_slug(session: Session, slug: str) -> Petition | None:
    petition = by_slug(session, slug)
    return petition if petition is not None and petition.state in PUBLIC_STATES else None


def owned(session: Session, account_id: int) -> Sequence[Petition]:
    return session.scalars(
        select(Petition)
        .join(PetitionOwner)
        .where(PetitionOwner.account_id == account_id)
        .order_by(Petition.created_at.desc(), Petition.id.desc())
        .options(selectinload(Petition.recipients))
    ).all()


def owns(session: Session, account_id: int, petition_id: int) -> bool:
    return session.get(PetitionOwner, (petition_id, account_id)) is not None


def text_of(session: Session, petition: Petition) -> PetitionText:
    return session.get_one(PetitionText, (petition.id, petition.version))


def slug_taken(session: Session, slug: str) -> bool:
    return session.scalar(select(Petition.id).where(Petition.slug == slug)) is not None


def _open(now: datetime) -> Select[Petition]:
    return select(Petition).where(is_open(now))


def is_open(now: datetime) -> ColumnElement[bool]:
    """It may be signed."""
    return (Petition.state == PetitionState.OPEN) & (Petition.closes_at > now)


# Counts: total per hour + deltas not folded yet. One statement sees both, hence one truth.


def sums() -> Select[Any]:
    parts = union_all(
        select(CountTotal.petition_id, CountTotal.confirmed.label("n")),
        select(CountDelta.petition_id, CountDelta.change.label("n")),
    ).subquery()
    return select(parts.c.petition_id, cast(func.sum(parts.c.n), Integer).label("confirmed")).group_by(
        parts.c.petition_id
    )


def count(session: Session, petition_id: int) -> int:
    """The displayed count of one petition."""
    return counts(session, [petition_id])[petition_id]


def _counts() -> Select[Any]:
    ids: BindParameter[Any] = bindparam("ids", expanding=True)
    parts = union_all(
        select(CountTotal.petition_id, CountTotal.confirmed.label("n")).where(CountTotal.petition_id.in_(ids)),
        select(CountDelta.petition_id, CountDelta.change.label("n")).where(CountDelta.petition_id.in_(ids)),
    ).subquery()
    return select(parts.c.petition_id, func.sum(parts.c.n)).group_by(parts.c.petition_id)


# Made once: asked for at every confirmation and every page.
_COUNTS = _counts()
_FINALS = select(Petition.id, Petition.final_count).where(
    Petition.id.in_(bindparam("ids", expanding=True)), Petition.final_count.is_not(None)
)


def counts(session: Session, petition_ids: Iterable[int]) -> dict[int, int]:
    """The displayed count of each; a purged petition keeps its last one."""
    ids = list(petition_ids)
    found = dict.fromkeys(ids, 0)
    rows = session.execute(_COUNTS, {"ids": ids})
    found.update({petition_id: int(n) for petition_id, n in rows})
    finals = session.execute(_FINALS, {"ids": ids})
    found.update({petition_id: int(final) for petition_id, final in finals if final is not None})
    return found


def add_to_count(session: Session, petition_id: int, changes: Mapping[datetime, int]) -> None:
    """Append what this transaction changes, per hour of confirmation."""
    rows = [{"petition_id": petition_id, "hour": hour, "change": change} for hour, change in changes.items() if change]
    if rows:
        session.execute(CountDelta.__table__.insert(), rows)  # type: ignore[attr-defined]


def hour_of(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)


def hour_ago(moment: datetime) -> datetime:
    return moment - timedelta(hours=1)


def fold_counts(session: Session, limit: int = 5000) -> dict[int, int]:
    """Move deltas into the totals; returns the new count of each petition touched."""
    oldest = select(CountDelta.id).order_by(CountDelta.id).limit(limit)
    gone = session.execute(
        delete(CountDelta)
        .where(CountDelta.id.in_(oldest))
        .returning(CountDelta.petition_id, CountDelta.hour, CountDelta.change)
    ).all()
    sums: dict[tuple[int, datetime], int] = {}
    for petition_id, hour, change in gone:
        sums[petition_id, hour] = sums.get((petition_id, hour), 0) + change
    if not sums:
        return {}
    table = CountTotal.__table__
    statement = insert_for(session)(table)
    statement = statement.on_conflict_do_update(
        index_elements=["petition_id", "hour"],
        set_={"confirmed": table.c.confirmed + statement.excluded.confirmed},
    )
    session.execute(
        statement,
        [
            {"petition_id": petition_id, "hour": hour, "confirmed": total}
            for (petition_id, hour), total in sorted(sums.items())
        ],
    )
    return counts(session, {petition_id for petition_id, _ in sums})


def replace_counts(session: Session, petition_id: int, hours: Mapping[datetime, int]) -> None:
    """Rewrite one petition's count (``counts repair``)."""
    session.execute(delete(CountDelta).where(CountDelta.petition_id == petition_id))
    session.execute(delete(CountTotal).where(CountTotal.petition_id == petition_id))
    rows = [{"petition_id": petition_id, "hour": hour, "confirmed": n} for hour, n in hours.items()]
    if rows:
        session.execute(CountTotal.__table__.insert(), rows)  # type: ignore[attr-defined]


def counts_per_hour(session: Session, petition_id: int) -> list[tuple[datetime, int]]:
    """Confirmed signatures by hour of confirmation, oldest first."""
    parts = union_all(
        select(CountTotal.hour, CountTotal.confirmed.label("n")).where(CountTotal.petition_id == petition_id),
        select(CountDelta.hour, CountDelta.change.label("n")).where(CountDelta.petition_id == petition_id),
    ).subquery()
    rows = session.execute(select(parts.c.hour, func.sum(parts.c.n)).group_by(parts.c.hour).order_by(parts.c.hour))
    return [(hour, int(n)) for hour, n in rows]


def steps_passed(session: Session, petition_id: int) -> Sequence[StepPassed]:
    return session.scalars(
        select(StepPassed).where(StepPassed.petition_id == petition_id).order_by(StepPassed.step)
    ).all()


def add_steps(session: Session, petition_id: int, steps: Iterable[int], now: datetime) -> None:
    rows = [{"petition_id": petition_id, "step": step, "passed_at": now} for step in steps]
    if rows:
        session.execute(insert_for(session)(StepPassed.__table__).on_conflict_do_nothing(), rows)


def add_views(session: Session, views: Mapping[int, int], hour: datetime) -> None:
    table = ViewCount.__table__
    statement = insert_for(session)(table)
    statement = statement.on_conflict_do_update(
        index_elements=["petition_id", "hour"],
        set_={"views": table.c.views + statement.excluded.views},
    )
    rows = [{"petition_id": pid, "hour": hour, "views": n} for pid, n in sorted(views.items())]
    session.execute(statement, rows)


def views(session: Session, petition_id: int) -> int:
    total = session.scalar(select(func.sum(ViewCount.views)).where(ViewCount.petition_id == petition_id))
    return int(total or 0)


def insert_for(session: Session) -> Any:
    """The dialect's INSERT that knows ON CONFLICT; both engines spell it alike."""
    dialect = session.get_bind().dialect.name
    return sqlite.insert if dialect == "sqlite" else postgresql.insert


def living(session: Session) -> Sequence[Petition]:
    """Petitions whose signatures and keys exist."""
    return session.scalars(
        select(Petition).where(Petition.opened_at.is_not(None), Petition.final_count.is_(None)).order_by(Petition.id)
    ).all()


def lock_shared(session: Session, petition_id: int) -> None:
    """Until the commit, no export of this petition begins (SQLite: one writer anyway)."""
    session.execute(select(Petition.id).where(Petition.id == petition_id).with_for_update(read=True))


def lock_alone(session: Session, petition_id: int) -> None:
    """Wait for those who hold it shared; rows that refer to it may still be added."""
    session.execute(select(Petition.id).where(Petition.id == petition_id).with_for_update(key_share=True))


def with_keys(session: Session) -> Sequence[Petition]:
    """Petitions whose keys are not destroyed: the last of their signatures may still be going."""
    return session.scalars(
        select(Petition).where(Petition.opened_at.is_not(None), Petition.purged_at.is_(None)).order_by(Petition.id)
    ).all()


def all_opened(session: Session) -> Sequence[Petition]:
    return session.scalars(select(Petition).where(Petition.opened_at.is_not(None)).order_by(Petition.id)).all()


def past_their_end(session: Session, now: datetime) -> Sequence[Petition]:
    return session.scalars(
        select(Petition)
        .where(Petition.state == PetitionState.OPEN, Petition.closes_at <= now)
        .with_for_update(skip_locked=True)
    ).all()
