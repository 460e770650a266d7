"""The database: engine, the base class of the tables, and one transaction a request.

A request's session is committed when its route returns and rolled back when it raises, and
both happen before the response is sent. SQLite has one writer: a writing transaction starts with
BEGIN IMMEDIATE and waits its turn in this process first, because connections that wait in SQLite
itself starve each other. Requests wait for theirs in the event loop (``lanes``).
"""

import json
import uuid
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, ClassVar

from fastapi import Depends, Request
from fastapi.concurrency import contextmanager_in_threadpool
from sqlalchemy import DateTime, Dialect, LargeBinary, MetaData, Text, Uuid
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.orm import Session as Session  # routes take it from here: they know no SQL
from sqlalchemy.types import TypeDecorator

from app import conninfo
from app.bus import Bus
from app.crypto import Vault
from app.engines import postgres_engine, sqlite_engine
from app.lanes import PATIENCE, lanes_of
from app.settings import Settings
from app.standby import Standby
from app.turn import Turn

# PostgreSQL, for transactions that change rows: one that says nothing for 40 s ends, and lets go of what it had locked.
# Behind a pooler or a relay, the network alone does not tell the server that we have vanished. One that only reads
# may wait for whoever downloads what it reads.
SILENCE = timedelta(seconds=40)


class UTCDateTime(TypeDecorator[datetime]):
    """Aware UTC times on both engines; refuses naive ones."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without zone")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is UTC:
            return value
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Json(TypeDecorator[Any]):
    """A small structured value kept as JSON text, the same on both engines."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        return None if value is None else json.dumps(value, ensure_ascii=False, sort_keys=True)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        return None if value is None else json.loads(value)


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar = {
        datetime: UTCDateTime,
        bytes: LargeBinary,
        uuid.UUID: Uuid,
        str: Text,
        dict[str, Any]: Json,
        list[dict[str, Any]]: Json,
        list[str]: Json,
        list[int]: Json,
    }


def one_of(column: str, words: Iterable[str]) -> str:
    """The CHECK that *column* holds one of these."""
    quoted = ", ".join(f"'{word}'" for word in words)
    return f"{column} IN ({quoted})"


class Database:
    """An engine with the habits of its dialect, and transactions on it.

    Sessions carry the *vault* (keys) and the *bus* (who is told that a petition changed), so that
    verbs take a session and plain values, nothing else.
    """

    def __init__(self, settings: Settings, vault: Vault, bus: Bus, pool_size: int = 10) -> None:
        self.is_sqlite = settings.is_sqlite
        self.bus = bus
        self.info = {"vault": vault}
        # One writer at a time in this process (SQLite only).
        self.turn = Turn()
        # Where what may be a second old is read, when it keeps up.
        self.standby: Standby | None = None
        if self.is_sqlite:
            self.engine = sqlite_engine(settings.database_url, pool_size)
        else:
            self.engine = postgres_engine(conninfo.options(settings.database_url, "signons"), pool_size)
        if settings.database_read_url:
            there = conninfo.options(settings.database_read_url, "signons reads", reading=True)
            primary = conninfo.options(settings.database_url, "signons watch") | conninfo.IMPATIENT
            self.standby = Standby(postgres_engine(there, pool_size), there, primary)
        self._writer = self.engine.execution_options(signons_write=True)

    @contextmanager
    def write(self, patience: float | None = None) -> Iterator[Session]:
        """A session that may change rows: committed at the end, rolled back on an exception.

        *patience*, in seconds: who answers a person raises Busy (SQLite) or OperationalError (a lock of
        PostgreSQL) rather than wait longer; jobs and commands wait as long as it takes.
        """
        own = Session(self._writer, expire_on_commit=False, info=self.info)
        with self._taken(patience), own as session, session.begin():
            session.info["changed"] = told = set[int]()
            connection = session.connection()  # now, not in a second wait while others wait for the turn
            if not self.is_sqlite:
                limits = {"idle_in_transaction_session_timeout": SILENCE.total_seconds(), "lock_timeout": patience or 0}
                connection.exec_driver_sql(
                    "; ".join(f"SET LOCAL {name} = {int(s * 1000)}" for name, s in limits.items())
                )
            yield session
        for petition_id in told:
            self.bus.publish(petition_id)

    @contextmanager
    def _taken(self, patience: float | None) -> Iterator[None]:
        if not self.is_sqlite:
            yield
            return
        with self.turn.taken(patience):
            yield

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session for SELECTs; anything written is rolled back."""
        with Session(self.engine, expire_on_commit=False, info=self.info) as session:
            yield session

    @contextmanager
    def read_old(self) -> Iterator[Session]:
        """The same of what may be a second old: on the standby when there is one that keeps up."""
        connection = self.standby.connection() if self.standby is not None else None
        if connection is None:
            with self.read() as session:
                yield session
            return
        info = {**self.info, "old": True}
        with closing(connection), Session(connection, expire_on_commit=False, info=info) as session:
            yield session

    def fold_log(self) -> bool:
        """SQLite: empty the write-ahead log, where erased values stay readable; False when somebody reads.

        PostgreSQL does the like by itself: autovacuum, checkpoints.
        """
        if not self.is_sqlite:
            return True
        with self.turn.taken(), self.engine.connect() as connection:
            driver: Any = connection.connection.driver_connection
            driver.execute("PRAGMA busy_timeout=1000")
            try:
                busy, _, _ = driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            finally:
                driver.execute("PRAGMA busy_timeout=30000")
            return not busy

    def close(self) -> None:
        if self.standby is not None:
            self.standby.close()
        self.engine.dispose()


def away(error: BaseException) -> bool:
    """True when the database is not there, or cannot write: trying each row again would be in vain.

    A deadlock or a conflict of two transactions is not that: these go through one by one.
    """
    if isinstance(error, PoolTimeout):
        return True
    if not isinstance(error, OperationalError | InterfaceError):
        return getattr(error, "connection_invalidated", False)  # cut off, or no primary any more
    return getattr(error.orig, "sqlstate", None) not in {"40001", "40P01"}


def vault_of(session: Session) -> Vault:
    """The keys of this instance."""
    vault: Vault = session.info["vault"]
    return vault


def changed(session: Session, petition_id: int) -> None:
    """Tell the caches and the live feed, once this transaction is durable."""
    session.info["changed"].add(petition_id)


async def _request_session(request: Request) -> AsyncIterator[Session]:
    """What is waited for is waited for here, in the event loop; then one thread enters and one leaves."""
    database: Database = request.app.state.database
    if request.method in {"GET", "HEAD", "OPTIONS"}:
        async with contextmanager_in_threadpool(database.read()) as session:
            yield session
        return
    async with lanes_of(request).writing.place(), contextmanager_in_threadpool(database.write(PATIENCE)) as session:
        yield session


async def _old_session(request: Request) -> AsyncIterator[Session]:
    """``request.state.old``: whether it is the standby's (see ``answers.database_away``)."""
    database: Database = request.app.state.database
    async with contextmanager_in_threadpool(database.read_old()) as session:
        request.state.old = session.info.get("old", False)
        yield session


# Function scope: the commit comes before the response, so that a 303 is never a lie.
Db = Annotated[Session, Depends(_request_session, scope="function")]
# Of pages that may be a second old: never of what somebody has just done.
OldDb = Annotated[Session, Depends(_old_session, scope="function")]
