"""Periodic work of moderation."""

from app.db import Database
from app.moderation.actions import reminding


def send_digests(database: Database) -> int:
    with database.write() as session:
        return reminding.send_digests(session)
