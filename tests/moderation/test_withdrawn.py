"""A comment that its author takes back leaves every queue; whoever comes late gets one clear answer."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from starlette.testclient import TestClient

from app.moderation.actions import Judgment
from app.privacy import erasure
from tests.moderation.desk import OTHER, PUBLISH, TEXT, comment, decide
from tests.site import Site, text_of

NOTICE = {
    "category": "insult", "reasons": "C’est une insulte.", "name": "Paul", "email": "paul@exemple.test",
    "good_faith": "on",
}  # fmt: skip
ANSWER = "Ce commentaire a été repris par son auteur"


@pytest.fixture
def slug(site: Site) -> str:
    return site.publish()


@pytest.fixture
def moderator(site: Site) -> TestClient:
    site.account("moderator")
    return site.staff("moderator", email=OTHER)


def take_back(site: Site, how: str) -> None:
    if how == "not_me":
        assert site.client.post(next(mail.link("/pas-moi/") for mail in site.mails())).status_code == 303
        return
    with site.database.write() as session:
        assert erasure.erase(session, "marie@exemple.test") == 1


@pytest.mark.parametrize("how", ["not_me", "erased"])
def test_waiting_comment_leaves_the_queue_and_a_late_decision_is_answered(
    site: Site, slug: str, moderator: TestClient, how: str
) -> None:
    comment_id = site.comment(slug, TEXT)
    seen = str(comment(site, comment_id).version)
    take_back(site, how)
    assert "Commentaires :" not in text_of(moderator.get("/moderation").text)
    for form in ({"decision": "publish"}, {"decision": "refuse", "article": "1", "passage": "minable"}):
        late = moderator.post(f"/moderation/commentaires/{comment_id}/decision", data=form | {"version": seen})
        assert late.status_code == 409
        assert ANSWER in text_of(late.text)
        assert "minable" not in late.text
    mails = len(site.mails())
    site.later(hours=1)
    assert len(site.mails()) == mails


@pytest.mark.parametrize("how", ["not_me", "erased"])
def test_open_case_closes_itself_and_whoever_reported_is_told(
    site: Site, slug: str, moderator: TestClient, how: str
) -> None:
    comment_id = site.comment(slug, TEXT)
    decide(site, comment_id, PUBLISH)
    assert site.client.post(f"/commentaires/{comment_id}/signaler", data=NOTICE).status_code == 200
    assert "Signalé : 1" in text_of(moderator.get("/moderation").text)
    take_back(site, how)
    assert "Signalé" not in text_of(moderator.get("/moderation").text)
    late = moderator.post("/moderation/dossiers/1/decision", data={"decision": "keep"})
    assert late.status_code == 409
    assert ANSWER in text_of(late.text)
    told = [mail for mail in site.mails() if mail.to == "paul@exemple.test"]
    assert len(told) == 2  # the receipt and the outcome
    assert "Son auteur a repris le texte" in told[-1].text
    assert "Son auteur a repris le texte" in told[-1].html
    assert site.client.get("/transparence.json").json()["notices_by_outcome"] == {"withdrawn": 1}


def test_second_look_at_a_text_that_is_gone_is_asked_of_nobody(site: Site, slug: str, moderator: TestClient) -> None:
    decide(site, site.comment(slug, TEXT), Judgment("refuse", [8], "minable"))
    assert "Seconde personne" in moderator.get("/moderation").text
    take_back(site, "erased")
    assert "Seconde personne" not in moderator.get("/moderation").text


def test_decision_while_its_author_erases_everything_ends_in_one_of_two_ways(
    site: Site, slug: str, moderator: TestClient
) -> None:
    """Both at once, ten times: whoever is first, no published text is left, and no mail to a person erased."""

    def erase(email: str) -> int:
        with site.database.write() as session:
            return erasure.erase(session, email)

    for n in range(10):
        email = f"p{n}@exemple.test"
        comment_id = site.comment(slug, f"{TEXT} {n}", email=email)
        mails = len(site.mails())
        with ThreadPoolExecutor(2) as pool:
            gone = pool.submit(erase, email)
            path = f"/moderation/commentaires/{comment_id}/decision"
            answer = pool.submit(moderator.post, path, data={"decision": "publish", "version": "1"})
            assert gone.result() == 1
            assert answer.result().status_code in {303, 409}
        assert (comment(site, comment_id).state, comment(site, comment_id).text) == ("withdrawn", "")
        site.later(seconds=61)
        assert [mail.to for mail in site.mails()[mails:]] == []
    assert "minable" not in site.client.get(f"/petitions/{slug}/commentaires").text
