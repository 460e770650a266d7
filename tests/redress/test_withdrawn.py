"""A comment that its author takes back leaves every queue; whoever comes late gets one clear answer."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from app.moderation.actions import Judgment
from app.moderation.models import Appeal, Claim
from app.privacy import jobs
from app.privacy.actions import erasing
from app.redress import actions as redress
from tests.moderation.desk import OTHER, PUBLISH, REFUSE, TEXT, comment, confirm_notifier, decide
from tests.site import Site, text_of

NOTICE = {
    "category": "insult", "reasons": "C’est une insulte.", "name": "Paul", "email": "paul@exemple.test",
    "good_faith": "on",
}  # fmt: skip
POINTLESS = "Son auteur a repris ce commentaire depuis : le recours est sans objet."
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
        site.later(seconds=61)  # nothing is told before it is sure
        jobs.forget_undone(site.database)
        return
    with site.database.write() as session:
        assert erasing.erase(session, "marie@exemple.test") == 1


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
    confirm_notifier(site)
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


def appeals(site: Site) -> list[Appeal]:
    with site.database.read() as session:
        return list(session.scalars(select(Appeal).order_by(Appeal.id)))


@pytest.mark.parametrize("how", ["not_me", "erased"])
def test_open_appeal_closes_itself_and_its_author_is_forgotten(
    site: Site, slug: str, moderator: TestClient, how: str
) -> None:
    refused = decide(site, site.comment(slug, TEXT), REFUSE)
    site.later(seconds=61)
    link = next(mail.link("/recours/") for mail in site.mails() if refused.reference in mail.text)
    assert site.client.post(link, data={"text": "Marie Durand conteste."}).status_code == 200
    assert "Recours : 1" in text_of(moderator.get("/moderation").text)
    form = {"view": "publish", "view_reasons": "Marie Durand a raison."}
    assert moderator.post("/moderation/recours/1/avis", data=form).status_code == 303
    take_back(site, how)
    assert "Recours" not in text_of(moderator.get("/moderation").text)
    closed = appeals(site)[0]
    assert (closed.outcome, closed.judge_id) == ("withdrawn", None)
    assert "Marie" not in closed.text + closed.view_reasons
    late = moderator.post("/moderation/recours/1/jugement", data={"outcome": "reversed", "reasons": "Il a raison."})
    assert late.status_code == 409
    for page in (late, moderator.get("/moderation/recours/1")):
        assert POINTLESS in text_of(page.text)
    assert site.client.get(link).status_code == 409  # contested already
    site.later(hours=1)
    assert not [mail for mail in site.mails() if "recours" in mail.subject]  # whoever left is written nothing
    figures = site.client.get("/transparence.json").json()
    assert (figures["appeals"], figures["appeals_withdrawn"], figures["appeals_waiting"]) == (1, 1, 0)
    assert "Recours : sans objet" in site.client.get("/transparence/journal.atom").text


def test_decision_on_a_text_that_is_gone_is_contested_no_more(site: Site, slug: str, moderator: TestClient) -> None:
    decide(site, site.comment(slug, TEXT), REFUSE)
    site.later(seconds=61)
    link = site.mails()[-1].link("/recours/")
    assert site.client.get(link).status_code == 200
    take_back(site, "erased")
    assert POINTLESS in text_of(site.client.get(link).text)
    assert site.client.post(link, data={"text": "Je conteste quand même."}).status_code == 410
    assert appeals(site) == []


@pytest.mark.parametrize("how", ["not_me", "erased"])
def test_notifier_whose_appeal_closes_itself_is_told(site: Site, slug: str, moderator: TestClient, how: str) -> None:
    comment_id = site.comment(slug, TEXT)
    decide(site, comment_id, PUBLISH)
    site.client.post(f"/commentaires/{comment_id}/signaler", data=NOTICE)
    confirm_notifier(site)
    site.staff("moderator", email="tiers@exemple.test").post(
        "/moderation/dossiers/1/decision", data={"decision": "keep"}
    )
    site.later(seconds=61)
    link = next(mail.link("/recours/") for mail in reversed(site.mails()) if mail.to == "paul@exemple.test")
    assert site.client.post(link, data={"text": "C’est bien une insulte."}).status_code == 200
    take_back(site, how)
    assert [appeal.outcome for appeal in appeals(site)] == ["withdrawn"]
    told = [mail for mail in site.mails() if mail.to == "paul@exemple.test"][-1]
    assert told.subject == "Votre recours est clos"
    for body in (told.text, told.html):
        assert "votre recours est clos" in body
        assert "relu la décision" not in body


def test_judge_and_author_at_once_end_in_one_of_two_ways(site: Site, slug: str, moderator: TestClient) -> None:
    """Ten times: judged and then gone, or gone and the judge is told; never both stuck, never published."""
    for n in range(10):
        comment_id = site.comment(slug, f"{TEXT} {n}", email=f"p{n}@exemple.test")
        refused = decide(site, comment_id, REFUSE)
        with site.database.write() as session:
            path = f"/moderation/recours/{redress.appeal(session, refused.id, 'author', 'Je conteste cela.').id}"
        moderator.post(f"{path}/avis", data={"view": "publish", "view_reasons": "Une opinion."})

        def erase(email: str = f"p{n}@exemple.test") -> int:
            with site.database.write() as session:
                return erasing.erase(session, email)

        with ThreadPoolExecutor(2) as pool:
            gone = pool.submit(erase)
            form = {"outcome": "reversed", "reasons": "Une opinion."}
            judged = pool.submit(moderator.post, f"{path}/jugement", data=form)
            assert gone.result() == 1
            assert judged.result().status_code in {303, 409}
        assert appeals(site)[-1].outcome == ("reversed" if judged.result().status_code == 303 else "withdrawn")
        assert (comment(site, comment_id).state, comment(site, comment_id).text) == ("withdrawn", "")


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
            return erasing.erase(session, email)

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


def test_nobody_has_an_appeal_open_any_more_once_it_is_pointless(site: Site, slug: str, moderator: TestClient) -> None:
    refused = decide(site, site.comment(slug, TEXT), REFUSE)
    with site.database.write() as session:
        redress.appeal(session, refused.id, "author", "Je conteste cela.")
    assert moderator.post("/moderation/prises/appeal-1").status_code == 303
    take_back(site, "erased")
    with site.database.read() as session:
        assert session.scalars(select(Claim)).all() == []
