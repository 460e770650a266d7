"""What only the database decides."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import func, select

from app.db import Database

LOCK = 0x5160_0003


@contextmanager
def alone(database: Database) -> Iterator[bool]:
    """True for the one process that reads the mailbox (SQLite: twice is harmless)."""
    if database.is_sqlite:
        yield True
        return
    with database.engine.connect() as connection:
        mine = bool(connection.scalar(select(func.pg_try_advisory_lock(LOCK))))
        connection.commit()
        try:
            yield mine
        finally:
            if mine:
                connection.scalar(select(func.pg_advisory_unlock(LOCK)))
                connection.commit()
