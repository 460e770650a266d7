"""Petitions through the queue: undone within the minute, put back as they were."""

import pytest
from sqlalchemy import func, select
from starlette.testclient import TestClient

from app.moderation import actions
from app.moderation.models import Decision
from app.petitions import actions as petition_actions
from app.petitions import importing, queries
from app.petitions.models import Petition, PetitionSearch
from tests.moderation.desk import OTHER
from tests.site import PETITION, Site, text_of

pytestmark = pytest.mark.databases("sqlite")

QUOTE = "la bibliothèque de Montfleur"
NOTICE = {
    "category": "other", "reasons": "Cette pétition est illicite.", "name": "Paul", "email": "paul@exemple.test",
    "good_faith": "on",
}  # fmt: skip
FORMS = {
    "publish": {"decision": "publish"},
    "correct": {"decision": "correct", "remark-1": "Donnez la date."},
    "refuse": {"decision": "refuse", "article": "10", "passage": QUOTE},
}


@pytest.fixture
def moderator(site: Site) -> TestClient:
    return site.staff("moderator", email=OTHER)


@pytest.fixture
def slug(site: Site) -> str:
    """Sent by its organiser."""
    with site.database.write() as session:
        draft = petition_actions.create(session, importing.parse(PETITION, "x.md"), folder=None, image_store=None)  # type: ignore[arg-type]
        found = draft.slug
    assert site.staff("organiser", found).post(f"/organisation/petitions/{found}/proposer").status_code == 303
    return found


def petition(site: Site, slug: str) -> Petition:
    with site.database.read() as session:
        found = queries.by_slug(session, slug)
        assert found is not None
        return found


def decide(site: Site, moderator: TestClient, slug: str, kind: str, version: int = 1) -> int:
    path = f"/moderation/petitions/{petition(site, slug).id}/decision"
    return moderator.post(path, data=FORMS[kind] | {"version": str(version)}).status_code


def undo(site: Site, moderator: TestClient) -> int:
    with site.database.read() as session:
        last = session.scalar(select(func.max(Decision.id)))
    return moderator.post(f"/moderation/decisions/{last}/annulation").status_code


@pytest.mark.databases("sqlite", "postgresql")
@pytest.mark.parametrize("kind", list(FORMS))
def test_undoing_puts_the_petition_back_as_it_was(site: Site, moderator: TestClient, slug: str, kind: str) -> None:
    before, mails = petition(site, slug), len(site.mails())
    assert decide(site, moderator, slug, kind) == 303
    assert petition(site, slug).state != "submitted"
    assert undo(site, moderator) == 303
    after = petition(site, slug)
    for name in ("state", "submitted_at", "opened_at", "closes_at", "closed_at", "submissions"):
        assert getattr(after, name) == getattr(before, name), name
    assert site.client.get(f"/petitions/{slug}").status_code == 404
    site.later(seconds=61)
    assert len(site.mails()) == mails
    # It waits again, and can be decided again.
    assert "Pétitions : 1" in text_of(moderator.get("/moderation").text)
    assert decide(site, moderator, slug, "publish") == 303
    assert site.client.get(f"/petitions/{slug}").status_code == 200
    site.confirmed(slug)
    assert site.count(slug) == 1


@pytest.mark.databases("sqlite", "postgresql")
def test_publication_that_somebody_signed_is_not_undone(site: Site, moderator: TestClient, slug: str) -> None:
    decide(site, moderator, slug, "publish")
    site.sign(slug)
    assert undo(site, moderator) == 409
    assert site.client.get(f"/petitions/{slug}").status_code == 200


def test_decision_on_a_petition_sent_again_meanwhile_is_not_undone(
    site: Site, moderator: TestClient, slug: str
) -> None:
    decide(site, moderator, slug, "correct")
    with site.database.write() as session:
        found = queries.by_slug(session, slug)
        assert found is not None
        actions.submit(session, found)
    assert undo(site, moderator) == 409
    assert petition(site, slug).submissions == 2


@pytest.mark.databases("sqlite", "postgresql")
def test_removal_after_a_notice_is_undone_with_its_case(site: Site, moderator: TestClient) -> None:
    slug = site.publish()
    assert site.client.post(f"/petitions/{slug}/signaler", data=NOTICE).status_code == 200
    form = {"decision": "refuse", "article": "10", "passage": QUOTE}
    assert moderator.post("/moderation/dossiers/1/decision", data=form).status_code == 303
    assert site.client.get(f"/petitions/{slug}").status_code != 200
    mails = len(site.mails())
    assert undo(site, moderator) == 303
    assert site.client.get(f"/petitions/{slug}").status_code == 200
    assert "Signalé illicite" in moderator.get("/moderation").text
    site.later(seconds=61)
    assert len(site.mails()) == mails


def test_petition_that_was_handed_over_comes_back_as_such(site: Site, moderator: TestClient) -> None:
    slug = site.publish()
    organiser = site.staff("organiser", slug)
    with site.database.write() as session:
        petition_actions.deliver(session, session.merge(petition(site, slug)))
    form = {"decision": "refuse", "article": "10", "passage": QUOTE}
    assert site.client.post(f"/petitions/{slug}/signaler", data=NOTICE).status_code == 200
    assert moderator.post("/moderation/dossiers/1/decision", data=form).status_code == 303
    site.later(seconds=61)
    link = next(mail for mail in site.mails() if "/recours/" in mail.text).link("/recours/")
    assert organiser.post(link, data={"text": "Cette pétition est licite, et voici pourquoi."}).status_code == 200
    judge = site.staff("moderator", email="juge@exemple.test")
    judge.post("/moderation/recours/1/avis", data={"view": "publish", "view_reasons": "Rien d’illicite."})
    outcome = {"outcome": "reversed", "reasons": "Rien d’illicite."}
    assert judge.post("/moderation/recours/1/jugement", data=outcome).status_code == 303
    assert petition(site, slug).state == "delivered"


def searched(site: Site, slug: str) -> tuple[bool, bool]:
    """Is it in the index, does the home page find it."""
    with site.database.read() as session:
        held = session.scalars(select(PetitionSearch.petition_id)).all()
    return petition(site, slug).id in held, f"/petitions/{slug}" in site.client.get("/?q=bibliotheques").text


@pytest.mark.databases("sqlite", "postgresql")
def test_the_search_holds_what_is_published_and_nothing_that_was_taken_down(
    site: Site, moderator: TestClient, slug: str
) -> None:
    assert searched(site, slug) == (False, False)
    assert decide(site, moderator, slug, "publish") == 303
    assert searched(site, slug) == (True, True)
    assert undo(site, moderator) == 303
    assert searched(site, slug) == (False, False)
    other = site.publish()
    notice = {"category": "other", "reasons": "Elle est illicite.", "name": "Paul", "email": "paul@exemple.test"}
    assert site.client.post(f"/petitions/{other}/signaler", data=notice | {"good_faith": "on"}).status_code == 200
    form = {"decision": "refuse", "article": "10", "passage": QUOTE}
    assert moderator.post("/moderation/dossiers/1/decision", data=form).status_code == 303
    assert searched(site, other) == (False, False)
    assert undo(site, moderator) == 303
    assert searched(site, other) == (True, True)


def test_petitions_close_to_it_are_told_to_the_reviewer(site: Site, moderator: TestClient, slug: str) -> None:
    path = f"/moderation/petitions/{petition(site, slug).id}"
    assert "Des pétitions proches" not in moderator.get(path).text
    other = site.publish(PETITION.replace("Rouvrir la bibliothèque", "Pour une vraie bibliothèque"))
    page = moderator.get(path).text
    assert "Des pétitions proches" in page
    assert f'href="/petitions/{other}"' in page
