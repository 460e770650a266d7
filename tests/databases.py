"""Databases as good as new for each test, without making and learning everything each time."""

from typing import Any

import psycopg
import sqlalchemy as sa
from psycopg.sql import SQL, Identifier

from tests.services import Postgres

# Left behind by a test, beyond which a copy is made: dead rows would slow the tests that follow.
MOST_BYTES = 8 << 20
# What any change of the schema changes: rows of these catalogues come, go, or have a later transaction.
SCHEMA = """
SELECT sum(n), max(latest) FROM (
  SELECT count(*), max(xmin::text::bigint) FROM pg_class UNION ALL
  SELECT count(*), max(xmin::text::bigint) FROM pg_attribute UNION ALL
  SELECT count(*), max(xmin::text::bigint) FROM pg_attrdef UNION ALL
  SELECT count(*), max(xmin::text::bigint) FROM pg_constraint UNION ALL
  SELECT count(*), max(xmin::text::bigint) FROM pg_trigger UNION ALL
  SELECT count(*), max(xmin::text::bigint) FROM pg_proc
) AS catalogues (n, latest)"""
TABLES = """
SELECT relname, pg_total_relation_size(oid), pg_relation_size(oid) > 0 FROM pg_class
WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"""
SEQUENCES = "SELECT sequencename, coalesce(last_value, start_value), last_value IS NOT NULL FROM pg_sequences"
RESTART = """
SELECT setval(quote_ident(name)::regclass, value, called)
FROM unnest(%s::text[], %s::bigint[], %s::bool[]) AS kept (name, value, called)"""
# As DROP DATABASE … WITH (FORCE) does: nothing of an earlier test goes on.
ALONE = """
SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"""

_known: dict[str, sa.Engine] = {}


def create_engine(url: sa.URL, **options: Any) -> sa.Engine:
    """SQLAlchemy's own; but all engines of one kind share the statements that the first has compiled.

    Each test has an engine of its own, and compiling took a third of its time.
    """
    engine = sa.create_engine(url, **options)
    if engine.name == "sqlite":
        sa.event.listen(engine, "checkout", _careless)
    first = _known.setdefault(engine.name, engine)
    if first.dialect.default_schema_name is None:  # it has never been connected: it does not know its server
        _known[engine.name] = engine
    elif first is not engine:
        engine.dialect = engine.pool._dialect = first.dialect
        engine._compiled_cache = first._compiled_cache
    return engine


def _careless(connection: Any, *_: object) -> None:
    """What a test commits need not outlive a power cut: no commit waits for the disk, as on our PostgreSQL."""
    connection.execute("PRAGMA synchronous=OFF")


class Reused:
    """One database for many tests: what a test wrote is deleted, the rows that every instance starts with
    are put back as they were, and sequences start again, all in about 15 ms; a copy of the template takes 100.

    A test that changed the schema, or wrote much, costs a copy.
    """

    def __init__(self, server: Postgres, name: str, template: str) -> None:
        self.server, self.name, self.template = server, name, template
        self.schema: object = None  # before the first copy
        self.bytes = 0
        self.first_rows: dict[str, bytes] = {}
        self.sequences: list[tuple[object, ...]] = []

    def fresh(self) -> str:
        """The URL of the database, holding what the template holds."""
        url = self.server.url(self.name)
        if self.schema is None or not self._emptied(url):
            self.server.create_database(self.name, template=self.template)
            self._look(url)
        return url

    def _look(self, url: str) -> None:
        """Remember the copy as it was made."""
        with psycopg.connect(url) as connection:
            self.schema = connection.execute(SCHEMA).fetchone()
            tables = connection.execute(TABLES).fetchall()
            self.bytes = sum(size for _, size, _ in tables)
            self.sequences = connection.execute(SEQUENCES).fetchall()
            self.first_rows = {}
            for name, _, written in tables:
                if written:
                    with connection.cursor().copy(SQL("COPY {} TO STDOUT").format(Identifier(name))) as rows:
                        self.first_rows[name] = b"".join(rows)

    def _emptied(self, url: str) -> bool:
        """False when the database is no longer one that deleting makes new."""
        try:
            with psycopg.connect(url) as connection:
                connection.execute(ALONE)
                tables = connection.execute(TABLES).fetchall()
                grown = sum(size for _, size, _ in tables) - self.bytes
                if grown > MOST_BYTES or connection.execute(SCHEMA).fetchone() != self.schema:
                    return False
                self._delete(connection, [name for name, _, written in tables if written])
            return True
        except psycopg.OperationalError:  # a test has killed the server, or dropped the database
            return False

    def _delete(self, connection: psycopg.Connection, tables: list[str]) -> None:
        # Guards refuse to delete evidence, foreign keys ask for an order: neither is asked.
        connection.execute("SET LOCAL session_replication_role = replica")
        connection.execute(SQL(";").join(SQL("DELETE FROM {}").format(Identifier(name)) for name in tables))
        for name, content in self.first_rows.items():
            with connection.cursor().copy(SQL("COPY {} FROM STDIN").format(Identifier(name))) as rows:
                rows.write(content)
        connection.execute(RESTART, list(map(list, zip(*self.sequences, strict=True))))
