"""Article 8 needs two people: the text goes at once, somebody else confirms without seeing the first opinion."""

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from starlette.testclient import TestClient

from app.moderation.actions import Judgment
from app.moderation.models import Decision, SecondLook
from tests.moderation.desk import ME, OTHER, comment, decide, sql
from tests.site import Site, text_of

TEXT = "Un texte qui décrit comment se blesser."
REFUSE = Judgment("refuse", [8], "comment se blesser", "Une explication de la première personne.")


@pytest.fixture
def me(site: Site) -> TestClient:
    return site.staff("moderator")


@pytest.fixture
def other(site: Site) -> TestClient:
    return site.staff("moderator", email=OTHER)


@pytest.fixture
def refused(site: Site, me: TestClient, other: TestClient) -> Decision:
    return decide(site, site.comment(site.publish(), TEXT), REFUSE)


def look(site: Site) -> SecondLook:
    with site.database.read() as session:
        return session.scalars(select(SecondLook)).one()


def page(decision: Decision) -> str:
    return f"/moderation/relectures/{decision.id}"


def test_refusal_under_article_8_always_waits_for_a_second_person(
    site: Site, refused: Decision, me: TestClient, other: TestClient
) -> None:
    assert comment(site, refused.target_id).state == "refused"  # protected at once
    assert look(site).required
    assert "Seconde personne : 1" in text_of(other.get("/moderation").text)
    assert "Seconde personne" not in text_of(me.get("/moderation").text)
    waiting = me.get(f"/moderation?commentaire={refused.target_id}").text
    assert "attend une seconde personne" in text_of(waiting)


def test_second_person_is_another_and_does_not_see_the_first_opinion(
    site: Site, refused: Decision, me: TestClient, other: TestClient
) -> None:
    assert me.get(page(refused)).status_code == 404
    assert me.post(page(refused), data={"decision": "refuse", "article": "8"}).status_code == 404
    shown = other.get(page(refused)).text
    assert "demande deux personnes" in shown
    for first in (REFUSE.explanation, ME, refused.reference):
        assert first not in shown
    with pytest.raises(IntegrityError):
        sql(site, "UPDATE second_look SET judge_id = first_decider")


def test_second_person_confirms(site: Site, refused: Decision, other: TestClient) -> None:
    assert other.post(page(refused), data={"decision": "refuse", "article": "8"}).status_code == 303
    assert look(site).agreed
    assert "Seconde personne" not in text_of(other.get("/moderation").text)
    shown = text_of(other.get(f"/moderation?commentaire={refused.target_id}").text)
    assert "confirmé par une seconde personne" in shown
    assert comment(site, refused.target_id).state == "refused"
    assert other.post(page(refused), data={"decision": "refuse", "article": "8"}).status_code == 409


@pytest.mark.parametrize(("decision", "state"), [("publish", "published"), ("keep", "refused")])
def test_disagreement_opens_a_case_that_ends_either_way(
    site: Site, refused: Decision, me: TestClient, other: TestClient, decision: str, state: str
) -> None:
    assert other.post(page(refused), data={"decision": "publish"}).status_code == 303
    assert comment(site, refused.target_id).state == "refused"
    assert "Transmis : 1" in text_of(me.get("/moderation").text)
    opened = text_of(me.get("/moderation?element=case-1").text)
    assert "désaccord sur la décision" in opened
    assert "Maintenir la décision" in opened
    version = comment(site, refused.target_id).version
    form = {"decision": decision, "version": str(version)}
    assert me.post("/moderation/dossiers/1/decision", data=form).status_code == 303
    assert comment(site, refused.target_id).state == state
    assert "Transmis" not in text_of(me.get("/moderation").text)
    # Maintained, the first decision is still the one to contest.
    site.later(seconds=61)
    link = next(mail.link("/recours/") for mail in site.mails() if refused.reference in mail.text)
    assert site.client.get(link).status_code == (200 if decision == "keep" else 409)


def test_other_articles_need_one_person(site: Site, me: TestClient) -> None:
    decide(site, site.comment(site.publish(), TEXT), Judgment("refuse", [10], "Un texte"))
    with site.database.read() as session:
        assert not session.scalars(select(SecondLook).where(SecondLook.required.is_(True))).all()


def test_second_look_waits_for_a_second_person_to_exist(site: Site, me: TestClient) -> None:
    refused = decide(site, site.comment(site.publish(), TEXT), REFUSE)
    late = site.staff("moderator", email=OTHER)
    assert late.post(page(refused), data={"decision": "refuse", "article": "8"}).status_code == 303


def test_undone_refusal_asks_nobody(site: Site, refused: Decision, me: TestClient, other: TestClient) -> None:
    assert me.post(f"/moderation/decisions/{refused.id}/annulation").status_code == 303
    assert "Seconde personne" not in text_of(other.get("/moderation").text)
