"""Alembic's environment: one connection of the application's own engine, migrations in order."""

from alembic import context
from sqlalchemy import text

import app.models
from app.db import Base, Database, Json, UTCDateTime

assert app.models
LOCK = 0x5169_6E6F  # any number that only Signons uses


def render_item(kind: str, item: object, _context: object) -> str | bool:
    """Migrations name plain types: they must run the same when the code has moved on."""
    if kind == "type" and isinstance(item, UTCDateTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(item, Json):
        return "sa.Text()"
    return False


def run() -> None:
    database: Database = context.config.attributes["database"]
    with database.engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            render_item=render_item,
            render_as_batch=database.is_sqlite,
            compare_server_default=True,
            transaction_per_migration=True,
        )
        if not database.is_sqlite:
            # Several processes may start at once: one migrates, the others wait and find it done.
            connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": LOCK})
            connection.commit()
        try:
            with context.begin_transaction():
                context.run_migrations()
            connection.commit()
        finally:
            if not database.is_sqlite:
                connection.rollback()
                connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": LOCK})
                connection.commit()


run()
