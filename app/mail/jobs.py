"""Periodic work on mail."""

from app.db import Database
from app.mail import budget


def forget_recipients(database: Database) -> None:
    with database.write() as session:
        budget.forget(session)
