"""Runs of the retention job, and the lock that keeps it alone."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, func, select, text
from sqlalchemy.orm import Session

from app.privacy.models import RetentionRun


def begin_run(session: Session, now: datetime) -> int:
    run = RetentionRun(started_at=now, finished_at=None, report={})
    session.add(run)
    session.flush()
    return run.id


def note(session: Session, run_id: int, report: dict[str, int]) -> None:
    session.get_one(RetentionRun, run_id).report = dict(report)


def end_run(session: Session, run_id: int, now: datetime) -> None:
    session.get_one(RetentionRun, run_id).finished_at = now


def last_run(session: Session) -> datetime | None:
    return session.scalar(select(func.max(RetentionRun.started_at)).where(RetentionRun.finished_at.is_not(None)))


def runs(session: Session, limit: int = 30) -> Sequence[RetentionRun]:
    return session.scalars(select(RetentionRun).order_by(RetentionRun.id.desc()).limit(limit)).all()


def try_lock(connection: Connection, key: int) -> bool:
    return bool(connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": key}))


def unlock(connection: Connection, key: int) -> None:
    connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": key})
