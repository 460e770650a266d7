"""What an operator types: plain words, exit codes, and never a traceback for a mistake."""

import csv
import hashlib
import io
import os
import re
import sqlite3
import stat
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import click
import pyotp
import pytest
import structlog
from click.testing import CliRunner, Result
from sqlalchemy import create_engine, select, text

from app import clock
from app.accounts.models import Account, StaffSession
from app.audit import AuditLine, jobs
from app.cli import main
from app.crypto import Unsealable
from app.exports.models import ExportRecord
from app.mail import queries as mail_queries
from app.moderation import charter
from app.petitions.models import PetitionOwner
from app.settings import Settings
from app.updates import actions as updates
from tests.conftest import SECRET
from tests.mailserver import smtp
from tests.nameserver import nameserver
from tests.services import Postgres
from tests.site import PASSWORD, PETITION, Site
from tests.staff import code, give_password, is_in

pytestmark = pytest.mark.databases("sqlite")

Run = Callable[..., Result]


@pytest.fixture
def run(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """`signons …` on the database of the test, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("SIGNONS_")]:
        monkeypatch.delenv(name)
    defaults = {"DATABASE_URL": database_url, "VAR_DIR": str(tmp_path), "SECRET_KEY": SECRET, "LOG_LEVEL": "ERROR"}

    def invoke(*args: str, stdin: str = "", **env: str) -> Result:
        settings = {f"SIGNONS_{name}": value for name, value in (defaults | env).items()}
        result = CliRunner().invoke(main, args, input=stdin, env=settings)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception  # a traceback on the terminal
        assert "Traceback" not in result.output
        return result

    yield invoke
    structlog.reset_defaults()


def _commands(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    for name, command in group.commands.items():
        yield (*path, name), command
        if isinstance(command, click.Group):
            yield from _commands(command, (*path, name))


def _petition(tmp_path: Path, source: str = PETITION) -> str:
    (tmp_path / "petition.md").write_text(source)
    return str(tmp_path / "petition.md")


# Help and mistakes


def test_every_command_explains_itself_in_french() -> None:
    for path, command in [((), main), *_commands(main)]:
        result = CliRunner().invoke(main, [*path, "--help"])
        assert result.exit_code == 0, path
        assert command.help, path
        assert command.help.rstrip().endswith("."), path
        for parameter in command.params:
            if isinstance(parameter, click.Option):
                assert parameter.help, (path, parameter.name)


def test_commands_are_those_of_the_public_interface() -> None:
    names = {" ".join(path) for path, command in _commands(main) if not isinstance(command, click.Group)}
    promised = {
        "migrate", "serve", "worker", "demo", "petition import", "account create", "export", "retention run",
        "counts verify", "counts repair", "search rebuild", "erase", "doctor", "backup", "restore",
    }  # fmt: skip
    assert promised <= names


def test_the_journal_is_verified_and_compared_with_a_head_noted_before(run: Run, site: Site, tmp_path: Path) -> None:
    site.publish()
    jobs.seal(site.database)
    told = run("journal", "verify")
    assert told.exit_code == 0
    head = told.output.split()[-1]
    assert head in run("doctor").output
    assert run("backup", "copie.age").exit_code == 0
    site.account("moderator")
    jobs.seal(site.database)
    assert run("journal", "verify", "--head", head, "--backup", "copie.age").exit_code == 0
    wrong = run("journal", "verify", "--head", head[:-2] + ("00" if head[-2:] != "00" else "11"))
    assert wrong.exit_code == 1
    assert "il a été réécrit" in wrong.stderr
    for odd in ("", "x", "1", "-1:00", "9" * 30 + ":00", "1:zz"):
        assert run("journal", "verify", "--head", odd).exit_code == (0 if not odd else 1), odd
    with site.database.write() as session:
        for trigger in ("no_update", "no_delete", "sealed_once"):
            if site.database.is_sqlite:
                session.execute(text(f"DROP TRIGGER audit_line_{trigger}"))
        if not site.database.is_sqlite:
            session.execute(text("ALTER TABLE audit_line DISABLE TRIGGER ALL"))
        session.execute(text("UPDATE audit_line SET act = 'petition.held' WHERE position = 1"))
    assert "rompue à la ligne 1" in run("journal", "verify").stderr
    doctor = run("doctor")
    assert doctor.exit_code == 1
    assert "ÉCHEC journal : la chaîne est rompue à la ligne 1" in doctor.output


def test_a_password_that_leaked_makes_no_account(run: Run) -> None:
    result = run("account", "create", "a@exemple.test", "--role", "admin", stdin="motdepasse123\n")
    assert result.exit_code == 1
    assert "l’un des premiers que l’on essaie" in result.stderr


def test_mistakes_of_typing_exit_with_2(run: Run) -> None:
    for args in [
        ("inconnue",),
        ("export",),
        ("export", "slug"),
        ("export", "slug", "--purpose", "tout"),
        ("account", "create", "a@exemple.test", "--role", "roi"),
        ("serve", "--port", "70000"),
        ("serve", "--workers", "0"),
        ("retention", "run", "--at", "demain"),
        ("petition", "import"),
        ("restore", "absente.age", "--yes"),
    ]:
        result = run(*args)
        assert result.exit_code == 2, args
        assert result.stderr, args


def test_mistakes_of_content_exit_with_1_and_one_sentence(run: Run, tmp_path: Path) -> None:
    for args, said in [
        (("export", "inconnue", "--purpose", "audit"), "Aucune pétition n’a l’adresse « inconnue »."),
        (("account", "create", "pas-une-adresse", "--role", "admin"), "« pas-une-adresse » n’est pas une adresse"),
        (("account", "revoke", "absente@exemple.test"), "Aucun compte n’a cette adresse."),
        (("petition", "import", "absent.md"), "absent.md : lecture impossible"),
        (("erase", "pas une adresse", "--yes"), "adresse"),
    ]:
        result = run(*args, stdin=PASSWORD + "\n")
        assert result.exit_code == 1, args
        assert said in result.stderr, args
        assert len(result.stderr.strip().splitlines()) == 1, args


def test_wrong_setting_is_one_sentence_for_every_command(run: Run) -> None:
    for args in [("migrate",), ("serve",), ("worker",), ("counts", "verify")]:
        result = run(*args, BASE_URL="http://petitions.exemple.fr")
        assert result.exit_code == 1, args
        assert "SIGNONS_BASE_URL : https est obligatoire" in result.stderr, args
        assert len(result.stderr.strip().splitlines()) == 1, args
    doctor = run("doctor", BASE_URL="http://petitions.exemple.fr")
    assert doctor.exit_code == 1
    assert doctor.output.splitlines() == [
        "ÉCHEC réglages : " + result.stderr.strip().removeprefix("Réglage à corriger. ")
    ]


def test_help_needs_no_right_setting(run: Run) -> None:
    for args in [(), ("serve",), ("retention", "run")]:
        result = run(*args, "--help", BASE_URL="http://petitions.exemple.fr")
        assert (result.exit_code, result.stderr) == (0, ""), args


def test_database_away_is_said_without_its_password(run: Run) -> None:
    result = run("counts", "verify", DATABASE_URL="postgresql://u:motdepasse@127.0.0.1:9/base")
    assert result.exit_code == 1
    assert "ne répond pas" in result.stderr
    assert "motdepasse" not in result.output


def test_folder_that_cannot_be_written_is_said(run: Run, tmp_path: Path) -> None:
    (tmp_path / "fichier").write_text("")
    result = run("migrate", DATABASE_URL=f"sqlite:///{tmp_path}/fichier/signons.db")
    assert result.exit_code == 1
    assert "fichier" in result.stderr


@pytest.fixture
def empty_url(request: pytest.FixtureRequest, database_url: str, tmp_path: Path) -> str:
    """A database without tables, on the engine of the test."""
    if database_url.startswith("sqlite"):
        return f"sqlite:///{tmp_path}/vide.db"
    server: Postgres = request.getfixturevalue("server")
    return server.create_database("signons_vide")


@pytest.mark.databases("sqlite", "postgresql")
def test_database_that_was_never_migrated_names_the_command(run: Run, empty_url: str) -> None:
    result = run("counts", "verify", DATABASE_URL=empty_url)
    assert result.exit_code == 1
    assert "signons migrate" in result.stderr
    assert run("doctor", DATABASE_URL=empty_url).exit_code == 1
    assert run("migrate", DATABASE_URL=empty_url).exit_code == 0
    assert run("migrate", DATABASE_URL=empty_url).exit_code == 0
    assert run("counts", "verify", DATABASE_URL=empty_url).exit_code == 0


@pytest.mark.databases("sqlite", "postgresql")
def test_database_of_before_the_first_release_is_told_the_way(run: Run, empty_url: str) -> None:
    assert run("migrate", DATABASE_URL=empty_url).exit_code == 0
    engine = create_engine(empty_url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = 'recipients'"))
    engine.dispose()
    for command in ("migrate", "doctor"):
        result = run(command, DATABASE_URL=empty_url)
        assert result.exit_code == 1
        assert "date d’avant la première version de Signons" in result.output
        assert "Traceback" not in result.output


@pytest.mark.slow
def test_real_program_in_an_empty_folder(tmp_path: Path) -> None:
    """The installed entry point, without any setting."""
    program = str(Path(sys.executable).with_name("signons"))
    env = {name: value for name, value in os.environ.items() if not name.startswith("SIGNONS_")}

    def shell(*args: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([program, *args], capture_output=True, text=True, cwd=tmp_path, env=env, timeout=60)

    done = shell("migrate")
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "var" / "signons.db").exists()
    wrong = shell("export", "inconnue", "--purpose", "delivery")
    assert wrong.returncode == 1
    assert wrong.stderr == "Aucune pétition n’a l’adresse « inconnue ».\n"


# Petitions


def test_import_prints_the_public_address_last(run: Run, tmp_path: Path, settings: Settings) -> None:
    result = run("petition", "import", _petition(tmp_path), "--publish")
    assert result.exit_code == 0
    address = result.stdout.splitlines()[-1]
    assert address == "http://127.0.0.1:8000/petitions/rouvrir-la-bibliotheque-de-montfleur"
    with Site(settings) as site:
        page = site.client.get(address.removeprefix("http://127.0.0.1:8000"))
        assert "Claire Vasseur" in page.text


def test_import_without_publish_is_a_draft_that_nobody_sees(run: Run, tmp_path: Path, settings: Settings) -> None:
    result = run("petition", "import", _petition(tmp_path))
    assert result.stdout.splitlines()[0] == "Enregistrée comme brouillon."
    with Site(settings) as site:
        assert site.client.get("/petitions/rouvrir-la-bibliotheque-de-montfleur").status_code == 404


def test_wrong_file_names_field_and_line_and_changes_nothing(run: Run, tmp_path: Path, settings: Settings) -> None:
    for old, new, field, line in [
        ("goal: 500", "goal: beaucoup", "goal", 7),
        ("goal: 500", "but: 500", "but", 7),
        ('role: "Maire de Montfleur"', "fonction: x", "recipients[1].role", 5),
        ("date: 2026-02-03", "date: hier", "sources[1].date", 12),
    ]:
        result = run("petition", "import", _petition(tmp_path, PETITION.replace(old, new)), "--publish")
        assert result.exit_code == 1, new
        assert f"ligne {line}, champ {field}" in result.stderr, (new, result.stderr)
    with Site(settings) as site:
        assert "bibliothèque" not in site.client.get("/").text


# Accounts


@pytest.mark.databases("sqlite", "postgresql")
def test_account_is_made_with_a_password_from_standard_input(run: Run, settings: Settings) -> None:
    result = run("account", "create", "Modo@Exemple.test", "--role", "moderator", stdin=PASSWORD + "\n")
    assert result.exit_code == 0
    assert PASSWORD not in result.output
    totp = pyotp.parse_uri(result.stdout.splitlines()[-1])
    assert isinstance(totp, pyotp.TOTP)
    with Site(settings) as site:
        give_password(site.client, "modo@exemple.test")
        site.client.post("/connexion", data={"code": code(totp)})
        assert is_in(site.client)


def test_account_of_an_organiser_owns_the_petitions_named(run: Run, tmp_path: Path, settings: Settings) -> None:
    run("petition", "import", _petition(tmp_path), "--publish")
    slug = "rouvrir-la-bibliotheque-de-montfleur"
    made = run("account", "create", "orga@exemple.test", "--role", "organiser", "--petition", slug, stdin=PASSWORD)
    totp = pyotp.parse_uri(made.stdout.splitlines()[-1])
    assert isinstance(totp, pyotp.TOTP)
    with Site(settings) as site:
        give_password(site.client, "orga@exemple.test")
        site.client.post("/connexion", data={"code": code(totp)})
        assert is_in(site.client, f"/organisation/petitions/{slug}")


@pytest.mark.typed("signons account give", "une pétition est confiée à un compte qui existe")
def test_petitions_are_given_to_an_account_that_exists(run: Run, site: Site) -> None:
    first, second = site.publish(), site.publish()
    site.account("organiser", first, email="orga@exemple.test")
    made = run("account", "create", "Orga@exemple.test", "--role", "organiser", "--petition", second, stdin=PASSWORD)
    assert made.exit_code == 1
    assert f"signons account give Orga@exemple.test --petition {second}" in made.stderr
    for _ in range(2):
        given = run("account", "give", "Orga@exemple.test", "--petition", second, "--petition", first)
        assert given.exit_code == 0
    with site.database.read() as session:
        owners = session.scalars(select(PetitionOwner.petition_id)).all()
        lines = session.scalars(select(AuditLine).where(AuditLine.act == "petition.owner_added")).all()
    assert len(owners) == len(lines) == 2


def test_petitions_are_given_whole_or_not_at_all_and_to_organisers(run: Run, site: Site) -> None:
    slug = site.publish()
    site.account("organiser", email="orga@exemple.test")
    site.account("moderator", email="modo@exemple.test")
    for args, said in [
        (("orga@exemple.test", "--petition", slug, "--petition", "absente"), "Aucune pétition n’a l’adresse"),
        (("modo@exemple.test", "--petition", slug), "Seul un compte d’organisation"),
        (("personne@exemple.test", "--petition", slug), "Aucun compte n’a cette adresse."),
    ]:
        result = run("account", "give", *args)
        assert (result.exit_code, said in result.stderr) == (1, True), args
    assert run("account", "give", "orga@exemple.test").exit_code == 2
    wrong = run("account", "create", "a@exemple.test", "--role", "moderator", "--petition", slug, stdin=PASSWORD)
    assert wrong.exit_code == 1
    with site.database.read() as session:
        assert session.scalars(select(PetitionOwner)).all() == []
        assert session.scalars(select(Account).where(Account.email == "a@exemple.test")).all() == []


def test_account_that_is_refused_leaves_nothing(run: Run, site: Site) -> None:
    site.account("admin", email="deja@exemple.test")
    for args, stdin in [
        (("a@exemple.test", "--role", "admin"), "court\n"),
        (("a@exemple.test", "--role", "admin"), ""),
        (("deja@exemple.test", "--role", "admin"), PASSWORD),
        (("a@exemple.test", "--role", "organiser", "--petition", "inconnue"), PASSWORD),
    ]:
        assert run("account", "create", *args, stdin=stdin).exit_code == 1, args
    with site.database.read() as session:
        assert session.scalars(select(Account.email)).all() == ["deja@exemple.test"]


@pytest.mark.databases("sqlite", "postgresql")
def test_revoking_closes_every_session_of_the_account(run: Run, site: Site) -> None:
    browser = site.staff("moderator")
    assert run("account", "revoke", "moderator@exemple.test").exit_code == 0
    assert not is_in(browser)
    with site.database.read() as session:
        assert session.scalars(select(StaffSession)).all() == []


# Exports


@pytest.fixture
def signed(site: Site) -> str:
    slug = site.publish()
    site.confirmed(slug, postal_code="01000", consent_organiser="on")
    return slug


@pytest.mark.databases("sqlite", "postgresql")
def test_export_is_the_same_file_as_on_the_web(run: Run, site: Site, signed: str, tmp_path: Path) -> None:
    organiser = site.staff("organiser", signed)
    for purpose in ("delivery", "contact", "audit"):
        web = organiser.post(f"/organisation/petitions/{signed}/exports", data={"purpose": purpose}).content
        assert run("export", signed, "--purpose", purpose).stdout_bytes == web
        result = run("export", signed, "--purpose", purpose, "-o", f"{purpose}.csv")
        assert result.stdout.strip() == f"{purpose}.csv"
        assert (tmp_path / f"{purpose}.csv").read_bytes() == web
    assert run("export", signed, "--purpose", "delivery", "-o", "liste.xlsx").exit_code == 0
    assert zipfile.is_zipfile(tmp_path / "liste.xlsx")
    with site.database.read() as session:
        record = session.scalars(select(ExportRecord).order_by(ExportRecord.id.desc())).first()
    assert record is not None
    workbook = (tmp_path / "liste.xlsx").read_bytes()
    assert (record.account_id, record.sha256) == (None, hashlib.sha256(workbook).hexdigest())


def test_exported_file_is_for_its_owner_only(run: Run, signed: str, tmp_path: Path) -> None:
    run("export", signed, "--purpose", "delivery", "-o", "liste.csv")
    assert stat.S_IMODE((tmp_path / "liste.csv").stat().st_mode) == 0o600
    rows = list(csv.reader(io.StringIO((tmp_path / "liste.csv").read_text("utf-8-sig")), delimiter=";"))
    assert "01000" in rows[1]


def test_export_that_fails_leaves_no_half_file(run: Run, site: Site, signed: str, tmp_path: Path) -> None:
    assert run("export", signed, "--purpose", "delivery", "-o", "absent/liste.csv").exit_code == 1
    with site.database.write() as session:
        session.execute(text("UPDATE signature SET family_name_sealed = :junk"), {"junk": b"abime"})
    with pytest.raises(Unsealable):
        run("export", signed, "--purpose", "delivery", "-o", "liste.csv")
    assert not list(tmp_path.glob("liste*"))


# Counts, erasure, retention, doctor


@pytest.mark.databases("sqlite", "postgresql")
def test_counts_are_verified_and_repaired(run: Run, site: Site, signed: str) -> None:
    result = run("counts", "verify")
    assert (result.exit_code, result.stdout) == (0, "Tous les nombres affichés sont justes.\n")
    with site.database.write() as session:
        session.execute(text("UPDATE count_delta SET change = change + 3"))
    wrong = run("counts", "verify")
    said = f"{signed} : affiché 4, lignes 1\n{signed}, registre : affiché 4, au registre 1\n"
    assert (wrong.exit_code, wrong.stdout) == (1, said)
    assert run("counts", "repair").stdout == "Pétitions corrigées : 1.\n"
    assert run("counts", "verify").exit_code == 0
    assert site.count(signed) == 1
    with site.database.write() as session:
        session.execute(text("DELETE FROM register_news"))  # rows and count agree: the register does not
    wrong = run("counts", "verify")
    assert (wrong.exit_code, wrong.stdout) == (1, f"{signed}, registre : affiché 1, au registre 0\n")
    assert run("counts", "repair").stdout == "Pétitions corrigées : 1.\n"
    assert run("counts", "verify").exit_code == 0


@pytest.mark.databases("sqlite", "postgresql")
def test_counts_are_verified_against_rows_that_vanish(run: Run, site: Site, signed: str) -> None:
    with site.database.write() as session:
        session.execute(text("DELETE FROM signature"))
    assert run("counts", "verify").exit_code == 1


@pytest.mark.databases("sqlite", "postgresql")
def test_the_index_of_the_search_is_made_again(run: Run, site: Site) -> None:
    slug = site.publish()
    with site.database.write() as session:
        session.execute(text("DELETE FROM petition_search"))
    assert f"/petitions/{slug}" not in site.client.get("/?q=bibliotheques").text
    for _ in range(2):
        assert run("search", "rebuild").stdout == "Pétitions dans l’index : 1.\n"
    assert f"/petitions/{slug}" in site.client.get("/?q=bibliotheque").text


def test_erasing_asks_for_a_yes(run: Run, site: Site, signed: str) -> None:
    for answer in ("", "non\n", "o\n"):
        result = run("erase", "marie@exemple.test", stdin=answer)
        assert (result.exit_code, site.count(signed)) == (1, 1), answer
        assert "Rien n’a été effacé." in result.stderr
    assert run("erase", "marie@exemple.test", stdin="oui\n").exit_code == 0
    assert site.signatures() == []
    assert run("counts", "verify").exit_code == 0


@pytest.mark.databases("sqlite", "postgresql")
def test_erasing_with_yes_asks_nothing(run: Run, site: Site, signed: str) -> None:
    result = run("erase", "Marie@Exemple.test", "--yes")
    assert result.exit_code == 0
    assert "1" in result.stdout
    assert site.signatures() == []


@pytest.mark.databases("sqlite", "postgresql")
def test_dry_run_of_retention_changes_nothing_and_the_run_does(run: Run, site: Site) -> None:
    site.sign(site.publish())
    dry = run("retention", "run", "--dry-run", "--at", "2099-01-01")
    assert dry.exit_code == 0
    assert re.search(r"pending_signature\s+1\n", dry.stdout)
    assert len(site.signatures()) == 1
    clock.reset()  # each command is a process of its own
    assert not re.search(r"pending_signature\s+[1-9]", run("retention", "run").stdout)
    assert len(site.signatures()) == 1
    assert re.search(r"pending_signature\s+1\n", run("retention", "run", "--at", "2099-01-01").stdout)
    assert site.signatures() == []


@pytest.mark.databases("sqlite", "postgresql")
def test_doctor_is_satisfied_with_a_healthy_instance(run: Run) -> None:
    result = run("doctor")
    assert result.exit_code == 0, result.stdout
    lines = result.stdout.splitlines()
    assert all(line.startswith("ok   ") for line in lines)
    for what in ("réglages", "base de données", "migrations", "charte", "courrier", "disque"):
        assert any(what in line for line in lines), what


@pytest.mark.databases("sqlite", "postgresql")
@pytest.mark.parametrize(
    ("what", "env"),
    [
        ("base de données", {"DATABASE_URL": "postgresql://u:p@127.0.0.1:9/base"}),
        ("envoi du courrier", {"SMTP_URL": "smtp://127.0.0.1:9"}),
        ("redis", {"REDIS_URL": "redis://127.0.0.1:9/0"}),
        ("réglages", {"MAIL_FROM": "Association Les Amis, Rennes"}),
        ("réglages", {"SMTP": "smtp://hote"}),
    ],
)
def test_doctor_names_what_fails(run: Run, what: str, env: dict[str, str]) -> None:
    result = run("doctor", **env)
    assert result.exit_code == 1
    assert any(line.startswith(f"ÉCHEC {what} :") for line in result.stdout.splitlines())


def test_doctor_says_whom_mails_are_from_and_whether_the_server_takes_them(run: Run) -> None:
    with smtp() as mail_server:
        env = {"SMTP_URL": mail_server.url, "MAIL_FROM": '"Les Amis, Rennes" <a@pétitions.fr>'}
        good = run("doctor", **env)
        assert good.exit_code == 0, good.stdout
        assert "courriels de Les Amis, Rennes <a@xn--ptitions-b1a.fr>" in good.stdout
        mail_server.fail("550 5.7.1 Not you", stage="MAIL")
        bad = run("doctor", **env)
    assert bad.exit_code == 1
    assert "ÉCHEC envoi du courrier : le serveur ne prend pas nos messages (sender refused (550))" in bad.stdout


def test_a_wrong_key_of_the_domain_stops_the_start_of_whoever_sends(run: Run, tmp_path: Path) -> None:
    (tmp_path / "dkim.pem").write_text("une clé")
    for command in ("worker", "serve"):
        wrong = run(command, DKIM_KEY_FILE="dkim.pem")
        assert (wrong.exit_code, wrong.stderr.count("\n")) == (1, 1)
        assert wrong.stderr.startswith("Réglage à corriger. SIGNONS_DKIM_KEY_FILE : dkim.pem n’est pas une clé privée")
    assert "ÉCHEC réglages : SIGNONS_DKIM_KEY_FILE" in run("doctor", DKIM_KEY_FILE="absente.pem").stdout


def test_doctor_asks_what_the_domain_publishes_of_whom_it_is_told(run: Run) -> None:
    with smtp() as mail_server, nameserver() as dns:
        env = {"SMTP_URL": mail_server.url, "MAIL_FROM": "a@exemple.fr"}
        nothing = run("doctor", "--dns", dns.address, **env)
        dns.records = {"exemple.fr": ["v=spf1 a -all"], "_dmarc.exemple.fr": ["v=DMARC1; p=reject"]}
        all_well = run("doctor", "--dns", dns.address, **env)
        asked = len(dns.asked)
        assert "SPF" not in run("doctor", **env).stdout  # nobody else receives the mails of this machine
        assert len(dns.asked) == asked
    assert nothing.exit_code == 1
    assert "ÉCHEC SPF : exemple.fr n’en publie pas ; publiez : exemple.fr TXT" in nothing.stdout
    assert (all_well.exit_code, all_well.stdout.count("ÉCHEC")) == (0, 0), all_well.stdout
    assert "ok    DMARC : _dmarc.exemple.fr : p=reject" in all_well.stdout
    assert "réglages : --dns : une adresse" in run("doctor", "--dns", "ici", **env).stdout


def test_doctor_says_which_provider_takes_fewer_mails(run: Run, site: Site) -> None:
    now = clock.now()
    with site.database.write() as session:
        mail_queries.note_route(session, "orange", now, now + timedelta(minutes=5), 3, "recipient refused (421)")
    slow = run("doctor")
    assert slow.exit_code == 0, slow.stdout
    assert re.search(
        r"ok    fournisseur orange : depuis .* 3 à la fois, reprend à .* \(recipient refused \(421\)\)", slow.stdout
    )
    with site.database.write() as session:
        mail_queries.note_route(session, "", now, now + timedelta(minutes=5), 0, "ConnectionRefusedError")
    assert run("doctor").exit_code == 1
    assert "ÉCHEC serveur d’envoi : depuis " in run("doctor").stdout


def test_doctor_sees_that_the_secret_was_changed(run: Run, signed: str) -> None:
    result = run("doctor", SECRET_KEY="un-tout-autre-secret-que-celui-des-donnees")
    assert result.exit_code == 1
    assert "ÉCHEC clés" in result.stdout


def test_doctor_says_that_an_update_changed_the_charter_of_this_base(
    run: Run, site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    updated = tmp_path / "charter.yaml"
    updated.write_text(charter.FIRST_VERSION.read_text().replace("effect: refuse_second", "effect: refuse_urgent"))
    monkeypatch.setattr(charter, "FIRST_VERSION", updated)
    assert run("migrate").exit_code == 0
    with site.database.read() as session:
        version = charter.in_force(session, clock.now())
        article = charter.article(version, 8)
        assert article is not None
        assert article.effect == "refuse_second"  # published, hence not rewritten
    result = run("doctor")
    assert result.exit_code == 1
    line = next(line for line in result.stdout.splitlines() if line.startswith("ÉCHEC charte"))
    assert "(articles : 8)" in line
    assert "Publiez une nouvelle version" in line


@pytest.mark.slow
@pytest.mark.databases("sqlite")  # seconds long; its verbs are tested on both
def test_demo_is_loaded_once_and_prints_what_to_open(run: Run, tmp_path: Path) -> None:
    first = run("demo")
    assert first.exit_code == 0
    assert "La démonstration est chargée." in first.stdout
    for wanted in ("/petitions/", "/boite-locale", "/connexion", "moderateur@demo.test", "organisatrice@demo.test"):
        assert wanted in first.stdout
    assert "rien n’a changé" in run("demo").stdout
    with closing(sqlite3.connect(tmp_path / "signons.db")) as database:
        assert (
            database.execute(
                "SELECT min(n) FROM (SELECT sum(views) n FROM view_count GROUP BY petition_id)"
            ).fetchone()[0]
            > 0
        )
    assert run("counts", "verify").exit_code == 0
    assert run("doctor").exit_code == 0


def test_demo_is_refused_on_a_public_site(run: Run) -> None:
    public = {
        "BASE_URL": "https://petitions.exemple.fr",
        "PUBLISHER_NAME": "A",
        "PUBLISHER_ADDRESS": "B",
        "HOST_NAME": "C",
        "HOST_ADDRESS": "D",
        "CONTACT_EMAIL": "a@exemple.fr",
    }
    result = run("demo", **public)
    assert result.exit_code == 1
    assert "instance locale" in result.stderr


def test_an_outcome_and_a_closing_undone_are_commands(site: Site, run: Run) -> None:
    slug = site.publish()
    assert run("petition", "close", slug).exit_code == 0
    assert run("petition", "reopen", slug).output == "Rouverte.\n"
    again = run("petition", "reopen", slug)
    assert (again.exit_code, again.output) == (1, "Cette pétition n’est pas close.\n")
    unknown = run("petition", "outcome", slug, "won")
    assert (unknown.exit_code, "obtained" in unknown.output) == (2, True)
    for words, why in (
        ((), "Dites où cela se vérifie"),
        (("--source-title", "La Gazette", "--on", "2100-01-01"), "Cette date est à venir"),
        (("--source-title", "La Gazette", "--on", "demain"), "Indiquez un jour"),
        (("--source-title", "La Gazette", "--source-url", "javascript:alert(1)"), "Vérifiez cette adresse"),
    ):
        refused = run("petition", "outcome", slug, "obtained", *words)
        assert (refused.exit_code, why in refused.output) == (1, True), refused.output
    told = run("petition", "outcome", slug, "obtained", "--source-title", "La Gazette", "--note", "Elle **rouvre**.")
    assert told.exit_code == 0
    assert site.client.get(f"/petitions/{slug}.json").json()["outcome"] is None
    with site.database.write() as session:
        updates.publish_due(session, clock.now() + updates.CALL_BACK)
    outcome = site.client.get(f"/petitions/{slug}.json").json()["outcome"]
    assert (outcome["kind"], outcome["source"]) == ("obtained", {"title": "La Gazette", "url": None})
    assert "<strong>rouvre</strong>" in site.client.get(f"/petitions/{slug}").text
