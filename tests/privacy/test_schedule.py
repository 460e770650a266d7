"""Canaries go through every form; then the clock passes each line of the schedule and they are looked for.

Looked for: every table, the database's own files (its dump on PostgreSQL), everything else under
``var/``, the log included, and a backup made at that moment, decrypted.
"""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import redirect_stderr
from pathlib import Path

import pytest
import structlog
from sqlalchemy import func, select, text

from app import logs
from app.backup import actions as backup
from app.backup import archive, postgres
from app.backup.progress import Progress
from app.comments.models import Comment
from app.db import Base
from app.deliveries.models import RecipientLink
from app.moderation.models import AuthorLimit
from app.petitions import actions as petition_actions
from app.petitions.queries import by_slug
from app.privacy import jobs, retention
from app.privacy.models import RetentionRun
from app.settings import Settings
from tests.deliveries import handing
from tests.drafting.writing import written
from tests.moderation.desk import ME, OTHER, PUBLISH, REFUSE, decide
from tests.organising import telling
from tests.privacy.test_self_service import line, opened
from tests.services import Postgres
from tests.site import PETITION, Site

# A code of letters: five digits are met by chance in the microseconds of a time.
CARD = {
    "given_name": "Canarie",
    "family_name": "Serinette",
    "email": "serin@canari.test",
    "postal_code": "CANARI29",
    "country": "BE",
}
# What is looked for, by the line of the schedule that makes it go.
CANARIES = {
    "pending_signature": ["Attentine", "Attentard", "attend@canari.test", "Brouillonne"],
    "confirmed_signature": ["Canarie", "Serinette", "CANARI29"],
    "updates_optin": ["serin@canari.test"],
    "published_comment": ["Publiotte", "Repliquette", "Repliquard", "Capacitette"],
    "waiting_comment": [],
    "refused_comment": ["Refusotte", "Expliquotte", "Notulette", "Patientotte"],
    "notice": ["Signalard", "signale@canari.test", "Raisonnette", "Recourette", "replique@canari.test",
               "Denonciard", "denonce@canari.test", "Griefette"],
    "organiser_account": ["organise@canari.test"],
    "membership": ["Organisette", "Presentette"],
    "invitation": ["invite@canari.test"],
    "data_request": ["Demandette", "Repondette"],
    "petition_draft": ["Ebauchette"],
    "news_draft": ["Esquissette", "Esquissarde"],
    "delivery_proof": ["Tamponnette", "Recepissette"],
    "recipient_contact": ["cabinet@canari.test"],
}  # fmt: skip


@pytest.fixture(autouse=True)
def logbook(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The log, with every line that can be written, under ``var/`` where it is searched with the rest."""
    path = settings.var / "signons.log"
    with path.open("w", buffering=1) as file, redirect_stderr(file):
        logs.configure("DEBUG")
        for name, module in list(sys.modules.items()):
            if name.startswith("app.") and hasattr(module, "log"):
                monkeypatch.setattr(module, "log", structlog.get_logger(name))
        yield path
    logs.configure("WARNING")


@pytest.fixture
def life(site: Site) -> str:
    """People who do everything that a form lets them do; gives the petition."""
    slug = site.publish()
    everything = {"display": "full", "consent_updates": "on", "consent_newsletter": "on", "consent_organiser": "on"}
    moderator, judge = site.staff("moderator", email=ME), site.staff("moderator", email=OTHER)
    organiser = site.staff("organiser", slug, email="organise@canari.test")
    admin = site.staff("admin")

    published = site.comment(slug, "Publiotte, c’est bien.", **CARD, **everything)
    decide(site, published, PUBLISH, by=ME)
    refused = site.comment(slug, "Refusotte, ce maire est un minable.", **CARD | {"email": "refus@canari.test"})
    judgment = REFUSE.__class__("refuse", [1], "ce maire est un minable", "Expliquotte.", frozenset({"limit_author"}))
    decide(site, refused, judgment, by=ME)
    assert moderator.post(f"/moderation/commentaires/{refused}/notes", data={"note": "Notulette"}).status_code < 400
    site.comment(slug, "Patientotte.", **CARD | {"email": "patiente@canari.test"})

    notice = {"category": "insult", "reasons": "Raisonnette, une insulte.", "name": "Signalard",
              "email": "signale@canari.test", "good_faith": "on"}  # fmt: skip
    assert site.client.post(f"/commentaires/{published}/signaler", data=notice).status_code == 200
    assert judge.post("/moderation/dossiers/1/decision", data={"decision": "keep"}).status_code == 303
    reply = {"name": "Repliquard", "capacity": "Capacitette", "email": "replique@canari.test",
             "passage": "c’est bien", "text": "Repliquette.", "comment": str(published)}  # fmt: skip
    assert site.client.post(f"/petitions/{slug}/droit-de-reponse", data=reply).status_code == 200
    form = {"decision": "publish", "version": "1", "reasons": ""}
    assert judge.post("/moderation/reponses/1/decision", data=form).status_code == 303
    site.later(seconds=90)
    appeal = next(mail for mail in reversed(site.mails()) if mail.to == "refus@canari.test").link("/recours/")
    assert site.client.post(appeal, data={"text": "Recourette, je conteste."}).status_code == 200
    assert judge.post("/moderation/recours/1/avis", data={"view": "refuse", "view_reasons": "Vu."}).status_code == 303
    verdict = {"outcome": "upheld", "reasons": "Bien jugé."}
    assert judge.post("/moderation/recours/1/jugement", data=verdict).status_code == 303

    grievance = notice | {"reasons": "Griefette, un mensonge.", "name": "Denonciard", "email": "denonce@canari.test"}
    assert site.client.post(f"/petitions/{slug}/signaler", data=grievance).status_code == 200
    assert judge.post("/moderation/dossiers/2/decision", data={"decision": "keep"}).status_code == 303
    telling.tell(site, slug, "Nouvellette", "Nouvellarde : le conseil en parle.")
    telling.draft(organiser, slug, title="Esquissette", text="Esquissarde.")
    written(organiser, histoire={"text": "Ebauchette. " * 9})

    said = {"name": "Les Organisettes", "description": "Presentette."}
    assert organiser.post("/organisation/organisations/nouvelle", data=said).status_code == 303
    invited = organiser.post(
        "/organisation/organisations/les-organisettes/invitations", data={"email": "invite@canari.test"}
    )
    assert invited.status_code == 303

    note = {"received_on": "2026-01-05", "channel": "letter", "request": "Demandette, une copie."}
    assert admin.post("/administration/demandes", data=note).status_code == 303
    answer = {"state": "answered", "answer": "Repondette."}
    assert admin.post("/administration/demandes/1/reponse", data=answer).status_code == 303
    for purpose in ("delivery", "contact", "audit"):
        url = f"/organisation/petitions/{slug}/exports"
        assert organiser.post(url, data={"purpose": purpose}).status_code == 200

    other = site.publish(PETITION.replace("Montfleur", "Valfleur"))
    with site.database.write() as session:
        petition_actions.add_owner(session, by_slug(session, other), site.account_id("organise@canari.test"))  # type: ignore[arg-type]
    assert handing.hand_over(organiser, other, handing.PDF, name="Recepissette.pdf").status_code == 303
    sending = {"address": "cabinet@canari.test", "source": "https://mairie.example/cabinet", "checked": "on"}
    assert admin.post("/administration/remises/1/0/lien", data=sending).status_code == 303

    browser = opened(site, "serin@canari.test")
    correction = CARD | {"display": "full"}
    assert browser.post(line(browser) + "/corriger", data=correction).status_code == 303
    waiting = {"given_name": "Attentine", "family_name": "Attentard", "email": "attend@canari.test"}
    site.sign(slug, comment="Brouillonne.", **waiting)
    site.client.post("/connexion", data={"email": "organise@canari.test", "password": "Canarimotdepasse"})
    site.client.post(f"/petitions/{slug}/code", data={"email": "attend@canari.test", "code": "00000000"})
    site.client.post(f"/petitions/{slug}/renvoi", data={"email": "attend@canari.test"})
    site.mails()
    return slug


class Search:
    """All the bytes that this instance keeps, looked at now."""

    def __init__(self, site: Site, postgres_server: Postgres | None) -> None:
        self.site = site
        self.server = postgres_server
        self.settings = site.settings

    def places(self) -> Iterator[tuple[str, bytes]]:
        with self.site.database.read() as session:
            for table in Base.metadata.sorted_tables:
                rows = [tuple(row) for row in session.execute(text(f'SELECT * FROM "{table.name}"'))]
                yield f"table {table.name}", str(rows).encode()
        for file in self.settings.var.rglob("*"):
            if file.is_file():
                yield str(file.name), file.read_bytes()
        if self.server is not None:
            yield "dump", self._dump(self.settings.database_url)
        yield from self._backup()

    def _dump(self, url: str) -> bytes:
        tools = postgres.find_tools(url)
        command = tools.command("pg_dump", "--dbname", tools.dsn)
        return subprocess.run(command, env=dict(tools.environment), capture_output=True, check=True).stdout

    def _backup(self) -> Iterator[tuple[str, bytes]]:
        """A backup made now, opened with the key that it needs."""
        file = self.settings.var / "now.age"
        backup.backup(self.settings, file, Progress())
        folder = self.settings.var / "opened"
        archive.read(file, archive.identity(self.settings.secret), folder, Progress())
        database = folder / "database"
        if self.settings.is_sqlite:
            yield "backup", database.read_bytes()
        else:
            tools = postgres.find_tools(self.settings.database_url)
            command = tools.command("pg_restore", "--file=-", str(database))
            yield "backup", subprocess.run(command, capture_output=True, check=True).stdout
        for made in (database, folder, file):
            made.rmdir() if made.is_dir() else made.unlink()

    def found(self, *words: str) -> dict[str, set[str]]:
        """Which of *words* are where, as text or as hexadecimal."""
        where: dict[str, set[str]] = {}
        for place, content in self.places():
            for word in words:
                plain = word.encode()
                if plain in content or plain.hex().encode() in content or str(plain)[2:-1].encode() in content:
                    where.setdefault(word, set()).add(place)
        return where


@pytest.fixture
def search(site: Site, settings: Settings, request: pytest.FixtureRequest) -> Search:
    return Search(site, None if settings.is_sqlite else request.getfixturevalue("server"))


def close(site: Site, slug: str) -> None:
    with site.database.write() as session:
        petition = by_slug(session, slug)
        assert petition is not None
        petition_actions.close(session, petition)


@pytest.mark.slow
def test_the_walk_through_every_line(site: Site, life: str, search: Search, logbook: Path) -> None:
    words = [word for canaries in CANARIES.values() for word in canaries]
    # Sealed from the first day, in every table and file; the mails that a local instance shows are not.
    with site.database.write() as session:
        session.execute(text("DELETE FROM caught_mail"))
        assert session.scalar(select(func.count()).select_from(AuthorLimit)) == 1
    assert site.database.fold_log()
    assert logbook.read_text().count('"route"') > 20  # it was written, and never says who
    assert [word for word in words if word in logbook.read_text()] == []
    # What a petition says to everybody is kept as long as it is published: in its own tables only.
    assert search.found("Nouvellette", "Nouvellarde") != {}
    sealed = ["Serinette", "Attentard", "serin@canari.test", "attend@canari.test", "Brouillonne", "Signalard",
              "signale@canari.test", "Denonciard", "denonce@canari.test", "replique@canari.test",
              "Demandette", "Tamponnette", "cabinet@canari.test"]  # fmt: skip
    there = search.found(*words)
    assert {word for word in sealed if word in there} == set()
    # They are looked for where they are: the rest is found before its time.
    assert set(words) - set(sealed) - set(there) == set()

    def at(days: float) -> None:
        """Let time pass; what the dry run tells is what the run does."""
        site.later(days=days)
        told = retention.dry_run(site.database, site.settings)
        jobs.daily_retention(site.database, site.settings)
        with site.database.read() as session:
            run = session.scalars(select(RetentionRun).order_by(RetentionRun.id.desc()).limit(1)).one()
            assert run.report == told
            assert sum(retention.dry_run(site.database, site.settings).values()) == 0
            assert retention.overdue_seconds(session, site.settings) == 0
        site.mails()

    def gone(*lines: str) -> None:
        left = [word for line_ in lines for word in CANARIES[line_]]
        assert search.found(*left) == {}

    at(8)
    gone("pending_signature")
    close(site, life)
    at(24)  # thirty days: the comment that waits is refused
    gone("invitation")  # with its mail
    with site.database.read() as session:  # D of the one that was handed over
        assert session.scalars(select(RecipientLink.address_sealed)).all() == [None]
    at(161)  # D, six months after closing
    gone("pending_signature", "confirmed_signature")
    with site.database.read() as session:
        assert session.scalar(select(func.count()).where(Comment.signature_id.is_not(None))) == 0
    at(180)  # a year after closing
    gone("updates_optin", "published_comment")
    at(40)  # a year after the decisions
    gone("refused_comment", "notice", "data_request", "delivery_proof", "recipient_contact")
    at(300)  # warned, then gone
    at(31)
    gone("organiser_account", "membership")
    for _ in range(6):
        at(366)
    assert search.found(*words) == {}
    with site.database.read() as session:
        kept = {
            table.name: session.scalar(select(func.count()).select_from(table)) for table in Base.metadata.sorted_tables
        }
    public = search.found("Nouvellette", "Nouvellarde")
    tables = {place for places in public.values() for place in places if place.startswith("table ")}
    assert tables == {"table petition_update"}
    for table in ("signature", "author_limit", "subscription", "suppression", "consent_event", "withdrawal",
                  "export_record", "posting_record", "outbox_mail", "caught_mail", "data_request", "moderator_note",
                  "self_service_session", "staff_session", "membership", "invitation", "organisation",
                  "delivery_proof"):  # fmt: skip
        assert kept[table] == 0, table


def test_erasing_leaves_nothing_anywhere(site: Site, life: str, search: Search) -> None:
    site.client.post("/mes-signatures", data={"email": "serin@canari.test"})
    opened(site, "serin@canari.test").post("/mes-signatures/effacer")
    jobs.daily_retention(site.database, site.settings)
    assert search.found("Publiotte", "Serinette", "serin@canari.test") == {}
    assert life in site.client.get(f"/petitions/{life}").text


def test_what_is_sealed_never_reaches_the_disk_of_postgresql(site: Site, request: pytest.FixtureRequest) -> None:
    """The whole cluster: tables, indexes, write-ahead log, whatever a deleted row leaves behind."""
    if site.database.is_sqlite:
        return
    server: Postgres = request.getfixturevalue("server")
    slug = site.publish()
    site.sign(slug, given_name="Disquine", family_name="Disquard", email="disque@canari.test", comment="Disquotte")
    with site.database.write() as session:
        assert session.execute(text("SELECT count(*) FROM outbox_mail")).scalar() == 1
    import psycopg

    with psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute("CHECKPOINT")
    files = [file for file in (server.directory / "data").rglob("*") if file.is_file()]
    content = b"".join(file.read_bytes() for file in files)
    assert b"Disquine" in content  # it is looked for where it is
    for word in (b"Disquard", b"disque@canari.test", b"Disquotte"):
        assert word not in content
