"""The journal's chain: whatever is changed, taken out or moved is found, and nobody waits for it."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DatabaseError

from app import audit, clock
from app.audit import AuditLine, chain, jobs
from app.backup import actions as backups
from app.backup.progress import Progress
from app.db import Database
from app.privacy import retention, schedule
from tests.site import Site, text_of


def write(database: Database, n: int, act: str = "petition.closed") -> None:
    with database.write() as session:
        for number in range(n):
            audit.record(session, act, "petition", number, 1, count=number)


def look(database: Database) -> chain.State:
    with database.read() as session:
        return chain.look(session)


def lines(database: Database) -> list[AuditLine]:
    with database.read() as session:
        return list(session.scalars(select(AuditLine).order_by(AuditLine.position)))


def behind_our_back(database: Database, *statements: str) -> None:
    """What somebody does who has the database and not the key: the guards are taken away first."""
    with database.write() as session:
        if database.is_sqlite:
            for name in ("no_delete", "no_update", "sealed_once"):
                session.execute(text(f"DROP TRIGGER IF EXISTS audit_line_{name}"))
        else:
            session.execute(text("ALTER TABLE audit_line DISABLE TRIGGER ALL"))
        for statement in statements:
            session.execute(text(statement))


@pytest.fixture
def database(site: Site) -> Database:
    """A journal of ten sealed lines."""
    write(site.database, 10)
    jobs.seal(site.database)
    return site.database


def test_every_line_holds_the_seal_of_the_one_before(database: Database) -> None:
    found = look(database)
    assert (found.sealed, found.unsealed, found.broken_at) == (10, 0, None)
    rows = lines(database)
    assert [row.position for row in rows] == list(range(1, 11))
    assert len({row.seal for row in rows}) == 10
    assert found.head == chain.Head(10, rows[-1].seal or b"")
    write(database, 1)
    assert look(database).unsealed == 1
    jobs.seal(database)
    assert look(database).sealed == 11


@pytest.mark.parametrize(
    ("statement", "where"),
    [
        ("UPDATE audit_line SET account_id = 2 WHERE position = 4", 4),
        ("UPDATE audit_line SET act = 'petition.held' WHERE position = 4", 4),
        ("UPDATE audit_line SET target_id = '77' WHERE position = 4", 4),
        ("UPDATE audit_line SET details = '{}' WHERE position = 4", 4),
        ("UPDATE audit_line SET at = '2026-01-01 00:00:00' WHERE position = 4", 4),
        ("DELETE FROM audit_line WHERE position = 4", 4),
        ("DELETE FROM audit_line WHERE position = 1", 1),
        ("DELETE FROM audit_line WHERE position = 10", 10),
        ("DELETE FROM audit_line", 1),
        ("DELETE FROM audit_chain", 0),
        ("UPDATE audit_chain SET anchor_position = 3, anchor_seal ="
         " (SELECT seal FROM audit_line WHERE position = 3)", 4),
    ],
)  # fmt: skip
def test_what_was_changed_or_taken_out_is_found(database: Database, statement: str, where: int) -> None:
    behind_our_back(database, statement)
    assert look(database).broken_at == where


def test_lines_that_changed_places_are_found(database: Database) -> None:
    behind_our_back(
        database,
        "UPDATE audit_line SET position = -1 WHERE position = 4",
        "UPDATE audit_line SET position = 4 WHERE position = 6",
        "UPDATE audit_line SET position = 6 WHERE position = -1",
    )
    assert look(database).broken_at == 4


def test_a_beginning_cut_off_and_called_old_is_found(database: Database) -> None:
    seal = (lines(database)[2].seal or b"").hex()
    value = f"x'{seal}'" if database.is_sqlite else f"'\\x{seal}'"
    behind_our_back(
        database,
        f"UPDATE audit_chain SET anchor_position = 3, anchor_seal = {value}",
        "DELETE FROM audit_line WHERE position <= 3",
    )
    assert look(database).broken_at is not None


def test_an_earlier_state_put_back_is_found_by_a_head_noted_elsewhere(database: Database) -> None:
    noted = look(database).head
    behind_our_back(
        database,
        "DELETE FROM audit_line WHERE position > 6",
        "UPDATE audit_chain SET position = 6, seal = (SELECT seal FROM audit_line WHERE position = 6)",
    )
    with database.read() as session:
        assert not chain.has(session, noted)
        assert chain.has(session, chain.Head(6, lines(database)[-1].seal or b""))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_line SET act = 'petition.held' WHERE id = (SELECT min(id) FROM audit_line)",
        "UPDATE audit_line SET seal = NULL, position = NULL WHERE position = 2",
        "DELETE FROM audit_line WHERE position = 1",
        "DELETE FROM audit_line WHERE position IS NULL",
    ],
)
def test_the_database_itself_refuses_to_rewrite_the_journal(database: Database, statement: str) -> None:
    write(database, 1)
    with pytest.raises(DatabaseError, match="append-only"), database.write() as session:
        session.execute(text(statement))


def test_twenty_writers_and_three_sealers_make_one_chain(site: Site) -> None:
    database, done = site.database, threading.Event()

    def writer(_: int) -> None:
        for _ in range(5):
            write(database, 3)

    def sealer() -> None:
        while not done.is_set():
            jobs.seal(database)

    sealers = [threading.Thread(target=sealer) for _ in range(3)]
    for thread in sealers:
        thread.start()
    with ThreadPoolExecutor(20) as pool:
        list(pool.map(writer, range(20)))
    done.set()
    for thread in sealers:
        thread.join()
    jobs.seal(database)
    found = look(database)
    assert (found.sealed, found.unsealed, found.broken_at) == (300, 0, None)


def test_a_line_that_becomes_visible_late_is_sealed_late(site: Site) -> None:
    """PostgreSQL gives numbers when a line is written and shows it when its transaction ends."""
    if site.database.is_sqlite:
        return
    with site.database.write() as slow:
        audit.record(slow, "petition.closed", "petition", 1)
        slow.flush()
        write(site.database, 2)
        jobs.seal(site.database)  # waits for nobody
        assert look(site.database).sealed == 2
    jobs.seal(site.database)
    rows = lines(site.database)
    assert [row.id for row in rows] != sorted(row.id for row in rows)
    assert (look(site.database).sealed, look(site.database).broken_at) == (3, None)


def test_retention_shortens_the_chain_which_goes_on_from_what_is_gone(site: Site) -> None:
    database = site.database
    write(database, 600)
    jobs.seal(database)
    old = look(database).head
    site.later(days=200)
    write(database, 5)
    site.later(days=170)
    assert retention.run(database, site.settings)["audit_log"] == 600
    found = look(database)
    assert (found.sealed, found.broken_at) == (5, None)
    with database.read() as session:
        assert chain.has(session, old)  # gone at its time
        assert not chain.has(session, chain.Head(603, b"x" * 16))
    write(database, 1)
    jobs.seal(database)
    assert (look(database).sealed, look(database).broken_at) == (6, None)
    site.later(days=366)
    retention.run(database, site.settings)
    assert (look(database).sealed, look(database).broken_at) == (0, None)


def test_retention_seals_what_nobody_has_sealed_yet(site: Site) -> None:
    write(site.database, 3)
    site.later(days=366)
    assert retention.run(site.database, site.settings)["audit_log"] == 3
    assert look(site.database).broken_at is None


def test_a_line_of_a_wrong_clock_holds_up_none_of_those_behind_it(site: Site) -> None:
    clock.travel(timedelta(days=4000))
    write(site.database, 1)
    clock.travel(timedelta(days=-4000))
    write(site.database, 2)
    site.later(days=366)
    retention.run(site.database, site.settings)
    with site.database.read() as session:
        old = AuditLine.at <= clock.now() - schedule.AUDIT
        assert session.scalar(select(func.count()).select_from(AuditLine).where(old)) == 0


def test_the_head_is_in_a_backup_and_found_again(site: Site, tmp_path: Path) -> None:
    write(site.database, 2)
    jobs.seal(site.database)
    backups.backup(site.settings, tmp_path / "copie.age", Progress())
    assert backups.noted_head(site.settings, tmp_path / "copie.age", Progress()) == str(look(site.database).head)


def test_the_page_of_the_journal_says_whether_the_chain_holds(site: Site) -> None:
    admin = site.staff("admin")
    jobs.seal(site.database)
    jobs.verify(site.database)
    head = look(site.database).head
    page = text_of(admin.get("/administration/journal").text)
    assert head.seal.hex() in page
    assert "Toute la chaîne a été relue le" in page
    behind_our_back(site.database, "UPDATE audit_line SET act = 'petition.held' WHERE position = 1")
    site.later(hours=24)
    jobs.verify(site.database)
    admin.post("/connexion", data={"email": "admin@exemple.test", "password": "une phrase de passe"})
    assert "La chaîne est rompue à la ligne 1" in text_of(admin.get("/administration/journal").text)
