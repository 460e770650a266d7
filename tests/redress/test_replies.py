"""A right of reply, once accepted, is read under what it answers, for as long as that is there."""

import pytest
from starlette.testclient import TestClient

from tests.moderation.desk import OTHER, PUBLISH, REFUSE, TEXT, again, decide
from tests.site import Site, text_of

pytestmark = pytest.mark.databases("sqlite")

ASKED = {
    "passage": "ce maire est un minable", "text": "Le budget a été voté <b>deux fois</b>.", "name": "Claire Vasseur",
    "capacity": "Maire de Montfleur", "email": "maire@exemple.test",
}  # fmt: skip
TITLE = "Droit de réponse de Claire Vasseur, Maire de Montfleur"


@pytest.fixture
def slug(site: Site) -> str:
    return site.publish()


@pytest.fixture
def published(site: Site, slug: str) -> int:
    site.account("moderator")
    comment_id = site.comment(slug, TEXT)
    decide(site, comment_id, PUBLISH)
    return comment_id


@pytest.fixture
def desk(site: Site) -> TestClient:
    return site.staff("moderator", email=OTHER)


def ask(site: Site, slug: str, **more: str) -> int:
    return site.client.post(f"/petitions/{slug}/droit-de-reponse", data=ASKED | more).status_code


def accept(desk: TestClient, reply: int = 1, decision: str = "publish", **more: str) -> int:
    return desk.post(f"/moderation/reponses/{reply}/decision", data={"decision": decision, **more}).status_code


@pytest.mark.databases("sqlite", "postgresql")
def test_reply_to_a_comment_is_under_it_everywhere(site: Site, slug: str, published: int, desk: TestClient) -> None:
    assert ask(site, slug, comment=str(published)) == 200
    pages = [f"/petitions/{slug}", f"/petitions/{slug}/commentaires"]
    for page in pages:
        assert TITLE not in text_of(site.client.get(page).text), page
    assert accept(desk) == 303
    for page in pages:
        html = site.client.get(page).text
        within = html[html.index(f'id="commentaire-{published}"') :]
        assert TITLE in text_of(within), page
        assert "Le budget a été voté <b>deux fois</b>." in text_of(within)  # as text, never as HTML
        assert "maire@exemple.test" not in html
    (reply,) = site.client.get(f"/petitions/{slug}.json").json()["replies"]
    assert (reply["comment"], reply["name"], reply["text"]) == (published, "Claire Vasseur", ASKED["text"])


def test_reply_to_the_petition_is_under_its_text(site: Site, slug: str, desk: TestClient) -> None:
    ask(site, slug)
    accept(desk)
    page = text_of(site.client.get(f"/petitions/{slug}").text)
    assert page.index("une personne de métier") < page.index(TITLE) < page.index("Sources et articles")
    assert site.client.get(f"/petitions/{slug}.json").json()["replies"][0]["comment"] is None


def test_refused_reply_is_nowhere_and_its_author_reads_why(site: Site, slug: str, desk: TestClient) -> None:
    ask(site, slug)
    assert accept(desk, decision="refuse") == 422
    assert accept(desk, decision="refuse", reasons="Ce texte ne répond pas au passage.") == 303
    assert TITLE not in text_of(site.client.get(f"/petitions/{slug}").text)
    assert site.client.get(f"/petitions/{slug}.json").json()["replies"] == []
    mail = site.mails()[-1]
    assert mail.to == "maire@exemple.test"
    assert "Ce texte ne répond pas au passage." in mail.text


def test_reply_goes_with_the_comment_that_it_answers(site: Site, slug: str, published: int, desk: TestClient) -> None:
    ask(site, slug, comment=str(published))
    accept(desk)
    again(site, published, REFUSE)
    assert "Le budget" not in site.client.get(f"/petitions/{slug}/commentaires").text
    assert site.client.get(f"/petitions/{slug}.json").json()["replies"] == []
