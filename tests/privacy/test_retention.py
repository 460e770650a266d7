"""The schedule is applied line by line, and afterwards nothing is found in the raw files."""

import json
import re
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, text

from app import clock
from app.accounts.models import Account
from app.audit import AuditLine
from app.comments.models import Comment
from app.consents.models import ConsentEvent
from app.db import Base
from app.petitions import actions as petition_actions
from app.petitions import queries as petition_queries
from app.petitions.models import Petition, PetitionKeys
from app.privacy import jobs, retention, schedule
from app.privacy.models import RetentionRun, SignatureAggregate
from app.privacy.personal import IMPERSONAL, PERSONAL
from app.signatures.models import Signature
from app.subscriptions.models import Subscription, Suppression
from app.templating import long_datetime, short_date
from tests.moderation.desk import ME, PUBLISH, decide
from tests.organising.telling import tell
from tests.privacy.test_self_service import opened
from tests.site import Site, text_of

CANARIES = {"given_name": "Canarie", "family_name": "Serinette", "email": "canari.jaune@exemple.test"}


def run(site: Site) -> dict[str, int]:
    return retention.run(site.database, site.settings)


def petition(site: Site, slug: str) -> Petition:
    with site.database.read() as session:
        found = petition_queries.by_slug(session, slug)
        assert found is not None
        return found


def rows(site: Site, table: type[Base]) -> int:
    with site.database.read() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def close(site: Site, slug: str) -> None:
    with site.database.write() as session:
        found = petition_queries.by_slug(session, slug)
        assert found is not None
        petition_actions.close(session, found)


def test_pending_signatures_go_after_seven_days_with_their_consents(site: Site) -> None:
    slug = site.publish()
    site.sign(slug, comment="Un brouillon.")
    site.later(days=6, hours=23)
    assert run(site)["pending_signature"] == 0
    site.later(hours=2)
    assert run(site)["pending_signature"] == 1
    assert site.signatures() == []
    assert rows(site, ConsentEvent) == 0


def test_evidence_of_a_confirmed_signature_cannot_be_deleted(site: Site) -> None:
    site.confirmed(site.publish())
    with pytest.raises(Exception, match="append-only"), site.database.write() as session:
        session.execute(text("DELETE FROM consent_event"))


def test_at_the_end_rows_become_numbers_and_keys_are_destroyed(site: Site) -> None:
    slug = site.publish()
    for n in range(12):
        site.confirmed(slug, email=f"p{n}@exemple.test", display="full")
    site.confirmed(slug, email="seule@exemple.test", postal_code="20000", comment="Signé, la seule.")
    close(site, slug)
    site.later(days=181)
    assert run(site)["confirmed_signature"] == 0
    site.later(days=2)
    run(site)
    assert site.signatures() == []
    assert site.count(slug) == 13
    with site.database.read() as session:
        cells = {(c.departement, c.signatures) for c in session.scalars(select(SignatureAggregate))}
        keys = session.get_one(PetitionKeys, petition(site, slug).id)
        assert cells == {("", 13)}  # alone, the thirteenth would be what the twelve leave of the whole
        assert keys.data_key is None
        assert keys.dedup_key is None
        assert keys.evidence_key is not None
        assert session.scalars(select(Comment.signature_id)).all() == [None]
    page = site.client.get(f"/petitions/{slug}")
    assert page.status_code == 200
    assert "Marie Durand" not in page.text
    assert site.client.get(f"/petitions/{slug}/signatures").status_code == 410


def test_at_the_end_eleven_of_one_place_and_week_are_told_apart_and_ten_are_not(site: Site) -> None:
    slug = site.publish()
    for place, people in (("35000", 11), ("29000", 10), ("56000", 10)):
        for n in range(people):
            site.confirmed(slug, email=f"p{n}.{place}@exemple.test", postal_code=place)
    close(site, slug)
    site.later(days=183)
    run(site)
    with site.database.read() as session:
        cells = {(c.departement, bool(c.week), c.signatures) for c in session.scalars(select(SignatureAggregate))}
    assert cells == {("35", True, 11), ("", False, 20)}


def test_a_purge_that_is_killed_in_the_middle_goes_on(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    slug = site.publish()
    for n in range(5):
        site.confirmed(slug, email=f"p{n}@exemple.test")
    close(site, slug)
    site.later(days=190)
    step = next(s for s in retention.steps(site.settings) if s.line == "confirmed_signature")
    for _ in range(2):  # the count is fixed, some rows are gone, the keys are still there
        with site.database.write() as session:
            step.apply(session, clock.now(), 2)
    assert 0 < len(site.signatures()) < 5
    assert site.count(slug) == 5
    run(site)
    assert site.signatures() == []
    assert site.count(slug) == 5
    assert petition(site, slug).purged_at is not None


def test_a_legal_hold_suspends_the_purge_and_ends(site: Site) -> None:
    slug = site.publish()
    site.confirmed(slug)
    close(site, slug)
    with site.database.write() as session:
        found = petition_queries.by_slug(session, slug)
        assert found is not None
        petition_actions.hold(session, found, clock.now() + timedelta(days=300), "Procédure en cours")
    site.later(days=200)
    run(site)
    assert len(site.signatures()) == 1
    site.later(days=101)
    run(site)
    assert site.signatures() == []


def test_evidence_goes_a_year_after_the_rest(site: Site) -> None:
    slug = site.publish()
    site.confirmed(slug)
    close(site, slug)
    site.later(days=190)
    run(site)
    assert rows(site, ConsentEvent) > 0
    site.later(days=366)
    assert run(site)["consent_evidence"] == 2  # given, confirmed
    assert rows(site, ConsentEvent) == 0


def test_updates_outlive_the_signature_and_end_by_themselves(site: Site) -> None:
    slug = site.publish()
    site.confirmed(slug, consent_updates="on")
    close(site, slug)
    site.later(days=190)
    run(site)
    assert rows(site, Subscription) == 1
    site.later(days=180)
    run(site)
    assert rows(site, Subscription) == 0
    assert rows(site, Suppression) == 1
    site.later(days=3 * 365 + 1)
    run(site)
    assert rows(site, Suppression) == 0


def test_what_was_taken_down_while_open_ends_the_day_it_would_have_closed(site: Site) -> None:
    slug = site.publish(closes_at=clock.now() + timedelta(days=100))
    comment = site.comment(slug, "Un avis publié.", consent_updates="on")
    site.account("moderator", email=ME)
    decide(site, comment, PUBLISH)
    with site.database.write() as session:
        taken_down = petition_queries.by_slug(session, slug)
        assert taken_down is not None
        taken_down.state = "refused"
    site.later(days=100 + 364)
    with site.database.write() as session:
        petition_actions.close_ended(session)
    assert petition(site, slug).closed_at is None
    run(site)
    assert rows(site, Subscription) == 1
    site.later(days=2)
    assert retention.dry_run(site.database, site.settings)["updates_optin"] == 1
    run(site)
    assert rows(site, Subscription) == 0
    site.later(days=schedule.COMMENT_AFTER_CLOSING.days)
    run(site)
    with site.database.read() as session:
        assert session.get_one(Comment, comment).text == ""


def test_the_newsletter_is_renewed_only_by_a_yes(site: Site) -> None:
    slug = site.publish()
    site.confirmed(slug, consent_newsletter="on")
    site.confirmed(slug, email="autre@exemple.test", consent_newsletter="on")
    site.later(days=3 * 365 + 1)
    run(site)
    asked = [mail for mail in site.mails() if any("/rester/" in link for link in mail.links)]
    assert {mail.to for mail in asked} == {"marie@exemple.test", "autre@exemple.test"}
    yes = next(mail for mail in asked if mail.to == "autre@exemple.test").link("/rester/")
    assert site.client.get(yes).status_code == 200
    assert site.client.post(yes).status_code == 303
    site.later(days=31)
    run(site)
    assert rows(site, Subscription) == 1
    assert "autre@exemple.test" not in [m.to for m in site.mails()[len(asked) + 10 :]]


@pytest.mark.databases("sqlite")
def test_one_click_unsubscribing_comes_from_another_origin(site: Site) -> None:
    slug = site.publish()
    site.confirmed(slug, consent_updates="on")
    tell(site, slug, "Une rencontre")
    mail = site.mails()[-1]
    assert "Une rencontre" in mail.text
    header = mail.message["List-Unsubscribe"].strip("<>")
    assert mail.message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    path = "/" + header.split("/", 3)[3]
    assert site.client.get(path).status_code == 200
    assert rows(site, Subscription) == 1
    headers = {"origin": "https://mail.exemple.test", "sec-fetch-site": "cross-site"}
    response = site.client.post(path, data={"List-Unsubscribe": "One-Click"}, headers=headers)
    assert response.status_code == 200  # a provider follows no redirection (RFC 8058)
    assert rows(site, Subscription) == 0
    assert site.count(slug) == 1
    parts = {"List-Unsubscribe": (None, "One-Click")}  # either kind of form, as often as it likes
    assert site.client.post(path, files=parts, headers=headers).status_code == 200
    assert site.client.post(path, headers={"sec-fetch-site": "same-origin"}).status_code == 303  # the page's button
    assert site.client.post(path + "x", data={"List-Unsubscribe": "One-Click"}, headers=headers).status_code == 404


def test_a_comment_nobody_read_is_refused_and_its_author_told(site: Site) -> None:
    slug = site.publish()
    site.comment(slug, "Un avis.")
    site.later(days=31)
    assert run(site)["waiting_comment"] == 1
    site.later(minutes=2)
    assert any("non traité" in mail.text or "trente jours" in mail.text for mail in site.mails())
    site.later(days=366)
    run(site)
    with site.database.read() as session:
        assert session.scalars(select(Comment.text)).all() == [""]


def test_idle_organisers_are_warned_and_then_forgotten(site: Site) -> None:
    email = site.account("organiser")
    site.later(days=701)
    run(site)
    assert [m.to for m in site.mails()] == [email]
    site.later(days=31)
    run(site)
    with site.database.read() as session:
        account = session.scalars(select(Account)).one()
        assert email not in (account.email, account.password_hash)
        assert account.disabled_at is not None


def test_the_audit_journal_is_kept_a_year(site: Site) -> None:
    site.publish()
    site.later(days=366)
    run(site)
    with site.database.read() as session:
        oldest = session.scalar(select(func.min(AuditLine.at)))
    assert oldest is None or clock.now() - oldest < timedelta(days=365)


def test_a_dry_run_changes_nothing_and_a_run_leaves_its_report(site: Site) -> None:
    slug = site.publish()
    site.sign(slug)
    site.later(days=8)
    assert retention.dry_run(site.database, site.settings)["pending_signature"] == 1
    assert len(site.signatures()) == 1
    with site.database.read() as session:
        assert retention.overdue_seconds(session, site.settings) > 3600
    run(site)
    with site.database.read() as session:
        assert session.scalars(select(RetentionRun)).one().report["pending_signature"] == 1
        assert retention.overdue_seconds(session, site.settings) == 0
    assert sum(run(site).values()) == 0


def test_the_daily_job_runs_once_a_day(site: Site) -> None:
    for hours, runs in ((0, 1), (1, 1), (21, 1), (1, 2), (22, 2), (1, 3)):
        site.later(hours=hours)
        jobs.daily_retention(site.database, site.settings)
        assert rows(site, RetentionRun) == runs, hours


def test_a_petition_closes_by_itself_after_a_year(site: Site) -> None:
    slug = site.publish()
    site.later(days=366)
    with site.database.write() as session:
        assert petition_actions.close_ended(session) == 1
    assert petition(site, slug).state == "closed"


def test_every_column_is_personal_with_a_line_or_said_not_to_be() -> None:
    columns = {f"{table.name}.{column.name}" for table in Base.metadata.sorted_tables for column in table.columns}
    classified = set(PERSONAL) | {c for c in columns if c in IMPERSONAL or c.split(".")[0] + ".*" in IMPERSONAL}
    assert columns - classified == set()
    assert set(PERSONAL) - columns == set()
    assert set(PERSONAL.values()) <= {line.name for line in schedule.SCHEDULE}


def test_every_line_that_the_machine_applies_is_published(site: Site) -> None:
    published = {line.name for line in schedule.SCHEDULE}
    assert {step.line for step in retention.steps(site.settings)} <= published
    page = text_of(site.client.get("/confidentialite").text)
    for line in schedule.SCHEDULE:
        assert line.data in page


@pytest.mark.parametrize("path", ["/confidentialite", "/en/confidentialite"])
def test_the_notice_prints_its_versions_with_dates_and_changes(
    site: Site, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    newer = ((2, date(2027, 3, 1), "Une phrase de plus."), *schedule.NOTICE_VERSIONS)
    monkeypatch.setattr("app.privacy.routes.trust.NOTICE_VERSIONS", newer)
    said = text_of(site.client.get(path).text).partition("Version")[2]
    assert "Une phrase de plus." in said
    assert "2027" in said
    assert said.index("2027") < said.index("2026")
    assert ("Première version." if path == "/confidentialite" else "First version.") in said


def test_the_evidence_of_the_newsletter_lasts_as_long_as_the_subscription(site: Site) -> None:
    slug = site.publish()
    site.confirmed(slug, consent_newsletter="on", consent_updates="on")
    close(site, slug)
    for days in (190, 400):
        site.later(days=days)
        run(site)
    with site.database.read() as session:
        assert session.get_one(PetitionKeys, petition(site, slug).id).evidence_key is None
        kept = session.scalars(select(ConsentEvent).order_by(ConsentEvent.at)).all()
        assert [(event.purpose, event.kind) for event in kept] == [("newsletter", "given"), ("newsletter", "confirmed")]
        assert rows(site, Subscription) == 1


def test_the_report_is_shown_by_table_with_what_is_overdue(site: Site) -> None:
    slug = site.publish()
    for n in range(3):
        site.sign(slug, email=f"p{n}@exemple.test")
    site.later(days=7, hours=5)
    admin = site.staff("admin")
    assert "L’effacement quotidien n’a encore jamais été fait ici" in text_of(admin.get("/administration").text)
    with site.database.read() as session:
        due = session.scalars(select(func.min(Signature.created_at))).one() + timedelta(days=7)
    page = text_of(admin.get("/administration/conservation").text)
    assert f"Signature en attente de confirmation 3 {short_date(due)}" in page
    assert f"Le plus ancien effacement en attente était dû le {long_datetime(due)}" in page
    here = site.browser(client=("127.0.0.1", 1))
    metric = re.search(r"signons_retention_overdue_seconds ([\d.e+]+)", here.get("/metrics").text)
    assert metric is not None
    assert 5 * 3600 <= float(metric[1]) < 5 * 3600 + 60
    run(site)
    site.app.state.looks.clear()  # one measure serves all who ask in the same half second
    page = text_of(admin.get("/administration/conservation").text)
    assert "Signature en attente de confirmation 0 — 3 " in page
    assert "Le plus ancien effacement en attente" not in page
    assert "Dernier effacement quotidien : le" in text_of(admin.get("/administration").text)
    assert "signons_retention_overdue_seconds 0.0" in here.get("/metrics").text


@pytest.fixture
def whole_life(site: Site) -> Iterator[str]:
    """A person who did everything that can be done."""
    slug = site.publish()
    extra = {"display": "full", "consent_updates": "on", "consent_newsletter": "on", "consent_organiser": "on"}
    site.confirmed(slug, comment="Canarilogue, mon commentaire.", **CANARIES, **extra)
    site.sign(slug, **CANARIES)
    site.mails()
    return slug  # type: ignore[return-value]


def raw(site: Site) -> bytes:
    """Every byte that the database keeps: its files, or a dump of PostgreSQL."""
    if site.database.is_sqlite:
        folder = Path(site.settings.var_dir)
        return b"".join(file.read_bytes() for file in folder.glob("signons.db*"))
    with site.database.read() as session:
        tables = [table.name for table in Base.metadata.sorted_tables]
        return json.dumps(
            [[str(list(row)) for row in session.execute(text(f"SELECT * FROM {table}"))] for table in tables]
        ).encode()


def found(site: Site, *words: str) -> list[str]:
    content = raw(site)
    forms = {word: [word.encode(), word.encode().hex().encode()] for word in words}
    return [word for word, spelled in forms.items() if any(s in content for s in spelled)]


def test_names_and_addresses_are_sealed_while_they_live(site: Site, whole_life: str) -> None:
    with site.database.write() as session:
        session.execute(text("DELETE FROM caught_mail"))
    assert site.database.fold_log()
    assert found(site, "Serinette", "canari.jaune@exemple.test") == []
    assert "Canarie Serinette" in site.client.get(f"/petitions/{whole_life}").text


def test_after_an_erasure_nothing_is_left_in_the_files(site: Site, whole_life: str) -> None:
    opened(site, CANARIES["email"]).post("/mes-signatures/effacer")
    jobs.daily_retention(site.database, site.settings)
    assert found(site, "Canarie", "Serinette", "canari.jaune@exemple.test", "Canarilogue") == []


def test_after_the_whole_schedule_nothing_is_left_in_the_files(site: Site, whole_life: str) -> None:
    close(site, whole_life)
    for days in (190, 200, 400, 400, 800):
        site.later(days=days)
        run(site)
        site.mails()
    site.later(days=366)  # the evidence of the newsletter, a year after its end
    run(site)
    assert found(site, "Canarie", "Serinette", "canari.jaune@exemple.test", "Canarilogue") == []
    assert rows(site, ConsentEvent) == rows(site, Subscription) == 0
