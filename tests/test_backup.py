"""Backups on both databases: whole, secret, checked; restoring is all or nothing and forgets again."""

import io
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from time import monotonic

import pyrage
import pytest
import sqlalchemy as sa
from alembic import command
from click.testing import CliRunner, Result

from app import migrations
from app.backup import actions, archive, postgres
from app.backup.progress import Progress
from app.bus import Bus
from app.cli import main
from app.db import Database
from app.errors import Refused
from app.privacy import counting, retention
from app.privacy.actions import erasing
from app.settings import Settings
from app.subscriptions.models import Subscription
from app.vault import open_vault
from tests.conftest import SECRET
from tests.privacy.test_self_service import line, opened
from tests.site import Site


@pytest.fixture
def run(settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> "Run":
    monkeypatch.chdir(tmp_path)
    for name in ("database_url", "var_dir", "secret_key", "rate_sign"):
        monkeypatch.setenv(f"SIGNONS_{name.upper()}", str(getattr(settings, name)))
    return Run(tmp_path / "sauvegarde.age")


class Run:
    """The command line, as an operator types it."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def __call__(self, *arguments: str | Path, typed: str = "") -> Result:
        result = CliRunner().invoke(main, [str(part) for part in arguments], input=typed)
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result

    def refused(self, *arguments: str | Path, typed: str = "") -> str:
        result = self(*arguments, typed=typed)
        assert result.exit_code == 1, result.output
        return result.output

    def done(self, *arguments: str | Path, typed: str = "") -> str:
        result = self(*arguments, typed=typed)
        assert result.exit_code == 0, result.output
        return result.output


@pytest.fixture
def closed(settings: Settings) -> Iterator[Database]:
    """The database while nothing is served."""
    database = Database(settings, open_vault(settings), Bus(settings))
    yield database
    database.close()


def rows(settings: Settings) -> dict[str, int]:
    """How many rows each table has."""
    database = Database(settings, open_vault(settings), Bus(settings))
    try:
        with database.engine.connect() as connection:
            names = sa.inspect(connection).get_table_names()
            return {name: connection.scalar(sa.text(f'SELECT count(*) FROM "{name}"')) or 0 for name in names}
    finally:
        database.close()


def shown(settings: Settings, slug: str) -> int:
    with Site(settings) as site:
        with site.database.read() as session:
            assert counting.differences(session) == []
        return site.count(slug)


def test_a_drill_everything_is_back_and_what_was_erased_since_is_not(
    settings: Settings, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    picture, scan = settings.var / "images" / "abc.webp", settings.var / "scans" / "abc.scan"
    for file in (picture, scan):
        file.parent.mkdir()
        file.write_bytes(file.parent.name.encode())
    with Site(settings) as site:
        slug = site.publish()
        for n in range(6):
            site.confirmed(slug, email=f"personne{n}@exemple.test")
        site.sign(slug, email="en-attente@exemple.test")
    began = monotonic()
    assert "relu et vérifié" in run.done("backup", run.file)
    saved = monotonic() - began
    before = rows(settings)

    run.done("erase", "personne1@exemple.test", "--yes")
    with Site(settings) as site:
        path = site.confirmed(slug, email="apres@exemple.test")
        assert site.client.get(path).status_code == 200
    picture.unlink()
    scan.unlink()

    began = monotonic()
    assert "Signatures effacées de nouveau : 1." in run.done("restore", run.file, typed="oui\n")
    restored = monotonic() - began
    with capsys.disabled():
        print(f"\nDrill on {settings.database_url.partition(':')[0]}: saved {saved:.1f} s, restored {restored:.1f} s.")
    assert restored < 30
    assert (picture.read_bytes(), scan.read_bytes()) == (b"images", b"scans")
    assert shown(settings, slug) == 5
    after = rows(settings)
    assert after["signature"] == before["signature"] - 1
    assert after["petition"] == before["petition"]
    with Site(settings) as site:
        # The person who was erased may come back, and the one who was lost may sign again.
        for email in ("personne1@exemple.test", "apres@exemple.test"):
            site.confirmed(slug, email=email)
        assert site.count(slug) == 7


def test_who_left_since_stays_away_and_who_undid_it_within_the_minute_does_not(settings: Settings, run: Run) -> None:
    people = ["part", "revient", "efface", "reste"]
    with Site(settings) as site:
        slug = site.publish()
        for name in people:
            site.confirmed(slug, email=f"{name}@exemple.test", given_name=name.title(), consent_updates="on")
    run.done("backup", run.file)
    with Site(settings) as site:
        pages = {}
        for name in people:
            browser = opened(site, f"{name}@exemple.test")
            leave = line(browser) + "/retirer" if name in {"part", "revient"} else "/mes-signatures/effacer"
            pages[name] = browser.post(leave).headers["location"]
        assert site.count(slug) == 0
        for name in ("revient", "reste"):
            assert site.client.post(pages[name]).status_code == 303
        during = run.file.with_name("pendant.age")
        run.done("backup", during)
    assert "Signatures effacées de nouveau : 2." in run.done("restore", run.file, "--yes")
    assert shown(settings, slug) == 2
    with Site(settings) as site:
        assert sorted(row.given_name for row in site.signatures()) == ["Reste", "Revient"]
        # What was to be undone is not there any more; what was undone is done.
        assert {site.client.post(page).status_code for page in pages.values()} == {410}
        with site.database.read() as session:
            mailed = session.scalars(sa.select(Subscription.signature_id)).all()
            assert {*mailed} <= {row.id for row in site.signatures()}
    # A backup that was made within the minute has what this minute keeps: nobody opens it once it is over.
    run.done("restore", during, "--yes")
    with Site(settings) as site:
        assert site.client.get(pages["part"]).status_code == 200
        site.later(seconds=61)
        assert {site.client.post(page).status_code for page in pages.values()} == {410}
        assert retention.run(site.database, settings)["undo"] == 4
    assert shown(settings, slug) == 2


def test_what_was_erased_since_is_read_from_a_database_of_the_release_before(settings: Settings, run: Run) -> None:
    """Restored between the new program and its migration."""
    with Site(settings) as site:
        slug = site.publish()
        for n in range(3):
            site.confirmed(slug, email=f"personne{n}@exemple.test")
    run.done("backup", run.file)
    run.done("erase", "personne1@exemple.test", "--yes")
    database = Database(settings, open_vault(settings), Bus(settings))
    command.downgrade(migrations.config(database), "0018_outcomes")
    database.close()
    told = run.done("restore", run.file, "--yes")
    assert "Signatures effacées de nouveau : 1." in told
    assert "Attention" not in told
    assert shown(settings, slug) == 2


def test_restoring_on_an_empty_machine(settings: Settings, run: Run) -> None:
    with Site(settings) as site:
        slug = site.publish()
        site.confirmed(slug)
    run.done("backup", run.file)
    _drop_everything(settings)
    run.done("restore", run.file, "--yes")
    assert shown(settings, slug) == 1
    with Site(settings) as site:
        assert f"/petitions/{slug}" in site.client.get("/?q=bibliotheques").text
        site.publish()  # and the index is one that takes more
        assert "2 pétitions trouvées" in site.client.get("/?q=bibliotheques&tri=fin").text


def _drop_everything(settings: Settings) -> None:
    if settings.is_sqlite:
        for file in settings.var.glob("signons.db*"):
            file.unlink()
        return
    database = Database(settings, open_vault(settings), Bus(settings))
    with database.engine.begin() as connection:
        connection.execute(sa.text(postgres.EMPTY))
    database.close()


def test_the_file_is_age_and_tells_nothing(settings: Settings, run: Run) -> None:
    with Site(settings) as site:
        site.confirmed(site.publish(), given_name="Zacharie", postal_code="29217")
    run.done("backup", run.file)
    content = run.file.read_bytes()
    assert content.startswith(b"age-encryption.org/v1\n-> X25519 ")
    assert not {word for word in (b"Zacharie", b"29217", b"SQLite", b"CREATE TABLE", b"manifest") if word in content}
    assert run.file.stat().st_mode & 0o077 == 0
    # SIGNONS_SECRET_KEY is all that one needs: any age opens it.
    output = io.BytesIO()
    with run.file.open("rb") as file:
        pyrage.decrypt_io(file, output, [archive.identity(SECRET.encode())])
    assert b"manifest.json" in output.getvalue()[:512]
    assert not list(settings.var.glob(".sauvegarde-*"))


@pytest.mark.databases("sqlite")
def test_what_is_not_a_whole_backup_of_ours_is_refused_in_one_sentence(
    settings: Settings, run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with Site(settings) as site:
        site.confirmed(site.publish())
    run.done("backup", run.file)
    content, before = run.file.read_bytes(), (settings.var / "signons.db").read_bytes()
    damaged = tmp_path / "abimee.age"
    for cut in (40, 150, len(content) // 2, len(content) - 1, len(content) - 17):
        damaged.write_bytes(content[:cut])
        assert run.refused("restore", damaged, "--yes") == f"{damaged} est incomplète ou abîmée.\n"
    for place in (200, len(content) // 2, len(content) - 5):
        damaged.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
        assert run.refused("restore", damaged, "--yes") == f"{damaged} est incomplète ou abîmée.\n"
    for foreign in (b"", b"%PDF-1.7", os.urandom(100_000)):
        damaged.write_bytes(foreign)
        assert run.refused("restore", damaged, "--yes") == f"{damaged} n’est pas une sauvegarde de Signons.\n"
    public = archive.identity(SECRET.encode()).to_public()
    for inside in (b"something else", b"\0" * 20_000):
        damaged.write_bytes(pyrage.encrypt(inside, [public]))
        assert run.refused("restore", damaged, "--yes") == f"{damaged} est incomplète ou abîmée.\n"
    assert run("restore", tmp_path / "absente.age").exit_code == 2
    assert "Rien n’a été changé." in run.refused("restore", run.file, typed="non\n")
    monkeypatch.setenv("SIGNONS_SECRET_KEY", "another-secret-that-is-also-long-enough")
    assert "une autre SIGNONS_SECRET_KEY" in run.refused("restore", run.file, "--yes")
    assert (settings.var / "signons.db").read_bytes() == before


def test_a_backup_of_another_master_key_is_refused(
    settings: Settings, run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with Site(settings) as site:
        site.confirmed(site.publish())
    run.done("backup", run.file)
    (tmp_path / "master").write_text("m" * 40)
    monkeypatch.setenv("SIGNONS_MASTER_KEY_FILE", str(tmp_path / "master"))
    assert "SIGNONS_MASTER_KEY_FILE" in run.refused("restore", run.file, "--yes")


def test_not_while_it_is_being_served(settings: Settings, run: Run) -> None:
    with Site(settings) as site:
        slug = site.publish()
        site.confirmed(slug)
        run.done("backup", run.file)
        site.confirmed(slug, email="autre@exemple.test")
        assert "sert encore" in run.refused("restore", run.file, "--yes")
        assert site.count(slug) == 2
    run.done("restore", run.file, "--yes")


def test_an_older_schema_is_brought_up_to_date(run: Run, closed: Database, next_version: Callable[[], None]) -> None:
    run.done("backup", run.file)
    next_version()
    run.done("restore", run.file, "--yes")
    assert not migrations.pending_migrations(closed)
    assert "one_more" in {column["name"] for column in sa.inspect(closed.engine).get_columns("hint_off")}


@pytest.mark.parametrize(
    ("step", "told"), [("9999_later", "mettez d’abord à jour"), ("0008", f"git checkout {migrations.LAST_WITH_STEPS}")]
)
def test_a_schema_that_this_version_does_not_know_is_refused(
    settings: Settings, run: Run, closed: Database, step: str, told: str
) -> None:
    with closed.engine.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = :step"), {"step": step})
    closed.close()
    run.done("backup", run.file)
    assert told in run.refused("restore", run.file, "--yes")


@pytest.mark.databases("sqlite")
def test_a_backup_of_the_other_database_is_refused(
    run: Run, postgres_template: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    run.done("backup", run.file)
    server = request.getfixturevalue("server")
    monkeypatch.setenv("SIGNONS_DATABASE_URL", server.create_database("signons_other", template=postgres_template))
    assert "vient de SQLite" in run.refused("restore", run.file, "--yes")


def test_while_people_sign_it_is_one_moment(settings: Settings, run: Run) -> None:
    with Site(settings) as site:
        slug = site.publish()
        site.confirmed(slug)
        stop = threading.Event()

        def go_on_signing() -> None:
            n = 0
            while not stop.is_set():
                n += 1
                assert site.sign(slug, email=f"foule{n}@exemple.test").status_code == 303

        crowd = threading.Thread(target=go_on_signing)
        crowd.start()
        try:
            run.done("backup", run.file)
        finally:
            stop.set()
            crowd.join()
        signed = len(site.signatures())
    run.done("restore", run.file, "--yes")
    assert shown(settings, slug) == 1
    after = rows(settings)
    # Everyone in the copy has a consent and a mail: no half-written signature.
    assert 1 <= after["signature"] <= signed
    assert after["outbox_mail"] == after["signature"]


def test_a_restore_that_was_cut_forgets_at_the_next_try(
    settings: Settings, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Site(settings) as site:
        slug = site.publish()
        for n in range(3):
            site.confirmed(slug, email=f"personne{n}@exemple.test")
    run.done("backup", run.file)
    run.done("erase", "personne1@exemple.test", "--yes")
    with monkeypatch.context() as patch:
        patch.setattr(erasing, "replay", _cut)
        result = CliRunner().invoke(main, ["restore", str(run.file), "--yes"])
    assert isinstance(result.exception, KeyboardInterrupt | SystemExit)
    assert "Signatures effacées de nouveau : 1." in run.done("restore", run.file, "--yes")
    assert shown(settings, slug) == 2


def _cut(*_: object) -> int:
    raise KeyboardInterrupt


@pytest.mark.databases("sqlite")
def test_a_database_that_cannot_be_read_is_put_aside(settings: Settings, run: Run) -> None:
    with Site(settings) as site:
        slug = site.publish()
        site.confirmed(slug)
    run.done("backup", run.file)
    live = settings.var / "signons.db"
    live.write_bytes(b"not a database at all" * 1000)
    run.done("restore", run.file, "--yes")
    assert (settings.var / "signons.db.illisible").exists()
    assert shown(settings, slug) == 1


@pytest.mark.databases("postgresql")
def test_a_load_that_fails_changes_nothing(settings: Settings, run: Run, tmp_path: Path) -> None:
    with Site(settings) as site:
        slug = site.publish()
        site.confirmed(slug)
    tools = postgres.find_tools(settings.database_url)
    postgres.dump(tools, tmp_path / "dump", Progress())
    whole = (tmp_path / "dump").read_bytes()
    for cut in (len(whole) // 2, len(whole) - 2000):
        (tmp_path / "dump").write_bytes(whole[:cut])
        with pytest.raises(Refused, match="Rien n’a été changé"):
            postgres.load(tools, tmp_path / "dump", Progress())
        assert shown(settings, slug) == 1


@pytest.mark.databases("postgresql")
def test_pg_dump_that_is_absent_or_older_is_told(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def installed(*versions: int) -> None:
        monkeypatch.setattr(postgres, "_installed", lambda: iter([(tmp_path, version) for version in versions]))

    installed()
    assert "pg_dump, pg_restore et psql manquent" in run.refused("backup", run.file)
    installed(9, 11)
    assert "pg_dump 11 est plus ancien" in run.refused("backup", run.file)
    assert not run.file.exists()


@pytest.mark.databases("sqlite")
def test_a_file_that_cannot_be_written_leaves_nothing_behind(run: Run, tmp_path: Path) -> None:
    assert "n’est pas un dossier" in run.refused("backup", tmp_path / "absent" / "b.age")
    assert "écriture impossible" in run.refused("backup", Path("/proc/b.age"))
    run.file.write_bytes(b"yesterday's")
    run.done("backup", run.file)
    assert run.file.read_bytes().startswith(b"age-")
    assert not list(tmp_path.glob("*.part"))


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_progress_is_shown_on_a_terminal_after_two_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = 0.0
    monkeypatch.setattr("app.backup.progress.monotonic", lambda: seconds)
    terminal = Terminal()
    with Progress(terminal) as progress:
        for moment, done in ((1.9, 10), (2.5, 50), (2.6, 60), (3.0, 75)):
            seconds = moment
            progress.tell("Copie", done, 100)
    assert terminal.getvalue() == "\r\x1b[KCopie : 50 %\r\x1b[KCopie : 75 %\r\x1b[K"
    silent = io.StringIO()
    with Progress(silent) as progress:
        progress.tell("Copie", 1, 2)
    assert silent.getvalue() == ""


def test_a_copy_of_sqlite_ends_while_another_process_writes(tmp_path: Path) -> None:
    from app.backup import sqlite

    source = sqlite3.connect(tmp_path / "live", isolation_level=None, check_same_thread=False)
    source.execute("PRAGMA journal_mode=WAL")
    source.execute("CREATE TABLE t (n INTEGER, filler BLOB)")
    source.execute("BEGIN")
    source.executemany("INSERT INTO t VALUES (?, zeroblob(4000))", ((n,) for n in range(20_000)))
    source.execute("COMMIT")
    stop = threading.Event()

    def write() -> None:
        while not stop.is_set():
            source.execute("UPDATE t SET n = n + 1 WHERE rowid = 1")

    writer = threading.Thread(target=write)
    writer.start()
    try:
        sqlite.dump(tmp_path / "live", tmp_path / "copy", Progress())
    finally:
        stop.set()
        writer.join()
        source.close()
    with closing(sqlite3.connect(tmp_path / "copy")) as copy:
        assert copy.execute("SELECT count(*) FROM t").fetchone() == (20_000,)


def test_keys_are_spelled_as_age_does() -> None:
    key = archive.identity(b"a" * 40)
    assert str(key).startswith("AGE-SECRET-KEY-1")
    assert str(key) == str(archive.identity(b"a" * 40)) != str(archive.identity(b"b" * 40))


def test_images_keep_to_their_folder() -> None:
    assert not any(map(archive._safe, ("../x", "/etc/x", "images/../x", "images/.x", "a/b/c", "")))
    assert all(map(archive._safe, ("database", "images/x.webp")))
    assert actions.DATABASE == "database"
