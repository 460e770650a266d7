"""Engines with the habits of their dialect: how each connects, and what each connection is told first."""

from pathlib import Path
from typing import Any

from sqlalchemy import Dialect, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.engine.interfaces import ExceptionContext

from app import conninfo
from app.lanes import PATIENCE

# Of one process: what lanes, intakes, the live feed and the worker use at once, and room to spare.
CONNECTIONS = 40
# SQLSTATE read_only_sql_transaction.
READ_ONLY = "25006"


def sqlite_engine(address: str, pool_size: int) -> Engine:
    url = make_url(address)
    if url.database:
        file = Path(url.database)
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not file.exists():
            file.touch(0o600)
    engine = create_engine(
        url,
        pool_size=pool_size,
        max_overflow=CONNECTIONS - pool_size,
        pool_timeout=PATIENCE,
        connect_args={"timeout": 30, "isolation_level": None},
    )
    _sqlite_habits(engine)
    return engine


def postgres_engine(options: dict[str, Any], pool_size: int) -> Engine:
    """*options* say where, in libpq's words: SQLAlchemy's URLs cannot say all of it."""
    engine = create_engine(
        "postgresql+psycopg://",
        pool_size=pool_size,
        max_overflow=CONNECTIONS - pool_size,
        pool_timeout=PATIENCE,
        pool_pre_ping=True,
        connect_args=options,
    )
    _postgres_habits(engine, options)
    return engine


def _postgres_habits(engine: Engine, options: dict[str, Any]) -> None:
    """The server too notices within half a minute that we have vanished, and lets go of what we had locked."""
    seen_there = (
        "tcp_keepalives_idle=10",
        "tcp_keepalives_interval=5",
        "tcp_keepalives_count=3",
        "tcp_user_timeout=15000",
    )
    order: dict[str, Any] = {}  # the host that answered last is asked first

    @event.listens_for(engine, "do_connect")
    def ask(_dialect: Dialect, _record: Any, _arguments: Any, wanted: dict[str, Any]) -> None:
        wanted.update(order)

    @event.listens_for(engine, "connect")
    def settings(connection: Any, _record: Any) -> None:
        order.update(conninfo.found_first(options, connection.info.host, connection.info.port))
        with connection.cursor() as cursor:
            cursor.execute("; ".join(f"SET {setting}" for setting in seen_there))
        connection.commit()

    event.listen(engine, "handle_error", _demoted)


def _demoted(context: ExceptionContext) -> None:
    """A primary that takes no more writes has handed over: its connections are dropped, the next one finds the new."""
    if getattr(context.original_exception, "sqlstate", None) == READ_ONLY:
        context.is_disconnect = True


def _sqlite_habits(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def pragmas(connection: Any, _record: Any) -> None:
        cursor = connection.cursor()
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "busy_timeout=30000",
            "cache_size=-32000",
            "secure_delete=ON",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin(connection: Any) -> None:
        writing = connection.get_execution_options().get("signons_write")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")
