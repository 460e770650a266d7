"""Alembic, called as a library: the same steps for the command, the tests and the health check."""

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from app.db import Database
from app.errors import Refused
from app.templating import ROOT

FOLDER = ROOT / "migrations"
# Fifteen steps led to the first release and are one today. Who stands on the way passes by the last program that
# knew them, whose last step is the first one of today.
BEFORE_FIRST_RELEASE = {f"000{n}" for n in range(1, 9)} | {
    "audit_chain", "own_sessions", "export_permissions", "fold_search", "bound_forms", "recipients",
}  # fmt: skip
LAST_WITH_STEPS = "5018fc8"


def config(database: Database) -> Config:
    """Alembic's configuration; its connections are *database*'s."""
    found = Config(toml_file=str(ROOT / "pyproject.toml"))
    found.set_main_option("script_location", str(FOLDER))
    found.attributes["database"] = database
    return found


def upgrade(database: Database) -> None:
    """Create or upgrade the schema, under a lock where several may start at once. Raises Refused."""
    if reason := unreachable(revision(database)):
        raise Refused("La base de données %(reason)s", reason=reason)
    command.upgrade(config(database), "head")


def pending_migrations(database: Database) -> bool:
    """True when a step that this code knows is still to be done.

    Not on the schema of the release after this one: its steps only add, so that both run side by side for a while.
    """
    found = revision(database)
    return found != _steps().get_current_head() and not newer(found)


def newer(found: str | None) -> bool:
    """This revision is of a release after this one."""
    return found is not None and found not in BEFORE_FIRST_RELEASE | _revisions()


def revision(database: Database) -> str | None:
    """The schema's present revision; None before the first."""
    with database.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def unreachable(wanted: str | None, verb: str = "migrate") -> str:
    """Why this code's *verb* cannot bring that revision up to date, the end of a sentence; "" when it can."""
    if newer(wanted):
        return "vient d’une version plus récente de Signons : mettez d’abord à jour."
    if wanted in BEFORE_FIRST_RELEASE:
        return (
            f"date d’avant la première version de Signons : passez d’abord par le commit {LAST_WITH_STEPS}"
            f" (git checkout {LAST_WITH_STEPS}, make setup, signons {verb}), puis revenez à cette version."
        )
    return ""


def _revisions() -> set[str]:
    return {step.revision for step in _steps().walk_revisions()}


def _steps() -> ScriptDirectory:
    return ScriptDirectory(str(FOLDER))
