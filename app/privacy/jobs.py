"""Periodic work on privacy."""

from app import clock
from app.db import Database
from app.privacy import retention
from app.privacy.actions import ending, undoing
from app.privacy.queries import taken
from app.settings import Settings


def daily_retention(database: Database, settings: Settings) -> None:
    with database.read() as session:
        due = retention.is_due(session, clock.now())
    if due:
        retention.run(database, settings)
    # Every hour, for what people erased meanwhile.
    database.fold_log()


def forget_undone(database: Database) -> None:
    """What withdrawals of a minute ago had kept."""
    with database.read() as session:
        n, _ = taken.undo_due(session, clock.now())
    while n:
        with database.write() as session:
            n = undoing.forget_expired(session, clock.now(), retention.BATCH)


def alert_requests(database: Database, settings: Settings) -> None:
    with database.write() as session:
        ending.alert_requests(session, settings)
