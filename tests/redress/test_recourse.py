"""Notices, appeals, petitions through the queue, the urgent path, the public side."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import func, select
from starlette.testclient import TestClient

from app import clock
from app.accounts.models import Account
from app.moderation import actions, jobs
from app.moderation.actions import Judgment, team
from app.moderation.models import Case, HintVerdict, Notice
from app.petitions import actions as petition_actions
from app.petitions import importing
from app.redress import actions as redress
from app.transparency import disclosure
from app.zone import ZONE
from tests.moderation.desk import ME, OTHER, PUBLISH, REFUSE, TEXT, again, comment, confirm_notifier, decide
from tests.site import PETITION, Received, Site, text_of

pytestmark = pytest.mark.databases("sqlite")

NOTICE = {
    "category": "insult", "reasons": "C’est une insulte.", "name": "Paul", "email": "paul@exemple.test",
    "good_faith": "on",
}  # fmt: skip


@pytest.fixture
def published(site: Site) -> int:
    site.account("moderator")
    comment_id = site.comment(site.publish(), TEXT)
    decide(site, comment_id, PUBLISH)
    return comment_id


@pytest.fixture
def other(site: Site) -> TestClient:
    return site.staff("moderator", email=OTHER)


def report(site: Site, comment_id: int, **changes: str) -> int:
    return site.client.post(f"/commentaires/{comment_id}/signaler", data=NOTICE | changes).status_code


def last(site: Site, to: str) -> Received:
    site.later(seconds=61)
    return [mail for mail in site.mails() if mail.to == to][-1]


def cases(site: Site) -> list[Case]:
    with site.database.read() as session:
        return list(session.scalars(select(Case).order_by(Case.id)))


def test_notice_gets_a_receipt_then_the_outcome_with_redress(site: Site, published: int, other: TestClient) -> None:
    assert report(site, published) == 200
    assert "Un signalement vient d’être fait" in site.mails()[-1].text
    confirm_notifier(site)
    assert other.post("/moderation/dossiers/1/decision", data={"decision": "keep"}).status_code == 303
    mail = last(site, "paul@exemple.test")
    assert "gardé en ligne" in mail.text
    assert mail.link("/recours/")


def test_notice_of_child_abuse_needs_no_name(site: Site, published: int) -> None:
    assert report(site, published, category="minors", name="", email="") == 200
    assert report(site, published, name="", email="") == 422


def test_cleared_revision_stays_cleared(site: Site, published: int, other: TestClient) -> None:
    report(site, published)
    other.post("/moderation/dossiers/1/decision", data={"decision": "keep"})
    report(site, published, email="zoe@exemple.test")
    receipt = site.mails()[-1]
    assert receipt.to == "zoe@exemple.test"
    assert "avait déjà été examiné" in receipt.text
    assert site.client.get(receipt.link("/transparence/decisions/")).status_code == 200
    assert len(cases(site)) == 1


@pytest.mark.databases("sqlite", "postgresql")
def test_five_hundred_notices_hide_nothing_and_make_one_case(site: Site, published: int) -> None:
    with site.database.write() as session:
        for n in range(500):
            who = redress.Report("charter", "insult", 1, "Je n’aime pas", "", "Paul", f"p{n}@exemple.test", "fr")
            redress.receive(session, "comment", published, who)
    assert comment(site, published).state == "published"
    assert [case.notices for case in cases(site)] == [500]


def test_upheld_notice_removes_and_never_names_the_notifier(site: Site, published: int, other: TestClient) -> None:
    report(site, published)
    form = {"decision": "refuse", "article": "1", "passage": "minable"}
    assert other.post("/moderation/dossiers/1/decision", data=form).status_code == 303
    assert comment(site, published).state == "removed"
    mail = last(site, "marie@exemple.test")
    assert "à la suite d’un signalement" in mail.text
    assert "Paul" not in mail.text


@pytest.mark.databases("sqlite", "postgresql")
def test_appeal_is_judged_by_somebody_else_who_forms_a_view_first(site: Site, other: TestClient) -> None:
    me = site.staff("moderator")
    comment_id = site.comment(site.publish(), TEXT)
    decide(site, comment_id, REFUSE)
    link = last(site, "marie@exemple.test").link("/recours/")
    assert site.client.post(link, data={"text": "Ce n’est pas une insulte."}).status_code == 200
    assert site.client.post(link, data={"text": "Encore une fois."}).status_code == 409
    page = "/moderation/recours/1"
    assert REFUSE.explanation not in other.get(page).text
    outcome = {"outcome": "reversed", "reasons": "Le propos vise un acte."}
    assert me.post(f"{page}/avis", data={"view": "publish", "view_reasons": "oui"}).status_code == 404
    assert other.post(f"{page}/jugement", data=outcome).status_code == 409
    other.post(f"{page}/avis", data={"view": "publish", "view_reasons": "C’est une opinion."})
    assert REFUSE.explanation in other.get(page).text
    assert other.post(f"{page}/jugement", data=outcome).status_code == 303
    assert comment(site, comment_id).state == "published"
    texts = [mail.text for mail in site.mails()]
    assert any("Le propos vise un acte." in text for text in texts)


def test_appeal_after_six_months_is_too_late(site: Site) -> None:
    site.account("moderator")
    decide(site, site.comment(site.publish(), TEXT), REFUSE)
    link = last(site, "marie@exemple.test").link("/recours/")
    site.later(days=184)
    assert site.client.get(link).status_code == 410


def test_notifier_of_a_dismissed_notice_may_appeal(site: Site, published: int, other: TestClient) -> None:
    report(site, published)
    confirm_notifier(site)
    other.post("/moderation/dossiers/1/decision", data={"decision": "keep"})
    link = last(site, "paul@exemple.test").link("/recours/")
    assert site.client.post(link, data={"text": "C’est bien une insulte."}).status_code == 200


@pytest.mark.databases("sqlite", "postgresql")
def test_author_may_write_again_once(site: Site, other: TestClient) -> None:
    comment_id = site.comment(site.publish(), TEXT)
    form = {"decision": "refuse", "article": "1", "passage": "minable"}
    assert other.post(f"/moderation/commentaires/{comment_id}/decision", data=form).status_code == 303
    link = last(site, "marie@exemple.test").link("/reecrire/")
    assert site.client.post(link, data={"text": "Je désapprouve ce maire."}).status_code == 200
    assert comment(site, comment_id).revision == 2
    assert comment(site, comment_id).state == "waiting"
    assert site.client.get(link).status_code == 409


@pytest.mark.databases("sqlite", "postgresql")
def test_urgent_notice_is_first_in_the_queue(site: Site, published: int) -> None:
    site.comment(site.publish(), "Un avis plus ancien", email="b@exemple.test")
    site.later(hours=60)
    report(site, published, category="threat")
    page = text_of(site.staff("moderator", email=OTHER).get("/moderation").text)
    page = page[page.index("Charte") :]
    assert page.index("Urgent") < page.index("Un avis plus ancien")


@pytest.mark.databases("sqlite", "postgresql")
def test_order_takes_everything_down_in_one_act(site: Site, published: int, other: TestClient) -> None:
    form = {"authority": "Pharos", "reference": "X-1", "received_at": "2026-11-22T10:00", "comments": str(published)}
    assert other.post("/moderation/urgences/injonction", data=form).status_code == 303
    assert comment(site, published).state == "removed"


# Petitions


def test_petition_is_corrected_then_published(site: Site, other: TestClient) -> None:
    with site.database.write() as session:
        petition = petition_actions.create(session, importing.parse(PETITION, "x.md"), folder=None, image_store=None)  # type: ignore[arg-type]
        slug, petition_id = petition.slug, petition.id
    organiser = site.staff("organiser", slug)
    assert organiser.post(f"/organisation/petitions/{slug}/proposer").status_code == 303
    page = f"/moderation/petitions/{petition_id}"
    assert other.get(page).status_code == 200
    form = {"decision": "correct", "remark-1": "Donnez la date.", "version": "1"}
    assert other.post(f"{page}/decision", data=form).status_code == 303
    assert "Donnez la date." in last(site, "organiser@exemple.test").text
    assert organiser.post(f"/organisation/petitions/{slug}/proposer").status_code == 303
    assert other.post(f"{page}/decision", data={"decision": "publish", "version": "2"}).status_code == 303
    assert site.client.get(f"/petitions/{slug}").status_code == 200


def test_petition_may_be_sent_again_only_once(site: Site, other: TestClient) -> None:
    with site.database.write() as session:
        petition = petition_actions.create(session, importing.parse(PETITION, "x.md"), folder=None, image_store=None)  # type: ignore[arg-type]
        slug, petition_id = petition.slug, petition.id
    organiser = site.staff("organiser", slug)
    refuse = {"decision": "refuse", "article": "10", "passage": "la bibliothèque de Montfleur"}
    for expected in (303, 303, 422):
        assert organiser.post(f"/organisation/petitions/{slug}/proposer").status_code == expected
        other.post(f"/moderation/petitions/{petition_id}/decision", data=refuse)


# The public side


@pytest.mark.databases("sqlite", "postgresql")
def test_report_totals_equal_the_decisions_and_statements_are_valid(site: Site, published: int) -> None:
    again(site, published, REFUSE)
    site.later(seconds=61)
    figures = site.client.get("/transparence.json").json()
    assert figures["decisions"] == 2 == sum(figures["decisions_by_kind"].values())
    lines = [json.loads(line) for line in site.client.get("/transparence/motifs.jsonl").text.splitlines()]
    assert [disclosure.problems(line) for line in lines] == [[]]


@pytest.mark.databases("sqlite", "postgresql")
@pytest.mark.parametrize("path", ["/transparence/journal", "/transparence/journal.atom", "/transparence/motifs.jsonl"])
def test_journal_has_no_name_and_no_text(site: Site, published: int, path: str) -> None:
    again(site, published, REFUSE)
    site.later(seconds=61)
    page = site.client.get(path).text
    assert "article 1" in page
    for secret in ("minable", "Marie", ME):
        assert secret not in page


@pytest.mark.databases("sqlite", "postgresql")
def test_old_decision_still_shows_the_text_that_applied(site: Site, published: int) -> None:
    reference = again(site, published, REFUSE).reference
    admin = site.staff("admin")
    day = (clock.now() + timedelta(days=2)).date().isoformat()
    form = {"summary": "Plus clair", "effective_from": day, "title-1": "Sans la moindre insulte"}
    assert admin.post("/administration/charte", data=form).status_code == 303
    site.later(days=3)
    assert "Sans la moindre insulte" in site.client.get("/charte").text
    assert "Ni insulte ni acharnement" in site.client.get("/charte?version=1").text
    assert "Ni insulte ni acharnement" in site.client.get(f"/transparence/decisions/{reference}").text


# The team


def test_hint_that_is_wrong_too_often_switches_itself_off(site: Site) -> None:
    site.account("moderator")
    comment_id = site.comment(site.publish(), TEXT)
    with site.database.write() as session:
        account = session.get_one(Account, site.account_id(ME))
        for n in range(200):
            row = HintVerdict(
                comment_id=10_000 + n, hint="words-1", version=1, founded=n < 99, account_id=account.id, at=clock.now()
            )
            session.add(row)
        actions.judge_hint(session, comment_id, "words-1", False, account)
    later = site.comment(site.publish(), TEXT)
    assert comment(site, later).hints == []


def test_digest_waits_for_the_end_of_quiet_hours(site: Site) -> None:
    site.account("moderator")
    site.comment(site.publish(), TEXT)
    hour = clock.now().astimezone(ZONE).hour
    with site.database.write() as session:
        account = session.get_one(Account, site.account_id(ME))
        actions.prefer(session, account, quiet_from=(hour - 2) % 24, quiet_to=(hour + 4) % 24)
    assert jobs.send_digests(site.database) == 0
    site.later(hours=5)
    assert jobs.send_digests(site.database) == 1
    assert jobs.send_digests(site.database) == 0


def test_second_look_is_blind_and_never_one_s_own(
    site: Site, other: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(team, "sampled", lambda: True)
    me = site.staff("moderator")
    comment_id = site.comment(site.publish(), TEXT)
    decision = decide(site, comment_id, REFUSE)
    assert me.get(f"/moderation/relectures/{decision.id}").status_code == 404
    assert REFUSE.explanation not in other.get(f"/moderation/relectures/{decision.id}").text
    assert (
        other.post(f"/moderation/relectures/{decision.id}", data={"decision": "refuse", "article": "1"}).status_code
        == 303
    )


@pytest.mark.parametrize(
    ("first", "then", "kind", "severity"),
    [
        ("threat", "off_topic", "urgent", 3),
        ("off_topic", "threat", "urgent", 3),
        ("hate", "advertising", "illegal", 3),
        ("defamation", "off_topic", "illegal", 2),
        ("off_topic", "insult", "charter", 2),
    ],
)
def test_a_case_is_as_grave_as_its_gravest_notice(
    site: Site, published: int, first: str, then: str, kind: str, severity: int
) -> None:
    for category in (first, then):
        assert report(site, published, category=category, email=f"{category}@exemple.test") == 200
    (case,) = cases(site)
    assert (case.kind, case.severity, case.notices) == (kind, severity, 2)


@pytest.mark.databases("sqlite", "postgresql")
def test_notices_count_is_that_of_the_rows(site: Site, published: int) -> None:
    for n in range(3):
        report(site, published, email=f"n{n}@exemple.test")
    with site.database.read() as session:
        assert session.scalar(select(func.count()).select_from(Notice)) == cases(site)[0].notices == 3


def test_published_comment_may_be_masked_later(site: Site, published: int) -> None:
    again(site, published, Judgment("publish", [1], "minable", effects=frozenset({"mask"})))
    assert comment(site, published).state == "published"
    assert comment(site, published).masks


def test_a_case_shows_its_own_notices_only(site: Site, other: TestClient) -> None:
    pages = [site.publish(), site.publish()]
    for slug, reasons in zip(pages, ("Elle appelle à la haine.", "Elle copie la nôtre."), strict=True):
        posted = site.client.post(
            f"/petitions/{slug}/signaler", data=NOTICE | {"category": "other", "reasons": reasons}
        )
        assert posted.status_code == 200
    page = other.get("/moderation/dossiers/2").text
    assert "Elle copie la nôtre." in page
    assert "Elle appelle à la haine." not in page
