"""Periodic work on privacy."""

from app import clock
from app.db import Database
from app.privacy import retention
from app.privacy.actions import ending
from app.settings import Settings


def daily_retention(database: Database, settings: Settings) -> None:
    with database.read() as session:
        due = retention.is_due(session, clock.now())
    if due:
        retention.run(database, settings)
    # Every hour, for what people erased meanwhile.
    database.fold_log()


def alert_requests(database: Database, settings: Settings) -> None:
    with database.write() as session:
        ending.alert_requests(session, settings)
