"""Periodic work on signatures."""

from app.db import Database
from app.signatures import actions


def remind_pending(database: Database, origin: str) -> int:
    with database.write() as session:
        return actions.remind(session, origin)
