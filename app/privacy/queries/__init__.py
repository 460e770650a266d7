"""Statements of the retention job and of erasure: what is due, and simple deletions.

One module for each kind of data. ``…_due`` counts the rows that are overdue and says since when the
oldest is; the function beside it does at most *limit* of them and says how many went.
"""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import case, delete, func, select
from sqlalchemy.orm import Session

from app.petitions.models import Petition
from app.petitions.queries import HIDDEN_STATES

Due = tuple[int, datetime | None]
# What stands where words were.
FORGOTTEN = "(effacé)"
# When a petition ended; one that was taken down while it was open is closed by nobody, and ends the day it had.
ended_at = func.coalesce(Petition.closed_at, case((Petition.state.in_(HIDDEN_STATES), Petition.closes_at)))


def due(session: Session, column: Any, period: timedelta, *where: Any) -> Due:
    """How many rows are older than their period, and since when the oldest is overdue."""
    n, oldest = session.execute(select(func.count(), func.min(column)).where(*where)).one()
    return n, oldest + period if oldest is not None else None


def together(*parts: Due) -> Due:
    """Several kinds of rows under one line of the schedule."""
    return sum(n for n, _ in parts), min((since for _, since in parts if since is not None), default=None)


def delete_some(session: Session, key: Any, limit: int, *where: Any) -> int:
    keys = session.scalars(select(key).where(*where).limit(limit)).all()
    if keys:
        session.execute(delete(key.class_).where(key.in_(keys)))
    return len(keys)
