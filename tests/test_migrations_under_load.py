"""A big table changes while people sign: nobody waits behind the migration for long (PostgreSQL)."""

import shutil
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from app import migrations
from app.db import Database
from app.settings import Settings
from tests.conftest import opened, prepare, settings_for
from tests.services import Postgres, serve, wait_for
from tests.site import FORM
from tests.test_processes import environment, post, published

ROWS = 200_000
# What the migration changes, in the style that the others have to follow.
MIGRATION = """
import sqlalchemy as sa
from alembic import op

revision = "9999_one_more"
down_revision = "{head}"
branch_labels = depends_on = None


def upgrade():
    op.add_column("signature", sa.Column("tested", sa.Boolean(), nullable=False, server_default=sa.false()))
    with op.get_context().autocommit_block():
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_signature_tested")
        op.create_index("ix_signature_tested", "signature", ["country", "departement"], postgresql_concurrently=True)


def downgrade():
    pass
"""
FILL = """INSERT INTO signature (petition_id, id, email_key, state, given_name, family_name_sealed, email_sealed,
  postal_code, country, departement, display, locale, text_version, created_at, mails, mails_today, mailed_on, reminded,
  code_failures)
SELECT 99, uuidv7(), decode(md5(n::text), 'hex'), 'pending', 'Marie', '', '', '35000', 'FR', '35', 'hidden', 'fr', 1,
  now(), 1, 1, current_date, false, 0 FROM generate_series(1, %s) AS n"""


@pytest.fixture
def full(server: Postgres, tmp_path: Path) -> Settings:
    settings = settings_for(server.create_database("signons_full"), tmp_path, trusted_proxies=("127.0.0.1",))
    settings = settings.model_copy(update={"rate_sign": "100000/minute"})
    prepare(settings)
    with psycopg.connect(settings.database_url) as connection:
        connection.execute(FILL, (ROWS,))
        # The server says who has waited for a lock for half a second.
        connection.execute("ALTER DATABASE signons_full SET log_lock_waits = on")
        connection.execute("ALTER DATABASE signons_full SET deadlock_timeout = '500ms'")
    return settings


def with_one_more(database: Database, tmp_path: Path) -> Config:
    folder = tmp_path / "migrations"
    shutil.copytree(Path("migrations"), folder)
    config = migrations.config(database)
    head = migrations.revision(database)
    (folder / "versions" / "9999_one_more.py").write_text(MIGRATION.format(head=head))
    config.set_main_option("script_location", str(folder))
    return config


@contextmanager
def people_sign(settings: Settings) -> Iterator[list[float]]:
    """Seconds that each of those who sign meanwhile has waited."""
    waited: list[float] = []
    end = threading.Event()
    slug = published(settings)
    env = environment(settings) | {"SIGNONS_RATE_SIGN": settings.rate_sign}

    with serve(env) as web:

        def sign(who: int) -> None:
            n = 0
            while not end.is_set():
                n += 1
                began = time.monotonic()
                form = FORM | {"email": f"p{who}-{n}@exemple.test"}
                assert post(web.url, f"/petitions/{slug}/signatures", form) == 303
                waited.append(time.monotonic() - began)
                end.wait(0.02)

        threads = [threading.Thread(target=sign, args=(who,)) for who in range(4)]
        for thread in threads:
            thread.start()
        try:
            yield waited
        finally:
            end.set()
            for thread in threads:
                thread.join()


@contextmanager
def somebody_reads_for(seconds: float, settings: Settings, until: Callable[[], bool]) -> Iterator[None]:
    """A long reader, a backup for instance: it hinders nobody, except who changes the table."""
    ready = threading.Event()

    def read() -> None:
        with psycopg.connect(settings.database_url) as connection:
            connection.execute("SELECT 1 FROM signature LIMIT 1")
            ready.set()
            time.sleep(seconds)
            wait_for(until, "enough people sign meanwhile")

    reader = threading.Thread(target=read)
    reader.start()
    try:
        assert ready.wait(30)
        yield
    finally:
        reader.join()


def test_nobody_waits_half_a_second_for_a_lock_while_a_big_table_changes(
    server: Postgres, full: Settings, tmp_path: Path
) -> None:
    with opened(full) as database:
        config = with_one_more(database, tmp_path)
        said = len(server.log.read_bytes())
        with people_sign(full) as waited, somebody_reads_for(3, full, lambda: len(waited) > 50):
            began = time.monotonic()
            command.upgrade(config, "head")
            took = time.monotonic() - began
        with database.engine.connect() as connection:
            valid = connection.scalar(
                sa.text("SELECT indisvalid FROM pg_index WHERE indexrelid = 'ix_signature_tested'::regclass")
            )
    assert valid
    assert took > 2  # it had to let the reader end
    assert len(waited) > 50
    # The database says so of whoever waits for so long (see ``full``); how long a page takes is the machine's, too.
    assert b"still waiting for" not in server.log.read_bytes()[said:]


def test_a_table_that_stays_busy_is_told_in_one_sentence(full: Settings, tmp_path: Path) -> None:
    with opened(full) as database:
        config = with_one_more(database, tmp_path)
        env = tmp_path / "migrations" / "env.py"
        env.write_text(env.read_text().replace("PAUSES = (0.5, 1, 1, 2, 2, 5, 5, 10, 10, 20)", "PAUSES = (0.1,)"))
        with somebody_reads_for(2, full, lambda: True), pytest.raises(Exception, match="relancez « signons migrate »"):
            command.upgrade(config, "head")
        command.upgrade(config, "head")  # once the table is free
        with database.engine.connect() as connection:
            assert connection.scalar(sa.text("SELECT count(*) FROM signature WHERE NOT tested")) == ROWS
            assert connection.scalar(sa.text("SHOW lock_timeout")) == "0"


@pytest.mark.parametrize(("before", "step"), [("0017_bounces", "0018_outcomes"), ("0020_undo", "0021_mail_counts")])
def test_a_step_that_a_backup_keeps_waiting_begins_again(
    server: Postgres, tmp_path: Path, before: str, step: str
) -> None:
    """An index made aside waits for whoever reads anything: what its step did before is not in its way again."""
    settings = settings_for(server.create_database("signons_dumped"), tmp_path)
    given_up = sa.text(
        "SELECT count(*) FROM pg_index WHERE NOT indisvalid AND NOT EXISTS (SELECT FROM pg_stat_activity"
        " WHERE datname = current_database() AND state = 'active' AND query LIKE 'CREATE INDEX%')"
    )

    def gave_up() -> bool:
        with database.engine.connect() as connection:
            return bool(connection.scalar(given_up))

    with opened(settings) as database, ThreadPoolExecutor(1) as pool:
        command.upgrade(migrations.config(database), before)
        with psycopg.connect(settings.database_url) as dump:
            dump.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            dump.execute("SELECT 1")
            upgrade = pool.submit(command.upgrade, migrations.config(database), step)
            wait_for(gave_up, "the index is given up for now")
        upgrade.result()
        assert migrations.revision(database) == step
        assert not gave_up()
