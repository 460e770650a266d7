"""Periodic work on petitions."""

from app.db import Database
from app.petitions import actions, indexing


def fold_counts(database: Database) -> int:
    with database.write() as session:
        return actions.fold_counts(session)


def close_ended(database: Database) -> int:
    with database.write() as session:
        return actions.close_ended(session)


def index(database: Database) -> int:
    """The search finds what is public, whatever program made it so."""
    with database.read() as session:
        if not indexing.is_behind(session):
            return 0
    total = 0
    while True:
        with database.write() as session:
            done = indexing.catch_up(session)
        if not done:
            return total
        total += done
