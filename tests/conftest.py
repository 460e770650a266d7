"""One fresh database a test, on SQLite and on a real PostgreSQL; nothing is mocked.

A test that asks for a database runs on both. ``@pytest.mark.databases("sqlite")``, on a test or as a module's
``pytestmark``, keeps to one what no database can answer otherwise: pages, forms, roles, mails, settings. What the
database decides stays on both: races, constraints, locks, guards, order, counts, exports, retention, backups,
migrations, and each statement of ours at least once.
"""

import gc
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import hypothesis
import pytest
from _pytest.nodeid import coerce_node_id
from alembic.script import ScriptDirectory
from pwdlib.hashers.argon2 import Argon2Hasher

from app import clock, logs, migrations
from app.bus import Bus
from app.db import Database
from app.moderation.actions import team
from app.reference import install_reference_data
from app.settings import Settings
from app.vault import open_vault
from app.web import ratelimit
from tests.databases import Reused, create_engine
from tests.services import Postgres, postgres
from tests.site import Site

logs.configure("WARNING")
# For the whole run, in this process: what its programs do, they do as in production.
for_good = pytest.MonkeyPatch()
for_good.setattr("app.engines.create_engine", create_engine)
# Passwords at the least cost (time, memory, threads), instead of a third of a second of a processor a sign-in.
# What production spends is asked of the program itself, in accounts/test_sign_in.py.
for_good.setattr(Argon2Hasher.__init__, "__defaults__", (1, 8, 1, *(Argon2Hasher.__init__.__defaults__ or ())[3:]))
# The same examples each time, however slow the machine: what failed fails again.
hypothesis.settings.register_profile("suite", deadline=None, derandomize=True, database=None)
hypothesis.settings.load_profile("suite")
DATABASES = ("sqlite", "postgresql")
SECRET = "a-secret-for-the-tests-that-is-long-enough"


def settings_for(url: str, var: Path, **more: object) -> Settings:
    values = {
        "database_url": url,
        "var_dir": str(var),
        "secret_key": SECRET,
        "rate_sign": "1000/minute",
        "rate_post": "1000/minute",
        "pace_network": "1000000",
        "pace_site": "1000000",
    }
    return Settings(_env_file=None, **(values | more))  # type: ignore[call-arg, arg-type]


@contextmanager
def opened(settings: Settings) -> Iterator[Database]:
    """The database of an instance that runs elsewhere, or of none yet."""
    bus = Bus(settings)
    database = Database(settings, open_vault(settings), bus)
    try:
        yield database
    finally:
        bus.stop()
        database.close()


def prepare(settings: Settings) -> None:
    """Schema and reference data."""
    with opened(settings) as database:
        migrations.upgrade(database)
        with database.write() as session:
            install_reference_data(session)


ONE_MORE = """
import sqlalchemy as sa
from alembic import op

revision = "{number}_one_more"
down_revision = "{head}"


def upgrade():
    op.add_column("hint_off", sa.Column("one_more", sa.Text()))


def downgrade():
    op.drop_column("hint_off", "one_more")
"""


@pytest.fixture
def next_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Calling it puts the code one migration further than it is."""

    def move_on() -> None:
        folder = shutil.copytree(migrations.FOLDER, tmp_path / "next_version")
        script = ScriptDirectory(str(folder))
        number = f"{len(list(script.walk_revisions())) + 1:04}"
        text = ONE_MORE.format(number=number, head=script.get_current_head())
        (folder / "versions" / f"{number}_one_more.py").write_text(text)
        monkeypatch.setattr(migrations, "FOLDER", folder)

    return move_on


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("template")
    prepare(settings_for(f"sqlite:///{folder}/signons.db", folder))
    return folder / "signons.db"


@pytest.fixture(scope="session")
def server() -> Iterator[Postgres]:
    with postgres(durable=False) as running:
        yield running


@pytest.fixture(scope="session")
def postgres_template(server: Postgres, tmp_path_factory: pytest.TempPathFactory) -> str:
    url = server.create_database("signons_template")
    prepare(settings_for(url, tmp_path_factory.mktemp("template")))
    return "signons_template"


@pytest.fixture(scope="session")
def reused(server: Postgres, postgres_template: str) -> Reused:
    return Reused(server, "signons_test", postgres_template)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    by_hand = any("database_url" in mark.args[0] for mark in metafunc.definition.iter_markers("parametrize"))
    if "database_url" in metafunc.fixturenames and not by_hand:
        mark = metafunc.definition.get_closest_marker("databases")
        metafunc.parametrize("database_url", mark.args if mark else DATABASES, indirect=True)


# Files that start the program as its operators do, or wait for what only time shows.
PROCESSES = {
    "test_connection.py", "test_container.py", "test_crash.py", "test_graceful_stop.py", "test_killed.py",
    "test_logs.py", "test_migrations_under_load.py", "test_private.py", "test_processes.py", "test_services.py",
    "test_databases.py",
}  # fmt: skip


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark what needs PostgreSQL, so that ``make test FAST=1`` can leave it out; keep groups together."""
    for item in items:
        if isinstance(item, pytest.Function) and (
            "server" in item.fixturenames
            or (hasattr(item, "callspec") and "postgresql" in item.callspec.params.values())
        ):
            item.add_marker("postgresql")
        if item.path.name in PROCESSES or item.path.parent.name == "abuse":
            item.add_marker("slow")
        group = item.get_closest_marker("xdist_group")
        if group is not None and getattr(config.option, "loadgroup", False):
            # What xdist 3.8 means to do: it writes a name that pytest has not read since 9.2.
            item._id = coerce_node_id(f"{item.nodeid}@{group.args[0]}")


def pytest_collection_finish() -> None:
    """As the program does once it is there (app/serve.py)."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


@pytest.fixture
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("sqlite_template"), tmp_path / "signons.db")
        return f"sqlite:///{tmp_path}/signons.db"
    reused: Reused = request.getfixturevalue("reused")
    return reused.fresh()


@pytest.fixture(autouse=True)
def _fresh_start() -> Iterator[None]:
    """No test inherits another's clock or limits."""
    clock.reset()
    ratelimit.limiter.reset()
    yield
    clock.reset()


@pytest.fixture(autouse=True)
def _no_lot(monkeypatch: pytest.MonkeyPatch) -> None:
    """No decision is drawn for a second look but where a test wants it: one in fifty would fail at random."""
    monkeypatch.setattr(team, "sampled", lambda: False)


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    return settings_for(database_url, tmp_path)


@pytest.fixture
def site(settings: Settings) -> Iterator[Site]:
    """The whole application, answering HTTP."""
    with Site(settings) as running:
        yield running
