"""Periodic work on privacy."""

from app.db import Database
from app.privacy import retention
from app.settings import Settings


def daily_retention(database: Database, settings: Settings) -> None:
    retention.run(database, settings)
