"""Who has signed is told that the text has another version, once, with the way out; whatever stops the telling."""

from collections import Counter
from collections.abc import Iterable
from contextlib import suppress

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from app.mail import budget, outbox
from app.mail.models import OutboxMail
from app.mail.outbox import Mail
from app.moderation import actions as moderation_actions
from app.petitions import actions as petition_actions
from app.petitions import importing
from app.petitions import jobs as petition_jobs
from app.petitions.models import Amendment, Petition
from app.privacy import counting
from app.signatures import actions, jobs
from app.signatures.actions import telling
from tests.petitions.amended import AMENDED, REASON, amend, petition, propose, waiting
from tests.signatures.crowd import crowd
from tests.site import PETITION, Received, Site, text_of

pytestmark = pytest.mark.databases("sqlite", "postgresql")
SUBJECT = "Le texte que vous avez signé a changé"


@pytest.fixture
def slug(site: Site) -> str:
    return site.publish()


@pytest.fixture
def organiser(site: Site, slug: str) -> TestClient:
    return site.staff("organiser", slug)


@pytest.fixture
def moderator(site: Site) -> TestClient:
    return site.staff("moderator")


def tell(site: Site) -> int:
    return jobs.tell_amendments(site.database, site.settings.origin)


def told(site: Site) -> list[Received]:
    return [mail for mail in site.mails() if mail.subject == SUBJECT]


def test_who_signed_reads_why_what_changed_and_leaves_in_one_click(
    site: Site, slug: str, organiser: TestClient, moderator: TestClient
) -> None:
    site.confirmed(slug)
    site.confirmed(slug, email="paul@exemple.test", given_name="Paul")
    site.sign(slug, email="attend@exemple.test", given_name="Fanny")
    amend(site, slug, organiser, moderator)
    assert tell(site) == 2
    assert sorted(mail.to for mail in told(site)) == ["marie@exemple.test", "paul@exemple.test"]
    mail = next(mail for mail in told(site) if mail.to == "paul@exemple.test")
    assert REASON in mail.text
    assert "[-trois-][+cinq+]" in mail.text
    assert "<del>trois</del>" in mail.html
    assert mail.link(f"/petitions/{slug}/versions")
    assert site.count(slug) == 2
    leave = mail.link("/mes-signatures/retirer/")
    assert site.client.get(leave).status_code == 200
    assert site.count(slug) == 2, "looking changes nothing"
    assert site.client.post(leave).status_code == 303
    assert site.count(slug) == 1
    assert tell(site) == 0
    with site.database.read() as session:
        row = session.scalars(select(Amendment)).one()
        assert (row.told, row.told_at is not None, row.told_after) == (2, True, None)


def test_each_reads_what_changed_since_what_they_signed(
    site: Site, slug: str, organiser: TestClient, moderator: TestClient
) -> None:
    site.confirmed(slug)
    amend(site, slug, organiser, moderator)
    tell(site)
    site.mails()
    site.confirmed(slug, email="paul@exemple.test", given_name="Paul")
    amend(site, slug, organiser, moderator, AMENDED.replace("cinq", "six"))
    tell(site)
    said = {(mail.to, "[-trois-][+six+]" in mail.text, "[-cinq-][+six+]" in mail.text) for mail in told(site)[1:]}
    assert said == {("marie@exemple.test", True, False), ("paul@exemple.test", False, True)}


def test_groups_stop_and_go_on_and_nobody_gets_a_second_mail(
    site: Site, slug: str, organiser: TestClient, moderator: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(telling, "BATCH", 7)
    crowd(site, slug, 30)
    amend(site, slug, organiser, moderator)

    def killed(session: Session, mails: Iterable[Mail]) -> None:
        enqueue(session, mails)
        raise KeyboardInterrupt

    enqueue = outbox.enqueue
    for n in range(12):
        if n % 2:  # killed after the mails were written, before the commit
            monkeypatch.setattr(outbox, "enqueue", killed)
            with suppress(KeyboardInterrupt):
                tell(site)
            monkeypatch.setattr(outbox, "enqueue", enqueue)
        else:
            tell(site)
        told(site)
    everybody = Counter(mail.to for mail in told(site))
    assert len(everybody) == 30
    assert set(everybody.values()) == {1}


def test_a_group_waits_until_the_last_one_has_left_and_everything_else_leaves_first(
    site: Site, slug: str, organiser: TestClient, moderator: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(telling, "BATCH", 5)
    crowd(site, slug, 12)
    site.mails()
    amend(site, slug, organiser, moderator)
    site.mails()
    assert tell(site) == 5
    assert tell(site) == 0
    site.sign(slug, email="presse@exemple.test", given_name="Léa")
    with site.database.write() as session:
        first = [row.template for row in outbox.claim(session, 3)]
    assert first == ["signatures/confirm", "signatures/amended", "signatures/amended"]
    with site.database.read() as session:
        waiting_mails = session.scalar(
            select(func.count()).where(OutboxMail.template == "signatures/amended", OutboxMail.attempts == 0)
        )
    assert waiting_mails == 3


def test_whoever_withdraws_before_their_turn_hears_nothing(
    site: Site, slug: str, organiser: TestClient, moderator: TestClient
) -> None:
    site.confirmed(slug)
    gone = site.confirmed(slug, email="paul@exemple.test", given_name="Paul")
    amend(site, slug, organiser, moderator)
    assert tell(site) == 2
    assert site.client.post(gone.replace("/confirmer/", "/pas-moi/")).status_code == 303  # written, not sent
    assert [mail.to for mail in told(site)] == ["marie@exemple.test"]


def test_a_form_confirms_the_version_that_it_was_filled_on(
    site: Site, slug: str, organiser: TestClient, moderator: TestClient
) -> None:
    site.sign(slug)
    path = site.mails()[-1].link("/confirmer/")
    old_page = site.client.get(f"/petitions/{slug}").text
    assert 'name="text_version" value="1"' in old_page
    amend(site, slug, organiser, moderator)
    page = text_of(site.client.get(path).text)
    assert "sur la version 1 du texte, et c’est elle que vous confirmez" in page
    assert site.client.post(path).status_code == 303
    assert [row.text_version for row in site.signatures()] == [1]
    late = site.sign(slug, email="paul@exemple.test", given_name="Paul", text_version="1")
    assert late.status_code == 422
    assert "c’est la version 2" in text_of(late.text)
    assert 'name="text_version" value="2"' in late.text
    site.confirmed(slug, email="paul@exemple.test", given_name="Paul", text_version="2")
    site.confirmed(slug, email="lea@exemple.test", given_name="Léa")  # a program does not say
    page = text_of(site.client.get(f"/petitions/{slug}").text).replace(" ,", ",")
    assert "1 sur la version 1, 2 sur la version 2" in page


def test_nobody_is_told_of_what_nobody_signed_nor_of_what_was_refused(
    site: Site, slug: str, organiser: TestClient, moderator: TestClient
) -> None:
    amend(site, slug, organiser, moderator)
    site.confirmed(slug)
    assert propose(organiser, slug, AMENDED.replace("cinq", "six")) == 303
    form = {"decision": "refuse", "explanation": "C’est une autre pétition."}
    assert moderator.post(f"{waiting(moderator)}/decision", data=form).status_code == 303
    assert tell(site) == 1  # there was nobody to tell
    assert told(site) == []


def test_counts_by_version_are_those_of_the_rows(
    site: Site, slug: str, organiser: TestClient, moderator: TestClient
) -> None:
    petition_id, first = crowd(site, slug, 5)
    amend(site, slug, organiser, moderator)
    _, second = crowd(site, slug, [{"email": f"q{n}@exemple.test"} for n in range(4)])

    def said() -> str:
        page = text_of(site.client.get(f"/petitions/{slug}/versions").text)
        return page.partition("Signatures : ")[2].partition(" .")[0].replace(" ,", ",")

    assert said() == "5 sur la version 1, 4 sur la version 2"
    petition_jobs.fold_counts(site.database)
    assert said() == "5 sur la version 1, 4 sur la version 2"
    with site.database.write() as session:
        actions.set_aside(session, petition_id, [first[0], second[0]], None, "other")
        actions.withdraw(session, petition_id, second[1])
    assert said() == "4 sur la version 1, 2 sur la version 2"
    with site.database.write() as session:
        actions.put_back(session, petition_id, [second[0]], None)
    petition_jobs.fold_counts(site.database)
    assert said() == "4 sur la version 1, 3 sur la version 2"
    with site.database.read() as session:
        assert counting.differences(session) == []
    with site.database.write() as session:
        session.execute(text("UPDATE version_total SET confirmed = confirmed + 1"))
    with site.database.read() as session:
        assert counting.differences(session) == [(f"{slug}, version 2", 4, 3)]
    with site.database.write() as session:
        assert counting.repair(session) == 1
    with site.database.read() as session:
        assert counting.differences(session) == []
    assert petition(site, slug).version == 2


def test_such_a_mail_counts_in_no_budget() -> None:
    assert {"signatures/amended", "moderation/amendment"} <= budget.OUTSIDE
    assert Mail("signatures/amended", "a@exemple.test", "fr").template in outbox.LAST


def test_a_petition_published_again_after_its_removal_tells_who_signed_before(
    site: Site, slug: str, organiser: TestClient, moderator: TestClient
) -> None:
    """Its publication may be undone for a minute: nobody is told before."""
    site.confirmed(slug)
    notice = {"category": "other", "reasons": "Elle est illicite.", "name": "Paul", "email": "paul@exemple.test"}
    assert site.client.post(f"/petitions/{slug}/signaler", data=notice | {"good_faith": "on"}).status_code == 200
    form = {"decision": "refuse", "article": "10", "passage": "la bibliothèque de Montfleur"}
    assert moderator.post("/moderation/dossiers/1/decision", data=form).status_code == 303
    with site.database.write() as session:
        row = session.get_one(Petition, petition(site, slug).id)
        file = importing.parse(PETITION.replace("trois jours", "cinq jours"), "essai.md")
        petition_actions.rewrite(session, row, file)
        petition_actions.rewrite(session, row, file)
        assert row.version == 2
        moderation_actions.submit(session, row)
    path = f"/moderation/petitions/{petition(site, slug).id}/decision"
    assert moderator.post(path, data={"decision": "publish"}).status_code == 303
    assert tell(site) == 0
    site.later(seconds=61)
    assert tell(site) == 1
    (mail,) = told(site)
    assert "après une décision de la modération" in mail.text
    assert "[-trois-][+cinq+]" in mail.text
