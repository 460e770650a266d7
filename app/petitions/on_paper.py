"""The part of a count that was signed on paper; the count itself holds it like any signature."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from app.bulk import insert_for
from app.petitions.models import PaperTotal
from app.petitions.queries import add_to_count

# (hour in which they joined the count, version of the text) → how many.
Totals = Mapping[tuple[datetime, int], int]


def add(session: Session, petition_id: int, changes: Totals) -> None:
    """Signatures on paper that count from now on, or no longer."""
    add_to_count(session, petition_id, changes)
    _add(session, petition_id, changes)


def replace(session: Session, petition_id: int, totals: Totals) -> None:
    """Rewrite what is told apart, not the count (``counts repair``)."""
    session.execute(delete(PaperTotal).where(PaperTotal.petition_id == petition_id))
    _add(session, petition_id, totals)


def _add(session: Session, petition_id: int, changes: Totals) -> None:
    table = PaperTotal.__table__
    statement = insert_for(session)(table)
    statement = statement.on_conflict_do_update(
        index_elements=["petition_id", "hour", "version"],
        set_={"signatures": table.c.signatures + statement.excluded.signatures},
    )
    rows = [
        {"petition_id": petition_id, "hour": hour, "version": version, "signatures": n}
        for (hour, version), n in sorted(changes.items())
        if n
    ]
    if rows:
        session.execute(statement, rows)


def counts(session: Session, petition_ids: Iterable[int]) -> dict[int, int]:
    """Of each petition's displayed count; a purged petition keeps its last one."""
    ids = list(petition_ids)
    rows = session.execute(
        select(PaperTotal.petition_id, func.sum(PaperTotal.signatures))
        .where(PaperTotal.petition_id.in_(ids))
        .group_by(PaperTotal.petition_id)
    )
    return dict.fromkeys(ids, 0) | {petition_id: int(n) for petition_id, n in rows}


def count(session: Session, petition_id: int) -> int:
    return counts(session, [petition_id])[petition_id]


def totals(session: Session, petition_id: int) -> dict[tuple[datetime, int], int]:
    """What is told apart, as it is kept (``counts verify``)."""
    rows = session.execute(
        select(PaperTotal.hour, PaperTotal.version, PaperTotal.signatures).where(PaperTotal.petition_id == petition_id)
    )
    return {(hour, version): n for hour, version, n in rows if n}


def by_version(session: Session, petition_id: int) -> dict[int, int]:
    rows = session.execute(
        select(PaperTotal.version, func.sum(PaperTotal.signatures))
        .where(PaperTotal.petition_id == petition_id)
        .group_by(PaperTotal.version)
    )
    return {version: int(n) for version, n in rows if n}


def per_hour(session: Session, petition_id: int) -> list[tuple[datetime, int]]:
    """By the hour in which they joined the count, oldest first."""
    rows = session.execute(
        select(PaperTotal.hour, func.sum(PaperTotal.signatures))
        .where(PaperTotal.petition_id == petition_id)
        .group_by(PaperTotal.hour)
        .order_by(PaperTotal.hour)
    )
    return [(hour, int(n)) for hour, n in rows if n]
