"""Alembic's environment: one connection of the application's own engine, migrations in order."""

from time import sleep

from alembic import context
from sqlalchemy import Connection, text
from sqlalchemy.exc import OperationalError

import app.models
from app.db import Base, Database, Json, UTCDateTime
from app.errors import Refused

assert app.models
LOCK = 0x5169_6E6F  # any number that only Signons uses
# A change of a table waits for those who use it, and everybody behind it waits too: so it gives up
# soon and tries again later. People who sign meanwhile wait this long at most.
PATIENCE = "200ms"
PAUSES = (0.5, 1, 1, 2, 2, 5, 5, 10, 10, 20)
BUSY = (
    "Une longue opération occupe une table : rien n’a été changé depuis la dernière étape. Attendez qu’elle finisse"
    " (sauvegarde, export, requête ouverte), puis relancez « signons migrate »."
)


def render_item(kind: str, item: object, _context: object) -> str | bool:
    """Migrations name plain types: they must run the same when the code has moved on."""
    if kind == "type" and isinstance(item, UTCDateTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(item, Json):
        return "sa.Text()"
    return False


def is_compared(item: object, name: str | None, kind: str, _reflected: bool, _other: object) -> bool:
    """FTS5's table, and those that it makes for itself, are like nothing that models can say."""
    on_sqlite = context.get_bind().dialect.name == "sqlite"
    return not (on_sqlite and kind == "table" and (name or "").startswith("petition_search"))


def run() -> None:
    database: Database = context.config.attributes["database"]
    with database.engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            render_item=render_item,
            include_object=is_compared,
            render_as_batch=database.is_sqlite,
            compare_server_default=True,
            transaction_per_migration=True,
        )
        if database.is_sqlite:
            _migrate(connection)
            return
        # Several processes may start at once: one migrates, the others wait and find it done.
        connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": LOCK})
        connection.execute(text(f"SET lock_timeout = '{PATIENCE}'"))
        connection.commit()
        try:
            _migrate_when_possible(connection)
        finally:
            connection.rollback()
            connection.execute(text("RESET lock_timeout"))
            connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": LOCK})
            connection.commit()


def _migrate(connection: Connection) -> None:
    with context.begin_transaction():
        context.run_migrations()
    connection.commit()


def _migrate_when_possible(connection: Connection) -> None:
    """Each migration is a transaction of its own: those that were done stay done."""
    for pause in (*PAUSES, None):
        try:
            _migrate(connection)
            return
        except OperationalError as error:
            if getattr(error.orig, "sqlstate", None) != "55P03":  # lock_not_available
                raise
            connection.rollback()
            if pause is None:
                raise Refused(BUSY) from None
            sleep(pause)


run()
