"""The schema is made by migrations alone, on both databases, there and back."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.script import ScriptDirectory

from app import clock, migrations
from app.bus import Bus
from app.db import Base, Database
from app.errors import Refused
from app.petitions import actions as petition_actions
from app.petitions import importing, indexing, search
from app.reference import install_reference_data
from app.settings import Settings
from app.vault import open_vault
from tests.conftest import settings_for
from tests.services import Postgres
from tests.site import PETITION

GUARDED = {"audit_line", "charter_article", "charter_version", "consent_event", "consent_text", "decision"}


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database without any table."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path}/empty.db"
    else:
        server: Postgres = request.getfixturevalue("server")
        url = server.create_database("signons_empty")
    database = _open(settings_for(url, tmp_path))
    yield database
    database.close()


def _open(settings: Settings) -> Database:
    return Database(settings, open_vault(settings), Bus(settings))


def _tables(database: Database) -> set[str]:
    tables = set(sa.inspect(database.engine).get_table_names()) - {"alembic_version"}
    # Those that FTS5 makes for itself.
    return {table for table in tables if not table.startswith("petition_search_")}


def _triggers(database: Database) -> set[str]:
    query = (
        "SELECT tbl_name FROM sqlite_master WHERE type = 'trigger'"
        if database.is_sqlite
        else "SELECT event_object_table FROM information_schema.triggers"
    )
    with database.engine.connect() as connection:
        return set(connection.scalars(sa.text(query)))


def test_upgrade_makes_every_table_of_the_models_and_no_other(empty: Database) -> None:
    migrations.upgrade(empty)
    assert _tables(empty) == set(Base.metadata.tables)


def test_models_and_migrations_do_not_differ(empty: Database) -> None:
    migrations.upgrade(empty)
    command.check(migrations.config(empty))  # raises when autogenerate finds anything


def test_down_to_nothing_and_up_again(empty: Database) -> None:
    migrations.upgrade(empty)
    command.downgrade(migrations.config(empty), "base")
    assert _tables(empty) == set()
    assert _triggers(empty) == set()
    if not empty.is_sqlite:
        with empty.engine.connect() as connection:
            functions = "SELECT proname FROM pg_proc JOIN pg_namespace n ON n.oid = pronamespace"
            assert connection.scalars(sa.text(f"{functions} WHERE nspname = 'public'")).all() == []
    migrations.upgrade(empty)
    command.check(migrations.config(empty))
    assert _triggers(empty) == GUARDED


def test_upgrading_twice_is_harmless(empty: Database) -> None:
    migrations.upgrade(empty)
    migrations.upgrade(empty)
    assert not migrations.pending_migrations(empty)


def test_the_release_before_goes_on_writing_while_this_one_takes_over(empty: Database) -> None:
    """What a step adds to a table that was there has a value by itself: who does not know the column may insert."""
    steps = [step.revision for step in ScriptDirectory(str(migrations.FOLDER)).walk_revisions()][::-1]
    command.upgrade(migrations.config(empty), steps[0])
    before = _columns(empty)
    for step in steps[1:]:
        command.upgrade(migrations.config(empty), step)
        now = _columns(empty)
        new = [key for key in now.keys() - before.keys() if key[0] in {table for table, _ in before}]
        assert [key for key in new if not now[key]] == [], step
        before = now


def _columns(database: Database) -> dict[tuple[str, str], bool]:
    """Of every table; whether it may be left out."""
    found = sa.inspect(database.engine).get_multi_columns()
    return {
        (str(table), column["name"]): bool(column["nullable"]) or column["default"] is not None
        for (_, table), columns in found.items()
        for column in columns
    }


def test_pending_migrations_are_noticed(empty: Database, next_version: Callable[[], None]) -> None:
    assert migrations.pending_migrations(empty)
    migrations.upgrade(empty)
    assert not migrations.pending_migrations(empty)
    next_version()
    assert migrations.pending_migrations(empty)
    migrations.upgrade(empty)
    assert not migrations.pending_migrations(empty)


def test_files_stand_in_the_order_in_which_they_run() -> None:
    """The first keeps the revision of the last step before it; the others are called like their files."""
    script = ScriptDirectory(str(migrations.FOLDER))
    steps = list(script.walk_revisions())[::-1]
    assert steps[0].revision == "doubts"
    names = [Path(step.path).stem for step in steps]
    assert names == sorted(names)
    assert [name[:5] for name in names] == [f"{number:04}_" for number in range(1, len(names) + 1)]
    assert [step.revision for step in steps[1:]] == names[1:]
    assert all(step.module.downgrade for step in steps)


@pytest.mark.parametrize(
    ("step", "told"),
    [
        *((step, f"git checkout {migrations.LAST_WITH_STEPS}") for step in sorted(migrations.BEFORE_FIRST_RELEASE)),
        ("9999_later", "mettez d’abord à jour"),
    ],
)
def test_a_database_that_this_version_does_not_know_is_told_what_to_do(tmp_path: Path, step: str, told: str) -> None:
    database = _open(settings_for(f"sqlite:///{tmp_path}/other.db", tmp_path))
    migrations.upgrade(database)
    with database.engine.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = :step"), {"step": step})
    with pytest.raises(Refused, match=told):
        migrations.upgrade(database)
    assert migrations.revision(database) == step
    # What the release after this one has added is in nobody's way: this one goes on, and may be put back.
    assert migrations.newer(step) == (step == "9999_later")
    assert migrations.pending_migrations(database) == (step != "9999_later")
    database.close()


def test_spellings_of_a_theme_become_one_of_the_list(empty: Database) -> None:
    command.upgrade(migrations.config(empty), "0004_carries")
    columns = "slug, state, title, theme, author, goal, search, delivery_mode, version, comments_open, created_at"
    more = "submissions, image_alt, image_caption, image_credit, image_width, image_height, hold_reason"
    values = "'draft', 't', :theme, 'a', 1, '', 'identities', 1, true, '2026-03-01', 0, '', '', '', 0, 0, ''"
    with empty.engine.begin() as connection:
        for n, theme in enumerate(("Transports", "Transports", "transport", "Écoles", "", "🌳")):
            insert = f"INSERT INTO petition ({columns}, {more}) VALUES (:slug, {values})"
            connection.execute(sa.text(insert), {"slug": f"p{n}", "theme": theme})
    migrations.upgrade(empty)
    query = """
        SELECT p.slug, t.name FROM petition p
        LEFT JOIN petition_theme pt ON pt.petition_id = p.id LEFT JOIN theme t ON t.id = pt.theme_id ORDER BY p.slug
    """
    with empty.engine.connect() as connection:
        found = [tuple(row) for row in connection.execute(sa.text(query))]
        count = connection.scalar(sa.text("SELECT count(*) FROM theme"))
    same = "Transports"
    assert found == [("p0", same), ("p1", same), ("p2", same), ("p3", "Écoles"), ("p4", None), ("p5", "🌳")]
    assert count == 3


EVENT = (
    "INSERT INTO consent_event (petition_id, signature_id, purpose, at, kind, text_id, channel, subject)"
    " VALUES (1, '00000000000000000000000000000001', 'sign', '2026-03-01 00:00:00', 'confirmed', 1, 'web', :subject)"
)


@pytest.fixture
def with_evidence(empty: Database) -> Database:
    """One consent event of a petition whose evidence key lives."""
    migrations.upgrade(empty)
    with empty.write() as session:
        install_reference_data(session)
        petition = petition_actions.create(
            session, importing.parse(PETITION, "essai.md"), folder=None, image_store=Path("unused")
        )
        petition_actions.publish(session, petition)
        assert petition.id == 1
        session.execute(sa.text(EVENT), {"subject": b"s"})
    return empty


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE consent_event SET kind = 'withdrawn'",
        "DELETE FROM consent_event",
        "UPDATE consent_text SET body = 'autre'",
        "UPDATE consent_text SET version = version + 1",
        "UPDATE consent_text SET sha256 = ''",
        "DELETE FROM consent_text",
    ],
)
def test_database_itself_refuses_to_rewrite_evidence(with_evidence: Database, statement: str) -> None:
    with pytest.raises(sa.exc.DatabaseError, match=r"append-only|immutable"), with_evidence.write() as session:
        session.execute(sa.text(statement))


def test_a_consent_text_may_end(with_evidence: Database) -> None:
    with with_evidence.write() as session:
        session.execute(sa.text("UPDATE consent_text SET valid_to = '2027-01-01 00:00:00'"))


def test_evidence_may_go_once_its_key_is_destroyed(with_evidence: Database) -> None:
    with with_evidence.write() as session:
        session.execute(sa.text("UPDATE petition_keys SET evidence_key = NULL"))
        session.execute(sa.text("DELETE FROM consent_event"))
        assert session.scalar(sa.text("SELECT count(*) FROM consent_event")) == 0


def test_evidence_cannot_be_rewritten_even_without_its_key(with_evidence: Database) -> None:
    with with_evidence.write() as session:
        session.execute(sa.text("UPDATE petition_keys SET evidence_key = NULL"))
    with pytest.raises(sa.exc.DatabaseError, match="append-only"), with_evidence.write() as session:
        session.execute(sa.text("UPDATE consent_event SET kind = 'withdrawn'"))


def test_the_search_finds_what_was_published_before_it(empty: Database) -> None:
    """And the release before this one, which runs beside it, still reads and writes what it did."""
    command.upgrade(migrations.config(empty), "doubts")
    with empty.write() as session:
        for n, state in enumerate(("open", "closed", "refused", "draft"), 1):
            session.execute(
                sa.text(
                    "INSERT INTO petition (id, slug, state, title, theme, author, goal, search, delivery_mode, version,"
                    " comments_open, created_at, submissions, image_alt, image_caption, image_credit, image_width,"
                    " image_height, hold_reason) VALUES (:id, :slug, :state, 'Un parc aux Tanneries', 'Ville', 'Nous',"
                    " 100, '', 'count', 2, true, '2026-01-01', 0, '', '', '', 0, 0, '')"
                ),
                {"id": n, "slug": f"p{n}", "state": state},
            )
            for version, words in ((1, "Un préau."), (2, "Des chênes.")):
                session.execute(
                    sa.text("INSERT INTO petition_text VALUES (:id, :version, 'Un parc', :words, '', '2026-01-01')"),
                    {"id": n, "version": version, "words": words},
                )
        session.execute(sa.text("INSERT INTO recipient VALUES (1, 0, 'Claire Vasseur', 'maire')"))
    migrations.upgrade(empty)
    with empty.read() as session:

        def found(words: str, theme: str = "") -> list[int]:
            page = search.found(session, clock.now(), typed=words, theme=theme, sort="", page=1)
            return sorted(petition.id for petition in page.petitions)

        assert (found("parcs"), found("chêne"), found("préau"), found("maires")) == ([1, 2], [1, 2], [], [1])
        assert (found("parcs", "ville"), found("parcs", "Parc")) == ([1, 2], [])
        assert indexing.behind(session) == []


def test_texts_are_numbered_by_publication_where_nobody_could_have_signed(empty: Database) -> None:
    """A draft saved thrice becomes the first version; what was opened keeps its number and its counts."""
    command.upgrade(migrations.config(empty), "0002_search")
    petition = (
        "INSERT INTO petition (id, slug, state, title, theme, author, goal, search, delivery_mode, version,"
        " comments_open, created_at, submissions, image_alt, image_caption, image_credit, image_width,"
        " image_height, hold_reason, opened_at) VALUES (:id, :slug, :state, 'Un parc', 'Ville', 'Nous',"
        " 100, '', 'count', 3, true, '2026-01-01', 1, '', '', '', 0, 0, '', :opened)"
    )
    signature = (
        "INSERT INTO signature (petition_id, id, email_key, state, given_name, family_name_sealed, email_sealed,"
        " postal_code, country, departement, display, locale, text_version, created_at, mails, mails_today, mailed_on,"
        " reminded, code_failures) VALUES (2, :id, :key, 'confirmed', 'Marie', :no, :no, '35000', 'FR', '35', 'hidden',"
        " 'fr', :version, '2026-02-01', 1, 1, '2026-02-01', false, 0)"
    )
    with empty.write() as session:
        for n, state, opened in ((1, "refused", None), (2, "open", "2026-02-01"), (3, "submitted", None)):
            session.execute(sa.text(petition), {"id": n, "slug": f"p{n}", "state": state, "opened": opened})
            for version in (1, 2, 3):
                session.execute(
                    sa.text("INSERT INTO petition_text VALUES (:id, :version, 'Un parc', :words, '', '2026-01-01')"),
                    {"id": n, "version": version, "words": f"Texte {version}"},
                )
        for n, version in enumerate((1, 3, 3)):
            values = {"id": f"{n:032x}", "key": bytes([n]), "no": b"", "version": version}
            session.execute(sa.text(signature), values)
    migrations.upgrade(empty)
    with empty.read() as session:
        kept = session.execute(
            sa.text("SELECT petition_id, version, markdown, published_at FROM petition_text ORDER BY 1, 2")
        ).all()
        assert [row[:3] for row in kept] == [
            (1, -1002, "Texte 2"), (1, -1001, "Texte 1"), (1, 1, "Texte 3"),
            (2, 1, "Texte 1"), (2, 2, "Texte 2"), (2, 3, "Texte 3"),
            (3, -1002, "Texte 2"), (3, -1001, "Texte 1"), (3, 1, "Texte 3"),
        ]  # fmt: skip
        assert [row[:2] for row in kept if row[3] is not None] == [(2, 1), (2, 3)]
        numbers = session.execute(sa.text("SELECT id, version FROM petition ORDER BY id")).all()
        assert [tuple(row) for row in numbers] == [(1, 1), (2, 3), (3, 1)]
        counts = session.execute(sa.text("SELECT version, confirmed FROM version_total ORDER BY version")).all()
        assert [tuple(row) for row in counts] == [(3, 2)]
