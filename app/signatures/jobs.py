"""Periodic work on signatures."""

from app.db import Database
from app.signatures import actions


def tell_amendments(database: Database, origin: str) -> int:
    """The next group of those who signed an earlier version, when the last one has left."""
    with database.write() as session:
        return actions.tell_some(session, origin)


def remind_pending(database: Database, origin: str) -> int:
    with database.write() as session:
        return actions.remind(session, origin)
