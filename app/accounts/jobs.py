"""Periodic work on accounts."""

from datetime import timedelta

from app import clock
from app.accounts import queries
from app.db import Database

# Failures are forgotten after a quarter of an hour; what is left of them, a day later.
THROTTLES = timedelta(days=1)


def purge_sessions(database: Database) -> None:
    with database.write() as session:
        queries.purge_sessions(session, clock.now())
        queries.purge_throttles(session, clock.now() - THROTTLES)
