"""Two hosts of PostgreSQL: every door finds the one that takes what is written, and readers the other.

A real primary and a real standby on two addresses of this machine (``tests/failover.py``); killing the primary under
a rush of people is ``tests/crash/hosts.py``, of which one round is played here.
"""

import logging
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from app import standby
from app.bus import Bus
from app.cli import main
from app.settings import Settings
from tests.conftest import opened, prepare, settings_for
from tests.crash import hosts
from tests.failover import Pair, cannot, pair
from tests.services import wait_for
from tests.site import Site

pytestmark = [
    pytest.mark.postgresql,
    pytest.mark.slow,
    pytest.mark.xdist_group("two hosts"),
    pytest.mark.skipif(bool(cannot()), reason=cannot()),
]
PAGES = ("/", "/?q=bibliotheque", "/petitions", "/api/v1/petitions", "/transparence.json", "/charte", "/petitions.atom")


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    with pair() as running:
        prepare(settings_for(running.create_database("model"), tmp_path_factory.mktemp("model")))
        yield running


@pytest.fixture
def found(both: Pair, tmp_path: Path) -> Settings:
    """An instance that knows both, the standby written first: who takes the first one takes the wrong one."""
    both.create_database("hosts", template="model")
    first, last = both.standby, both.primary
    return settings_for(
        f"postgresql+psycopg://postgres:{first.password}@/hosts?host={first.address}:{first.port}"
        f"&host={last.address}:{last.port}",
        tmp_path,
        database_read_url=both.url("hosts"),
    )


@pytest.fixture
def signons(found: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., str]:
    monkeypatch.chdir(tmp_path)
    for name in ("database_url", "database_read_url", "var_dir", "secret_key"):
        monkeypatch.setenv(f"SIGNONS_{name.upper()}", str(getattr(found, name)))

    def run(*arguments: str) -> str:
        return CliRunner().invoke(main, arguments).output

    return run


def test_every_door_finds_the_host_that_takes_what_is_written(
    found: Settings, signons: Callable[..., str], both: Pair, tmp_path: Path
) -> None:
    assert "à jour" in signons("migrate")
    with Site(found) as site:
        slug = site.publish()
        site.confirmed(slug)
        heard: list[int] = []
        bus = Bus(found)
        bus.subscribe(heard.append)
        bus.start()

        def told() -> bool:
            site.app.state.bus.publish(7)
            return 7 in heard

        wait_for(told, "another process hears", 10)
        bus.stop()
    said = signons("doctor")
    roles = {both.primary: "primaire, attend son secours avant de promettre", both.standby: "secours, à jour"}
    for host, role in roles.items():
        assert f"ok    hôte {host.address}:{host.port} : {role}" in said
    signons("backup", str(tmp_path / "copie.age"))
    with opened(found) as database, database.write() as session:
        session.execute(sa.text("UPDATE petition SET title = 'Autre titre'"))
    signons("restore", str(tmp_path / "copie.age"), "--yes")
    with Site(found) as site:
        assert site.count(slug) == 1
        assert "Rouvrir la bibliothèque" in site.client.get(f"/petitions/{slug}").text


def test_doctor_says_which_host_is_away_or_late(
    found: Settings, signons: Callable[..., str], both: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.operations.hosts.AGE", 0.5)
    both.standby.fall_behind()
    both.primary.told("CREATE TABLE IF NOT EXISTS late (n int)")
    name = f"hôte {both.standby.address}:{both.standby.port}"
    try:
        assert f"ÉCHEC {name} : secours, en retard" in signons("doctor")
    finally:
        both.standby.catch_up()
    monkeypatch.setenv("SIGNONS_DATABASE_URL", found.database_url.replace(f":{both.standby.port}", ":1"))
    monkeypatch.setenv("SIGNONS_DATABASE_READ_URL", "")
    assert f"ÉCHEC hôte {both.standby.address}:1 : ne répond pas" in signons("doctor")
    monkeypatch.setenv("SIGNONS_DATABASE_URL", found.database_url.replace(f":{both.primary.port}", ":1"))
    assert "ÉCHEC primaire : aucun hôte n’accepte d’écriture" in signons("doctor")


def read_on_the_standby(site: Site) -> bool:
    with site.database.read_old() as session:
        return bool(session.scalar(sa.text("SELECT pg_is_in_recovery()")))


def all_answer(site: Site) -> bool:
    site.app.state.page_cache.forget(0)
    site.app.state.page_cache.entries.clear()
    return {site.client.get(path).status_code for path in PAGES} == {200}


def test_what_may_be_a_second_old_is_read_on_the_standby_while_it_keeps_up(
    found: Settings, both: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(standby, "EVERY", 0.05)
    with Site(found) as site:
        slug = site.publish()
        asked: list[str] = []
        followed = site.database.standby
        assert followed is not None
        sa.event.listen(followed.engine, "before_cursor_execute", lambda *args: asked.append(args[2]))
        wait_for(lambda: read_on_the_standby(site), "the standby is read", 10)
        assert all_answer(site)
        assert len(asked) > len(PAGES)
        # What somebody has just done, and where they look for it, is the primary's.
        asked.clear()
        site.confirmed(slug)
        for path in (f"/petitions/{slug}/verifier", f"/petitions/{slug}/compteur.json", f"/petitions/{slug}"):
            assert site.client.get(path).status_code == 200
        assert asked == []

        # It falls behind: the primary is asked, what is new is seen.
        both.standby.fall_behind()
        late = site.publish(title="Écrite depuis")
        wait_for(lambda: not read_on_the_standby(site), "the late standby is left", 10)
        assert all_answer(site)
        assert late in site.client.get("/petitions").text
        both.standby.catch_up()
        wait_for(lambda: read_on_the_standby(site), "the standby has caught up", 10)

        # It fails in the middle of a page: the same page, from the primary.
        cut = cut_in_the_middle(followed, both)
        site.app.state.page_cache.entries.clear()
        assert site.client.get("/").status_code == 200
        assert cut == [True]
        wait_for(lambda: read_on_the_standby(site), "the standby is back", 10)

        # It dies. (The primary waits for nobody any more: what Patroni decides.)
        both.standby.die()
        assert all_answer(site)
        both.primary.told("ALTER SYSTEM SET synchronous_standby_names = ''")
        both.primary.asked("SELECT pg_reload_conf()")
        site.sign(slug, email="apres@exemple.test")
        assert all_answer(site)
        both.rebuild()
        wait_for(lambda: read_on_the_standby(site), "the new standby is read", 10)


def cut_in_the_middle(followed: standby.Standby, both: Pair) -> list[bool]:
    """Once, the server ends the connection just before it is asked for something; tells when it has."""

    done: list[bool] = []

    def cut(connection: Any, *_: object) -> None:
        if done:
            return
        done.append(True)
        pid = connection.connection.driver_connection.info.backend_pid
        assert both.standby.asked(f"SELECT pg_terminate_backend({pid}, 5000)")

    sa.event.listen(followed.engine, "before_cursor_execute", cut)
    return done


def test_the_primary_is_asked_first_once_it_was_found(
    found: Settings, both: Pair, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A host that has vanished costs seconds: only the first connection pays for it."""
    monkeypatch.setattr("app.engines.create_engine", sa.create_engine)  # engines of the tests share what they listen to

    def asked() -> list[str]:
        told = [re.search(r"connection attempt: host: '(\S+)'", record.getMessage()) for record in caplog.records]
        caplog.clear()
        return [attempt[1] for attempt in told if attempt]

    with opened(found) as database, caplog.at_level(logging.DEBUG, "psycopg"), database.engine.connect():
        assert asked() == [both.standby.address, both.primary.address]
        with database.engine.connect():
            assert asked() == [both.primary.address]


def test_nothing_promised_is_lost_when_the_primary_is_killed() -> None:
    assert hosts.run(1, calm=1, offered=50, durable=False).problems == []
