"""Periodic work on updates."""

from app import clock
from app.db import Database
from app.updates import actions


def send_updates(database: Database, origin: str) -> int:
    """News whose ten minutes are over appear; then every batch that is due is written. Each in its own transaction."""
    done = 0
    while True:
        with database.write() as session:
            n = actions.publish_due(session, clock.now())
        if n == 0:
            break
        done += n
    aside = actions.Aside()
    while True:
        with database.write() as session:
            n = actions.send_some(session, origin, aside)
        if n == 0:
            return done
        done += n
