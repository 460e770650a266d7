"""What an author reads of the review, and does about it, from their own pages."""

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from app.audit import AuditLine
from app.errors import Conflict
from app.moderation.models import Appeal
from app.petitions import actions as petition_actions
from app.petitions import queries
from tests.moderation.desk import OTHER
from tests.moderation.test_reviews import (
    CONTEST,
    REFUSE,
    WORDS,
    decide,
    petition,
    propose,
    rewrite,
    take_down,
    told,
    win,
)
from tests.moderation.test_reviews import author as author
from tests.moderation.test_reviews import moderator as moderator
from tests.moderation.test_reviews import slug as slug
from tests.site import Site, text_of

pytestmark = pytest.mark.databases("sqlite")


def desk(author: TestClient, slug: str, page: str = "") -> str:
    answer = author.get(f"/organisation/petitions/{slug}{page}")
    assert answer.status_code == 200
    return answer.text


def test_it_is_readable_while_it_is_reviewed(site: Site, moderator: TestClient, author: TestClient, slug: str) -> None:
    assert propose(author, slug) == 303
    for page in ("", "/relecture"):
        said = text_of(desk(author, slug, page))
        assert "En relecture depuis le" in said
        assert "d’ici le" in said
        assert "Proposer" not in said
        assert "Corriger le texte" not in said
    shown = desk(author, slug, "/relecture")
    assert WORDS in text_of(shown)
    assert "<textarea" not in shown
    assert f"/petitions/{slug}/petition.pdf" not in shown
    assert "en relecture depuis le" in text_of(author.get("/organisation").text)


def test_remarks_stand_beside_what_they_are_about_and_do_not_move(
    site: Site, moderator: TestClient, author: TestClient, slug: str
) -> None:
    propose(author, slug)
    decide(
        site, moderator, slug, {"decision": "correct", "remark-1": "Depuis quel jour ?", "remark-title": "Trop long."}
    )
    for n in range(2):
        page = desk(author, slug, "/relecture")
        assert page.index("Trop long.") < page.index("Depuis janvier") < page.index("Depuis quel jour ?")
        assert page.index("Depuis quel jour ?") < page.index("Ce que nous demandons")
        assert f'href="/organisation/petitions/{slug}/texte"' in page
        assert f'action="/organisation/petitions/{slug}/proposer"' in page
        assert ("Vos changements depuis n’y sont pas" in text_of(page)) == (n == 1)
        rewrite(site, slug, "janvier", "le 3 février")
    assert "corrections demandées" in text_of(author.get("/organisation").text)
    propose(author, slug)
    page = text_of(desk(author, slug, "/relecture"))
    assert "Depuis le 3 février" in page
    # Said apart: its words are no longer there.
    assert "Remarques sur des passages qui ont changé" in page
    assert "ce qui avait été demandé la fois précédente" in page


def test_a_refusal_is_read_with_its_article_and_its_reasons(
    site: Site, moderator: TestClient, author: TestClient, slug: str
) -> None:
    propose(author, slug)
    decide(site, moderator, slug, REFUSE)
    for page in ("", "/relecture"):
        said = text_of(desk(author, slug, page))
        assert "Pétition refusée le" in said
        assert "article 10" in said
        assert "Trop vague." in said
        assert "la bibliothèque de Montfleur" in said
        assert "proposer une fois encore, ou contester" in said
    assert OTHER not in desk(author, slug, "/relecture")
    assert "refusée" in text_of(author.get("/organisation").text)
    propose(author, slug)
    decide(site, moderator, slug, REFUSE)
    said = text_of(desk(author, slug))
    assert "il vous reste à contester" in said
    assert "Proposer" not in said


@pytest.mark.databases("sqlite", "postgresql")
@pytest.mark.parametrize("outcome", ["upheld", "reversed"])
def test_a_refusal_is_contested_from_the_page_and_its_end_is_read_there(
    site: Site, moderator: TestClient, author: TestClient, slug: str, outcome: str
) -> None:
    propose(author, slug)
    decide(site, moderator, slug, REFUSE)
    at = f"/organisation/petitions/{slug}/recours"
    answer = author.post(at, data={"text": "Non."})
    assert answer.status_code == 422
    assert ">\nNon.</textarea>" in answer.text
    assert 'id="erreurs"' in answer.text
    assert author.post(at, data={"text": "👩🏽‍🚒" * 4001}).status_code == 422
    answer = author.post(at, data=CONTEST)
    assert answer.status_code == 303
    assert answer.headers["location"].endswith("/relecture#recours")
    said = text_of(desk(author, slug, "/relecture"))
    assert CONTEST["text"] in said
    assert "Une autre personne que celle qui a décidé va relire" in said
    assert author.post(at, data=CONTEST).status_code == 409
    with site.database.read() as session:
        (made,) = session.scalars(select(Appeal))
        who = select(AuditLine.account_id).where(AuditLine.act == "appeal.received")
        assert session.scalars(who).all() == [site.account_id("organiser@exemple.test")]
    # Whoever decided does not judge.
    own = {"view": "publish", "view_reasons": "Rien."}
    assert moderator.post(f"/moderation/recours/{made.id}/avis", data=own).status_code == 404
    judge = site.staff("moderator", email="juge@exemple.test")
    if outcome == "reversed":
        assert win(site, judge) == 303
        assert site.client.get(f"/petitions/{slug}").status_code == 200
        assert "Cette pétition est publiée." in text_of(desk(author, slug, "/relecture"))
        return
    judge.post(f"/moderation/recours/{made.id}/avis", data={"view": "refuse", "view_reasons": "Vague."})
    form = {"outcome": "upheld", "reasons": "Rien n’est demandé."}
    assert judge.post(f"/moderation/recours/{made.id}/jugement", data=form).status_code == 303
    said = text_of(desk(author, slug, "/relecture"))
    assert "la décision est confirmée" in said
    assert "Rien n’est demandé." in said


@pytest.mark.databases("sqlite", "postgresql")
def test_taken_down_is_said_so_never_a_draft_and_can_be_contested(
    site: Site, moderator: TestClient, author: TestClient, slug: str
) -> None:
    propose(author, slug)
    decide(site, moderator, slug, {"decision": "publish"})
    site.confirmed(slug)
    take_down(site, moderator, slug)
    said = text_of(desk(author, slug))
    assert "Pétition retirée le" in said
    assert "Ses signatures et leur nombre sont gardés" in said
    assert "article 10" in said
    assert "Brouillon" not in said
    assert "ce brouillon" not in said.lower()
    assert "retirée" in text_of(author.get("/organisation").text)
    rewrite(site, slug, "janvier", "février")
    propose(author, slug)
    decide(site, moderator, slug, {"decision": "correct", "remark-1": "La date ?"})
    # Taken down it still is: that can be contested, whatever was asked since.
    assert author.post(f"/organisation/petitions/{slug}/recours", data=CONTEST).status_code == 303
    assert win(site, site.staff("moderator", email="juge@exemple.test")) == 303
    # Nobody has let the new text through: it is back with the one that was signed.
    assert petition(site, slug).state == "open"
    page = text_of(site.client.get(f"/petitions/{slug}").text)
    assert "Depuis janvier" in page
    assert "Depuis février" not in page
    assert site.count(slug) == 1


def test_nothing_is_contested_that_was_not_refused(
    site: Site, moderator: TestClient, author: TestClient, slug: str
) -> None:
    at = f"/organisation/petitions/{slug}/recours"
    assert author.post(at, data=CONTEST).status_code == 404
    propose(author, slug)
    assert author.post(at, data=CONTEST).status_code == 404
    decide(site, moderator, slug, {"decision": "correct", "remark-1": "La date ?"})
    assert author.post(at, data=CONTEST).status_code == 404
    propose(author, slug)
    decide(site, moderator, slug, {"decision": "publish"})
    assert author.post(at, data=CONTEST).status_code == 404


@pytest.mark.databases("sqlite", "postgresql")
def test_a_decision_undone_at_once_takes_its_appeal_along(
    site: Site, moderator: TestClient, author: TestClient, slug: str
) -> None:
    propose(author, slug)
    decide(site, moderator, slug, REFUSE)
    assert author.post(f"/organisation/petitions/{slug}/recours", data=CONTEST).status_code == 303
    assert moderator.post("/moderation/decisions/1/annulation").status_code == 303
    judge = site.staff("moderator", email="juge@exemple.test")
    assert "Recours" not in text_of(judge.get("/moderation").text)
    assert win(site, judge) == 409
    decide(site, moderator, slug, REFUSE)
    assert author.post(f"/organisation/petitions/{slug}/recours", data=CONTEST).status_code == 303


@pytest.mark.databases("sqlite", "postgresql")
def test_a_second_person_who_publishes_leaves_nothing_to_judge(
    site: Site, moderator: TestClient, author: TestClient, slug: str
) -> None:
    propose(author, slug)
    decide(site, moderator, slug, REFUSE | {"article": "8"})
    author.post(f"/organisation/petitions/{slug}/recours", data=CONTEST)
    second = site.staff("moderator", email="juge@exemple.test")
    assert second.post("/moderation/relectures/1", data={"decision": "publish"}).status_code == 303
    assert second.post("/moderation/dossiers/1/decision", data={"decision": "publish"}).status_code == 303
    assert site.client.get(f"/petitions/{slug}").status_code == 200
    assert "Recours" not in text_of(second.get("/moderation").text)


def test_news_of_what_is_not_online_are_told_to_nobody(
    site: Site, moderator: TestClient, author: TestClient, slug: str
) -> None:
    at = f"/organisation/petitions/{slug}/nouvelles"
    assert (
        author.post(at, data={"title": "Du neuf", "text": "Le conseil en parlera mardi, venez nombreuses."}).status_code
        == 409
    )
    assert at not in desk(author, slug)
    propose(author, slug)
    decide(site, moderator, slug, {"decision": "publish"})
    assert at in desk(author, slug)
    assert (
        author.post(at, data={"title": "Du neuf", "text": "Le conseil en parlera mardi, venez nombreuses."}).status_code
        == 303
    )
    take_down(site, moderator, slug)
    assert (
        author.post(at, data={"title": "Retirée", "text": "On nous retire, dites-le autour de vous."}).status_code
        == 409
    )


def test_too_late_is_said(site: Site, moderator: TestClient, author: TestClient, slug: str) -> None:
    propose(author, slug)
    decide(site, moderator, slug, REFUSE)
    site.later(days=184)
    again = site.browser()
    again.post("/connexion", data={"email": "organiser@exemple.test", "password": "une phrase de passe"})
    assert "Le délai pour contester a pris fin" in text_of(desk(again, slug, "/relecture"))
    assert again.post(f"/organisation/petitions/{slug}/recours", data=CONTEST).status_code == 410


def test_the_mailed_link_and_the_page_are_one_appeal(
    site: Site, moderator: TestClient, author: TestClient, slug: str
) -> None:
    propose(author, slug)
    decide(site, moderator, slug, REFUSE)
    link = told(site).link("/recours/")
    assert site.client.post(link, data=CONTEST).status_code == 200
    assert CONTEST["text"] in text_of(desk(author, slug, "/relecture"))
    assert author.post(f"/organisation/petitions/{slug}/recours", data=CONTEST).status_code == 409


def test_another_organisers_petition_is_not_there(
    site: Site, moderator: TestClient, author: TestClient, slug: str
) -> None:
    propose(author, slug)
    decide(site, moderator, slug, REFUSE)
    stranger = site.staff("organiser", email="autre@exemple.test")
    assert stranger.get(f"/organisation/petitions/{slug}/relecture").status_code == 404
    assert stranger.post(f"/organisation/petitions/{slug}/recours", data=CONTEST).status_code == 404
    # An administrator reads it, and does not speak for its author.
    admin = site.staff("admin")
    page = desk(admin, slug, "/relecture")
    assert "Seules les personnes responsables de la pétition peuvent contester." in text_of(page)
    assert admin.post(f"/organisation/petitions/{slug}/recours", data=CONTEST).status_code == 404
    assert site.client.get(f"/organisation/petitions/{slug}/relecture").status_code == 303


def test_right_to_left_and_hostile_words_stay_words(
    site: Site, moderator: TestClient, author: TestClient, slug: str
) -> None:
    propose(author, slug)
    hostile = "</p><script>alert(1)</script> \u202eשלום {{7*7}}"
    decide(site, moderator, slug, {"decision": "correct", "remark-1": hostile, "remark-whole": hostile})
    page = desk(author, slug, "/relecture")
    assert "<script>alert" not in page
    assert "\u202e" not in page
    assert page.count("&lt;/p&gt;&lt;script&gt;alert(1)&lt;/script&gt; שלום {{7*7}}") == 2
    mail = told(site)
    assert "<script>alert" not in mail.html
    assert "שלום" in mail.text


def test_the_operator_publishing_what_was_taken_down_is_told_no(
    site: Site, moderator: TestClient, author: TestClient, slug: str
) -> None:
    propose(author, slug)
    decide(site, moderator, slug, {"decision": "publish"})
    take_down(site, moderator, slug)
    propose(author, slug)
    with site.database.write() as session:
        found = queries.by_slug(session, slug)
        assert found is not None
        with pytest.raises(Conflict):
            petition_actions.publish(session, found)
