"""Periodic work on privacy."""

import structlog

from app import clock
from app.db import Database
from app.privacy import counting, retention
from app.privacy.actions import ending, undoing
from app.privacy.queries import taken
from app.settings import Settings

log = structlog.get_logger("privacy")


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


def verify_counts(database: Database) -> None:
    """What the public page says of the last check; a difference is the operator's to look at."""
    with database.read() as session:
        found = counting.look(session)
    with database.write() as session:
        counting.keep(session, found, clock.now())
    wrong = [petition_id for petition_id, (_, agreed) in found.items() if not agreed]
    if wrong:
        log.error("count_differs", petitions=wrong[:20], command="signons counts verify")


def alert_requests(database: Database, settings: Settings) -> None:
    with database.write() as session:
        ending.alert_requests(session, settings)
