"""A database that was used and emptied is one that was just made."""

from pathlib import Path

import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from tests.conftest import settings_for
from tests.databases import SEQUENCES, Reused
from tests.services import Postgres
from tests.site import Site

OWN = "signons_reused"


@pytest.fixture(scope="session")
def own(server: Postgres, postgres_template: str) -> Reused:
    return Reused(server, OWN, postgres_template)


def holds(url: str) -> dict[str, object]:
    """Every row and the state of every sequence."""
    with psycopg.connect(url) as connection:
        names = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        rows: dict[str, object] = {
            name: sorted(connection.execute(SQL("SELECT t::text FROM {} t").format(Identifier(name))).fetchall())
            for (name,) in names
        }
        return rows | {"sequences": sorted(connection.execute(SEQUENCES).fetchall())}


def copies(server: Postgres) -> object:
    """What is another one when the database was made again."""
    with psycopg.connect(server.url()) as connection:
        return connection.execute("SELECT oid FROM pg_database WHERE datname = %s", (OWN,)).fetchone()


def use(url: str, var: Path) -> None:
    """Rows with every guard: consents, a decision; and another version of a wording."""
    with Site(settings_for(url, var)) as site:
        slug = site.publish()
        comment = site.comment(slug, "Un avis de trop.")
        site.staff("moderator").post(
            f"/moderation/commentaires/{comment}", data={"decision": "publish", "version": "1"}
        )
        with psycopg.connect(url) as connection:
            connection.execute("UPDATE consent_text SET valid_to = now()")


def test_what_a_test_wrote_is_gone_without_a_copy(own: Reused, server: Postgres, tmp_path: Path) -> None:
    url = own.fresh()
    first, made = holds(url), copies(server)
    use(url, tmp_path)
    used = holds(url)
    assert {name for name in first if used[name] != first[name]} >= {"consent_event", "consent_text", "sequences"}
    assert holds(own.fresh()) == first
    assert copies(server) == made


def test_who_is_still_connected_is_sent_away(own: Reused) -> None:
    with psycopg.connect(own.fresh()) as idle:
        idle.execute("LOCK TABLE petition")
        own.fresh()
        with pytest.raises(psycopg.OperationalError):
            idle.execute("SELECT 1")


CHANGES = {
    "a column": "ALTER TABLE petition ADD COLUMN tested int",
    "a table less": "DROP TABLE audit_line",
    "a guard less": "DROP TRIGGER consent_event_guard ON consent_event",
    "a guard asleep": "ALTER TABLE consent_event DISABLE TRIGGER consent_event_guard",
    "another function": "ALTER FUNCTION refuse_consent_change() STABLE",
    "a default": "ALTER TABLE petition ALTER COLUMN goal SET DEFAULT 7",
    "a constraint": "ALTER TABLE petition ADD CHECK (goal > 0)",
    "many rows": "INSERT INTO alembic_version SELECT md5(n::text) FROM generate_series(1, 100000) AS n",
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_a_changed_schema_or_much_left_behind_costs_a_copy(own: Reused, server: Postgres, change: str) -> None:
    with psycopg.connect(own.fresh()) as connection:
        made = copies(server)
        connection.execute(change)
    first = holds(own.fresh())
    assert copies(server) != made
    assert first == holds(server.url(own.template))
