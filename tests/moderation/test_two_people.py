"""Article 8 needs two people: the text goes at once, somebody else confirms without seeing the first opinion."""

from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from starlette.testclient import TestClient

from app.moderation import actions
from app.moderation.actions import Judgment
from app.moderation.models import Decision, SecondLook
from app.petitions import actions as petition_actions
from app.petitions import importing, queries
from app.petitions.models import Petition
from tests.moderation.desk import ME, OTHER, comment, decide, sql
from tests.site import PETITION, Site, text_of

pytestmark = pytest.mark.databases("sqlite")

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


@pytest.mark.databases("sqlite", "postgresql")
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


PETITION_FORM = {"decision": "refuse", "article": "8", "passage": "la bibliothèque de Montfleur", "version": "1"}


@pytest.fixture
def petition(site: Site, me: TestClient, other: TestClient) -> Petition:
    """Sent by its organiser, refused by *me* under article 8."""
    with site.database.write() as session:
        draft = petition_actions.create(session, importing.parse(PETITION, "x.md"), folder=None, image_store=Path("x"))
        found = draft.slug
    site.staff("organiser", found).post(f"/organisation/petitions/{found}/proposer")
    with site.database.read() as session:
        sent = queries.by_slug(session, found)
    assert sent is not None
    assert me.post(f"/moderation/petitions/{sent.id}/decision", data=PETITION_FORM).status_code == 303
    return sent


def state(site: Site, petition: Petition) -> str:
    with site.database.read() as session:
        return session.get_one(Petition, petition.id).state


def test_petition_refused_under_article_8_waits_for_a_second_person_too(
    site: Site, petition: Petition, me: TestClient, other: TestClient
) -> None:
    assert state(site, petition) == "refused"
    assert look(site).required
    assert "Seconde personne : 1" in text_of(other.get("/moderation").text)
    assert "Seconde personne" not in text_of(me.get("/moderation").text)
    at = f"/moderation/relectures/{look(site).decision_id}"
    assert f'href="{at}"' in other.get("/moderation").text
    assert me.get(at).status_code == 404
    assert "Depuis janvier, la bibliothèque de Montfleur est fermée." in text_of(other.get(at).text)
    assert ME not in other.get(at).text
    assert other.post(at, data={"decision": "refuse", "article": "8"}).status_code == 303
    assert look(site).agreed
    assert state(site, petition) == "refused"
    assert "Seconde personne" not in text_of(other.get("/moderation").text)


@pytest.mark.parametrize(("decision", "after"), [("publish", "open"), ("keep", "refused")])
def test_disagreement_on_a_petition_opens_a_case_that_ends_either_way(
    site: Site, petition: Petition, me: TestClient, other: TestClient, decision: str, after: str
) -> None:
    at = f"/moderation/relectures/{look(site).decision_id}"
    assert other.post(at, data={"decision": "publish"}).status_code == 303
    assert state(site, petition) == "refused"
    assert "Transmis : 1" in text_of(me.get("/moderation").text)
    opened = text_of(me.get("/moderation/dossiers/1").text)
    assert "désaccord sur la décision" in opened
    assert "Maintenir la décision" in opened
    assert me.post("/moderation/dossiers/1/decision", data={"decision": decision}).status_code == 303
    assert state(site, petition) == after
    assert "Transmis" not in text_of(me.get("/moderation").text)
    assert site.client.get(f"/petitions/{petition.slug}").status_code == (200 if after == "open" else 404)
    site.later(seconds=61)
    told = [mail.text for mail in site.mails() if mail.to == "organiser@exemple.test"]
    assert ("Votre pétition est publiée" in told[-1]) == (after == "open")


def test_second_look_at_a_petition_sent_again_is_asked_of_nobody(
    site: Site, petition: Petition, other: TestClient
) -> None:
    at = f"/moderation/relectures/{look(site).decision_id}"
    with site.database.write() as session:
        actions.submit(session, session.get_one(Petition, petition.id))
    assert "Seconde personne" not in text_of(other.get("/moderation").text)
    assert other.get(at).status_code == 404


@pytest.mark.databases("sqlite", "postgresql")
def test_other_articles_need_one_person(site: Site, me: TestClient) -> None:
    decide(site, site.comment(site.publish(), TEXT), Judgment("refuse", [10], "Un texte"))
    with site.database.read() as session:
        assert not session.scalars(select(SecondLook).where(SecondLook.required.is_(True))).all()


@pytest.mark.databases("sqlite", "postgresql")
def test_second_look_waits_for_a_second_person_to_exist(site: Site, me: TestClient) -> None:
    refused = decide(site, site.comment(site.publish(), TEXT), REFUSE)
    late = site.staff("moderator", email=OTHER)
    assert late.post(page(refused), data={"decision": "refuse", "article": "8"}).status_code == 303


def test_undone_refusal_asks_nobody(site: Site, refused: Decision, me: TestClient, other: TestClient) -> None:
    assert me.post(f"/moderation/decisions/{refused.id}/annulation").status_code == 303
    assert "Seconde personne" not in text_of(other.get("/moderation").text)
