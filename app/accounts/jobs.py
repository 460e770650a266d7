"""Periodic work on accounts."""

from app import clock
from app.accounts import queries
from app.accounts.actions import throttling
from app.db import Database


def purge_sessions(database: Database) -> None:
    with database.write() as session:
        queries.purge_sessions(session, clock.now())
        queries.purge_throttles(session, clock.now() - throttling.FORGOTTEN_AFTER)
