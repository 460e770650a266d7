"""Periodic work on petitions."""

from app.db import Database
from app.petitions import actions


def fold_counts(database: Database) -> int:
    with database.write() as session:
        return actions.fold_counts(session)


def close_ended(database: Database) -> int:
    with database.write() as session:
        return actions.close_ended(session)
