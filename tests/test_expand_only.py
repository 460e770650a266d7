"""What a step may do while the release before goes on: add. It takes away one release later (tests/releases.py)."""

import re
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.script import ScriptDirectory
from jinja2 import Environment, meta

from app import migrations
from app.cli.group import opened
from app.templating import ROOT, Templates
from tests import releases
from tests.conftest import settings_for
from tests.releases import PREVIOUS_STEP
from tests.services import Postgres

# Constraints that a step writes anew, and that allow all that the release before writes: name → why.
WIDER: dict[str, str] = {}
NAME = r'"?(\w+)"?'
REFUSED = {
    rf"^DROP TABLE (?:IF EXISTS )?{NAME}": "takes a table away",
    rf"^ALTER TABLE {NAME} DROP (?:COLUMN )?(?!CONSTRAINT)": "takes a column away",
    rf"^ALTER TABLE {NAME} RENAME": "gives another name",
    rf"^ALTER TABLE {NAME} ALTER COLUMN \w+ (?:TYPE|SET NOT NULL|DROP DEFAULT)": "asks more of a column",
    rf"^ALTER TABLE {NAME} ADD COLUMN (?!.* DEFAULT ).* NOT NULL": "adds a column that whoever does not know it omits",
    rf"^ALTER TABLE {NAME} ADD CONSTRAINT": "adds a constraint that the release before does not know",
    rf"^CREATE UNIQUE INDEX .* ON {NAME}": "adds a constraint that the release before does not know",
    rf"^CREATE INDEX (?!CONCURRENTLY).* ON {NAME}": "makes an index while everybody who writes waits",
    rf"^CREATE (?:CONSTRAINT )?TRIGGER .* ON {NAME}": "adds a guard that the release before does not know",
}


def faults(statements: list[str], known: set[str]) -> list[str]:
    """What these would break of the tables that were there before."""
    found = []
    for statement in statements:
        line = " ".join(statement.split())
        for pattern, why in REFUSED.items():
            named = re.match(pattern, line, re.IGNORECASE)
            if named and named[1] in known and not any(f" {name} " in line for name in WIDER):
                found.append(f"{why}: {line[:120]}")
    return found


@pytest.mark.parametrize(
    "statement",
    [
        "DROP TABLE petition",
        "ALTER TABLE petition DROP COLUMN goal",
        "ALTER TABLE petition RENAME COLUMN goal TO aim",
        "ALTER TABLE petition RENAME TO appeal",
        "ALTER TABLE petition ALTER COLUMN goal TYPE BIGINT",
        "ALTER TABLE petition ALTER COLUMN goal SET NOT NULL",
        "ALTER TABLE petition ADD COLUMN aim INTEGER NOT NULL",
        "ALTER TABLE petition ADD CONSTRAINT ck_petition_goal CHECK (goal > 1)",
        "CREATE UNIQUE INDEX ix_petition_goal ON petition (goal)",
        "CREATE INDEX ix_petition_goal ON petition (goal)",
        "CREATE TRIGGER guard BEFORE UPDATE ON petition EXECUTE FUNCTION refuse()",
    ],
)
def test_what_the_release_before_would_stumble_over_is_noticed(statement: str) -> None:
    assert len(faults([statement], {"petition"})) == 1
    assert faults([statement], {"signature"}) == []


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE petition ADD COLUMN aim INTEGER DEFAULT 0 NOT NULL",
        "ALTER TABLE petition ADD COLUMN aim INTEGER",
        "ALTER TABLE petition DROP CONSTRAINT ck_petition_goal",
        "CREATE INDEX CONCURRENTLY ix_petition_goal ON petition (goal)",
        "DROP INDEX CONCURRENTLY ix_petition_goal",
        "CREATE TABLE petition_goal (id INTEGER NOT NULL)",
    ],
)
def test_what_only_adds_is_let_through(statement: str) -> None:
    assert faults([statement], {"petition"}) == []


def test_steps_since_the_release_before_only_add(server: Postgres, tmp_path: Path) -> None:
    """As PostgreSQL is told them, whatever they are written with."""
    statements: list[str] = []
    with opened(settings_for(server.create_database("signons_expand"), tmp_path)) as (_, database):
        command.upgrade(migrations.config(database), PREVIOUS_STEP)
        known = set(sa.inspect(database.engine).get_table_names())

        @sa.event.listens_for(database.engine, "before_cursor_execute")
        def noted(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
            statements.append(statement.strip())

        command.upgrade(migrations.config(database), "head")
    assert any(statement.startswith(("ALTER", "CREATE")) for statement in statements)
    assert faults(statements, known) == []


def test_the_step_of_the_release_before_is_its_last_one(tmp_path: Path) -> None:
    release = releases.previous(tmp_path)
    assert ScriptDirectory(str(release.tree / "migrations")).get_current_head() == PREVIOUS_STEP


def test_mails_that_one_release_has_written_are_sent_by_the_other(tmp_path: Path) -> None:
    """Its templates get what they were given when the mail was written: they ask for nothing that is new without being
    ready to miss it, and none is gone."""
    environment = Templates(settings_for(f"sqlite:///{tmp_path}/none.db", tmp_path)).environments["fr"]
    before, now = asked(environment, releases.previous(tmp_path).tree), asked(environment, ROOT)
    assert before.keys() <= now.keys(), "keep it until nobody writes it any more"
    assert {name: names for name in before if (names := sorted(now[name] - before[name]))} == {}


def asked(environment: Environment, tree: Path) -> dict[str, set[str]]:
    """Each template of a mail, and the names that it cannot do without."""
    found = {}
    for path in (tree / "templates" / "email").rglob("*.*"):
        source = path.read_text()
        names = meta.find_undeclared_variables(environment.parse(source)) - environment.globals.keys()
        found[str(path.relative_to(tree / "templates"))] = names - set(re.findall(r"(\w+) is defined", source))
    return found
