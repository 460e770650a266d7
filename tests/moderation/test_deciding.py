"""A comment is published as it is, or refused under an article with a quoted passage; each act leaves a trace."""

import hashlib
from concurrent.futures import ThreadPoolExecutor

import httpx2
import pytest
import sqlalchemy.exc
from sqlalchemy import select, text
from starlette.testclient import TestClient

from app.audit import AuditLine
from app.comments.models import Comment
from app.moderation.actions import asked_for
from app.moderation.forms import DecisionForm
from app.moderation.models import Decision
from app.moderation.queries import decisions
from app.web.forms import validated
from tests.site import Site, text_of

pytestmark = pytest.mark.databases("sqlite")

INSULT = "Le maire est un minable.\nRouvrez la bibliothèque, s’il vous plaît."


def decide(moderator: TestClient, comment: int, **fields: str) -> httpx2.Response:
    return moderator.post(f"/moderation/commentaires/{comment}/decision", data=fields)


def refuse(moderator: TestClient, comment: int, **changes: str) -> httpx2.Response:
    form = {"decision": "refuse", "article": "1", "passage": "un minable", "explanation": "Visez l’acte."}
    return decide(moderator, comment, **form | changes)


def state_of(site: Site, comment: int) -> str:
    with site.database.read() as session:
        return session.get_one(Comment, comment).state


def made(site: Site, comment: int) -> list[Decision]:
    with site.database.read() as session:
        return list(decisions(session, "comment", comment))


def test_published_comment_appears_on_the_page_at_once(site: Site) -> None:
    slug = site.publish()
    comment = site.comment(slug, "Ma fille y lisait chaque mercredi.")
    assert "chaque mercredi" not in site.client.get(f"/petitions/{slug}").text
    response = decide(site.staff("moderator"), comment, decision="publish", version="1")
    assert (response.status_code, response.headers["location"]) == (303, "/moderation")
    assert "chaque mercredi" in site.client.get(f"/petitions/{slug}").text
    assert "chaque mercredi" in site.client.get(f"/petitions/{slug}/commentaires").text


def test_publishing_is_a_decision_with_the_text_that_was_judged(site: Site) -> None:
    said = "Ma fille y lisait chaque mercredi."
    comment = site.comment(site.publish(), said)
    decide(site.staff("moderator"), comment, decision="publish")
    (decision,) = made(site, comment)
    assert (decision.kind, decision.article, decision.passage) == ("publish", None, "")
    assert decision.text_sha256 == hashlib.sha256(said.encode()).hexdigest()
    assert decision.moderator_id == site.account_id("moderator@exemple.test")


@pytest.mark.databases("sqlite", "postgresql")
def test_refusing_is_a_decision_with_article_and_passage(site: Site) -> None:
    comment = site.comment(site.publish(), INSULT)
    assert refuse(site.staff("moderator"), comment).status_code == 303
    (decision,) = made(site, comment)
    assert (decision.kind, decision.article, decision.passage) == ("refuse", 1, "un minable")
    assert decision.explanation == "Visez l’acte."
    assert state_of(site, comment) == "refused"


def test_refused_comment_is_kept_for_an_appeal(site: Site) -> None:
    comment = site.comment(site.publish(), INSULT)
    refuse(site.staff("moderator"), comment)
    with site.database.read() as session:
        assert session.get_one(Comment, comment).text == INSULT


@pytest.mark.parametrize("kind", ["publish", "refuse"])
def test_every_act_is_in_the_journal_without_a_word_of_the_comment(site: Site, kind: str) -> None:
    comment = site.comment(site.publish(), INSULT)
    moderator = site.staff("moderator")
    if kind == "publish":
        decide(moderator, comment, decision="publish")
    else:
        refuse(moderator, comment)
    with site.database.read() as session:
        line = session.scalars(select(AuditLine).where(AuditLine.act == f"comment.{kind}")).one()
    assert (line.target, line.target_id) == ("comment", str(comment))
    assert line.account_id == site.account_id("moderator@exemple.test")
    assert line.details["decision"] == made(site, comment)[0].id
    assert line.details["sha256"] == hashlib.sha256(INSULT.encode()).hexdigest()
    assert "minable" not in repr(line.details)


def test_refusal_that_is_not_justified_changes_nothing(site: Site) -> None:
    comment = site.comment(site.publish(), INSULT)
    moderator = site.staff("moderator")
    mails = len(site.mails())
    wrong = [
        ({"article": ""}, "Choisissez l’article de la charte qui n’est pas respecté."),
        ({"article": "0"}, "Choisissez un article de la charte."),
        ({"article": "11"}, "Choisissez l’article de la charte qui n’est pas respecté."),
        ({"article": "-1"}, "Choisissez un article de la charte."),
        ({"article": "9" * 5000}, "Choisissez un article de la charte."),
        ({"article": "un"}, "Choisissez un article de la charte."),
        ({"passage": ""}, "Citez le passage"),
        ({"passage": " \n "}, "Citez le passage"),
        ({"passage": "un bon à rien"}, "tel quel"),
        ({"explanation": "x" * 2001}, "Raccourcissez"),
        ({"decision": ""}, "Choisissez"),
        ({"decision": "supprimer"}, "Choisissez"),
    ]
    for changes, sentence in wrong:
        response = refuse(moderator, comment, **changes)
        assert response.status_code == 422, changes
        assert sentence in text_of(response.text), changes
    site.later(hours=1)
    assert state_of(site, comment) == "waiting"
    assert made(site, comment) == []
    assert len(site.mails()) == mails


def test_refused_form_keeps_what_was_typed_and_the_comment_selected(site: Site) -> None:
    slug = site.publish()
    site.comment(slug, "Le premier de la file.", email="a@exemple.test")
    comment = site.comment(slug, INSULT, email="b@exemple.test")
    page = refuse(site.staff("moderator"), comment, article="", explanation="Mon explication, longuement pesée.").text
    assert "Mon explication, longuement pesée." in page
    assert f"/moderation/commentaires/{comment}/decision" in page


def test_passage_may_be_copied_with_other_spaces_and_line_ends(site: Site) -> None:
    comment = site.comment(site.publish(), INSULT)
    assert refuse(site.staff("moderator"), comment, passage=" minable.\r\n  Rouvrez ").status_code == 303
    assert made(site, comment)[0].passage.split() == ["minable.", "Rouvrez"]


def test_stale_version_is_told_what_was_decided_meanwhile(site: Site) -> None:
    comment = site.comment(site.publish(), INSULT)
    first = site.staff("moderator", email="premiere@exemple.test")
    second = site.staff("moderator", email="second@exemple.test")
    assert refuse(first, comment, version="1").status_code == 303
    late = decide(second, comment, decision="publish", version="1")
    assert late.status_code == 409
    assert "premiere@exemple.test" in late.text
    assert "refusé" in text_of(late.text)
    assert state_of(site, comment) == "refused"
    assert len(made(site, comment)) == 1


def test_decision_on_another_version_of_the_text_is_409(site: Site) -> None:
    comment = site.comment(site.publish(), INSULT)
    moderator = site.staff("moderator")
    assert decide(moderator, comment, decision="publish", version="2").status_code == 409
    assert state_of(site, comment) == "waiting"


def test_comment_taken_back_by_its_author_cannot_be_decided(site: Site) -> None:
    slug = site.publish()
    comment = site.comment(slug, INSULT)
    moderator = site.staff("moderator")
    not_me = next(mail.link("/pas-moi/") for mail in site.mails())
    assert site.client.post(not_me).status_code == 303
    assert decide(moderator, comment, decision="publish", version="1").status_code == 409
    assert "minable" not in site.client.get(f"/petitions/{slug}").text
    assert made(site, comment) == []


def test_unknown_comment_is_404(site: Site) -> None:
    moderator = site.staff("moderator")
    for comment in (0, -1, 999_999, 2**31, 2**63, 10**40):
        assert refuse(moderator, comment).status_code == 404, comment
        assert moderator.get(f"/moderation?commentaire={comment}").status_code == 200, comment
    assert moderator.post("/moderation/commentaires/un/decision", data={"decision": "publish"}).status_code == 404


@pytest.mark.databases("sqlite", "postgresql")
def test_six_moderators_at_once_make_one_decision(site: Site) -> None:
    comment = site.comment(site.publish(), INSULT)
    people = [site.staff("moderator", email=f"m{n}@exemple.test") for n in range(6)]
    site.mails()
    before = len(site.mails())
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda person: refuse(person, comment, version="1").status_code, people))
    assert sorted(answers) == [303, 409, 409, 409, 409, 409]
    assert len(made(site, comment)) == 1
    site.later(seconds=61)
    assert len(site.mails()) == before + 1


@pytest.mark.databases("sqlite", "postgresql")
def test_database_refuses_a_second_first_decision(site: Site) -> None:
    comment = site.comment(site.publish(), INSULT)
    refuse(site.staff("moderator"), comment)
    (row,) = made(site, comment)
    columns = {c.key: getattr(row, c.key) for c in Decision.__table__.columns if c.key != "id"}
    with pytest.raises(sqlalchemy.exc.IntegrityError), site.database.write() as session:
        session.add(Decision(**columns | {"reference": "D-autre"}))


@pytest.mark.databases("sqlite", "postgresql")
@pytest.mark.parametrize("column", ["article = NULL", "passage = ''"])
def test_database_refuses_a_refusal_without_its_reasons(site: Site, column: str) -> None:
    comment = site.comment(site.publish(), INSULT)
    refuse(site.staff("moderator"), comment)
    with pytest.raises(sqlalchemy.exc.DatabaseError), site.database.write() as session:
        session.execute(text(f"UPDATE decision SET {column}"))


def test_strangers_and_other_roles_cannot_decide(site: Site) -> None:
    slug = site.publish()
    comment = site.comment(slug, INSULT)
    assert refuse(site.browser(), comment).status_code == 404
    organiser = site.staff("organiser", slug)
    assert refuse(organiser, comment).status_code == 404
    assert organiser.get("/moderation").status_code == 404
    assert state_of(site, comment) == "waiting"


def test_administrator_decides_too(site: Site) -> None:
    comment = site.comment(site.publish(), INSULT)
    assert refuse(site.staff("admin"), comment).status_code == 303


@pytest.mark.parametrize(
    ("decision", "ticked", "kept"),
    [
        ("refuse", {"mask", "limit_author", "quarantine"}, {"limit_author", "quarantine"}),  # nothing is left to mask
        ("publish", {"mask", "ask_rewrite", "close_thread"}, {"mask", "close_thread"}),  # nothing to write again
    ],
)
def test_effects_that_a_decision_cannot_have_are_left_out(decision: str, ticked: set[str], kept: set[str]) -> None:
    form = validated(DecisionForm, {"decision": decision, **dict.fromkeys(ticked, "on")})
    assert asked_for(form).effects == kept
