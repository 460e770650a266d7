"""Alembic, called as a library: the same steps for the command, the tests and the health check."""

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from app.db import Database
from app.templating import ROOT


def config(database: Database) -> Config:
    """Alembic's configuration; its connections are *database*'s."""
    found = Config(toml_file=str(ROOT / "pyproject.toml"))
    found.set_main_option("script_location", str(ROOT / "migrations"))
    found.attributes["database"] = database
    return found


def upgrade(database: Database) -> None:
    """Create or upgrade the schema, under a lock where several may start at once."""
    command.upgrade(config(database), "head")


def pending_migrations(database: Database) -> bool:
    """True when the schema is not the one that this code knows."""
    head = ScriptDirectory.from_config(config(database)).get_current_head()
    with database.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision() != head


def revision(database: Database) -> str | None:
    """The schema's present revision; None before the first."""
    with database.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def known(wanted: str | None) -> bool:
    """True when this code can bring that revision up to date."""
    steps = ScriptDirectory(str(ROOT / "migrations")).walk_revisions()
    return wanted is None or wanted in {step.revision for step in steps}
