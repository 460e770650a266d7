"""Opening an item tells the others, for ten minutes; reading a page changes nothing."""

import pytest
from sqlalchemy import func, select
from starlette.testclient import TestClient

from app.moderation.models import Claim
from tests.moderation.desk import ME, OTHER, PUBLISH, REFUSE, TEXT, decide
from tests.site import Site, text_of

pytestmark = pytest.mark.databases("sqlite")


@pytest.fixture
def me(site: Site) -> TestClient:
    return site.staff("moderator")


@pytest.fixture
def other(site: Site) -> TestClient:
    return site.staff("moderator", email=OTHER)


def claims(site: Site) -> int:
    with site.database.read() as session:
        return session.scalar(select(func.count()).select_from(Claim)) or 0


def test_reading_claims_nothing(site: Site, me: TestClient) -> None:
    comment_id = site.comment(site.publish(), TEXT)
    for path in ("/moderation", f"/moderation?element=comment-{comment_id}"):
        me.get(path)
    assert claims(site) == 0


@pytest.mark.databases("sqlite", "postgresql")
def test_claim_is_seen_by_others_and_ends_after_ten_minutes(site: Site, me: TestClient, other: TestClient) -> None:
    comment_id = site.comment(site.publish(), TEXT)
    key = f"comment-{comment_id}"
    answer = me.post(f"/moderation/prises/{key}")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/moderation?element={key}")
    page = text_of(other.get(f"/moderation?element={key}").text)
    assert "ouvert par un collègue" in page
    assert f"Ouvert par {ME} jusqu’au" in page
    assert "Pris par vous" in text_of(me.get(f"/moderation?element={key}").text)
    taken = other.post(f"/moderation/prises/{key}")
    assert taken.status_code == 409
    assert "Une autre personne a déjà pris cet élément." in text_of(taken.text)
    site.later(minutes=9, seconds=50)
    assert "Ouvert par" in text_of(other.get(f"/moderation?element={key}").text)
    site.later(seconds=11)
    assert "Ouvert par" not in text_of(other.get(f"/moderation?element={key}").text)
    assert other.post(f"/moderation/prises/{key}").status_code == 303


def test_one_has_one_item_open(site: Site, me: TestClient) -> None:
    slug = site.publish()
    for n in range(3):
        me.post(f"/moderation/prises/comment-{site.comment(slug, TEXT, email=f'p{n}@exemple.test')}")
    assert claims(site) == 1


def test_claim_does_not_forbid_to_decide_and_ends_with_the_decision(
    site: Site, me: TestClient, other: TestClient
) -> None:
    comment_id = site.comment(site.publish(), TEXT)
    me.post(f"/moderation/prises/comment-{comment_id}")
    form = {"decision": "publish", "version": "1"}
    assert other.post(f"/moderation/commentaires/{comment_id}/decision", data=form).status_code == 303
    assert claims(site) == 0


@pytest.mark.databases("sqlite", "postgresql")
def test_cases_appeals_and_looks_are_claimed_on_their_own_page(site: Site, me: TestClient, other: TestClient) -> None:
    slug = site.publish()
    reported = site.comment(slug, TEXT)
    decide(site, reported, PUBLISH)
    notice = {
        "category": "insult", "reasons": "C’est une insulte.", "name": "Paul", "email": "paul@exemple.test",
        "good_faith": "on",
    }  # fmt: skip
    site.client.post(f"/commentaires/{reported}/signaler", data=notice)
    site.client.post(f"/petitions/{slug}/signaler", data=notice)
    look = decide(site, site.comment(slug, TEXT, email="b@exemple.test"), REFUSE.within(articles=[8])).id
    site.later(seconds=61)
    site.client.post(
        next(
            mail.link("/recours/") for mail in site.mails() if mail.to == "b@exemple.test" and "/recours/" in mail.text
        ),
        data={"text": "Ce n’est pas cela."},
    )
    pages = {
        "case-1": "/moderation?element=case-1", "case-2": "/moderation/dossiers/2",
        f"second-{look}": f"/moderation/relectures/{look}", "appeal-1": "/moderation/recours/1",
    }  # fmt: skip
    for key, page in pages.items():
        answer = other.post(f"/moderation/prises/{key}")
        assert answer.status_code == 303, key
        assert other.get(answer.headers["location"], follow_redirects=True).status_code == 200, key
        assert "Pris par vous" in text_of(other.get(page).text), key
        listed = text_of(me.get("/moderation").text)
        if not key.startswith(("second", "appeal")):  # one's own are not in one's list
            assert "ouvert par un collègue" in listed, key
            assert f"Ouvert par {OTHER}" in text_of(me.get(page).text), key


@pytest.mark.parametrize("key", ["comment-", "comment-x", "rien-1", "urgent-1", "comment-99999999999", "-1"])
def test_claim_of_nothing_is_404(site: Site, me: TestClient, key: str) -> None:
    assert me.post(f"/moderation/prises/{key}").status_code == 404


def test_strangers_claim_nothing(site: Site) -> None:
    comment_id = site.comment(site.publish(), TEXT)
    assert site.client.post(f"/moderation/prises/comment-{comment_id}").status_code in {303, 404}
    assert claims(site) == 0
