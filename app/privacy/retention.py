"""The daily job that applies the schedule, table by table, in small restartable steps."""

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from app import clock
from app.db import Database
from app.privacy import queries
from app.settings import Settings
from app.signatures.links import CONFIRM_FOR

BATCH = 500
KEEP_SENT_MAIL = timedelta(days=30)
KEEP_AUDIT = timedelta(days=365)
Step = Callable[[Session, datetime, int], int]


def _steps() -> dict[str, tuple[Step, Step]]:
    """Table → (count what is due, delete some of it)."""
    return {
        "pending_signature": (
            lambda s, now, _: queries.count_pending(s, now - CONFIRM_FOR),
            lambda s, now, n: queries.delete_pending(s, now - CONFIRM_FOR, n),
        ),
        "outbox_mail": (
            lambda s, now, _: queries.count_old_mail(s, now - KEEP_SENT_MAIL),
            lambda s, now, n: queries.delete_old_mail(s, now - KEEP_SENT_MAIL, n),
        ),
        "audit_line": (
            lambda s, now, _: queries.count_old_audit(s, now - KEEP_AUDIT),
            lambda s, now, n: queries.delete_old_audit(s, now - KEEP_AUDIT, n),
        ),
    }


def dry_run(database: Database, settings: Settings) -> dict[str, int]:
    """What would go now, per table; nothing is changed."""
    now = clock.now()
    with database.read() as session:
        return {name: count(session, now, 0) for name, (count, _) in _steps().items()}


def run(database: Database, settings: Settings) -> dict[str, int]:
    """Apply the schedule; returns how many rows went, per table. May be stopped at any moment."""
    now = clock.now()
    report = {}
    for name, (_, delete_some) in _steps().items():
        gone = 0
        while True:
            with database.write() as session:
                n = delete_some(session, now, BATCH)
            gone += n
            if n < BATCH:
                break
        report[name] = gone
    return report
