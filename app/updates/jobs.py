"""Periodic work on updates."""

from app.db import Database
from app.updates import actions


def send_updates(database: Database, origin: str) -> int:
    """Every batch that is due, each in its own transaction."""
    done = 0
    while True:
        with database.write() as session:
            n = actions.send_some(session, origin)
        if n == 0:
            return done
        done += n
