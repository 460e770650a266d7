"""Statements of reasons as the Commission's Transparency Database takes them: every kind of decision, every line."""

import json
from typing import Any

import pytest

from app.moderation import actions
from app.moderation.actions import Judgment
from app.moderation.statements import CATEGORIES
from app.petitions import queries
from app.transparency import disclosure
from tests.moderation.desk import REFUSE, TEXT, comment, decide
from tests.site import Site

pytestmark = pytest.mark.databases("sqlite")

LAW = REFUSE.within(ground="law", provision="Loi du 29 juillet 1881, art. 33")
JUDGMENTS = [
    *(REFUSE.within(articles=[n]) for n in range(1, 11)),
    REFUSE.within(articles=list(range(1, 11))),
    LAW,
    LAW.within(provision="x" * 500),
    REFUSE.within(effects=frozenset({"limit_author", "close_thread", "quarantine"})),
    Judgment("publish", [6], "ce maire est un minable", effects=frozenset({"mask"})),
    Judgment("publish", [1], "ce maire est un minable", effects=frozenset({"limit_author"})),
]


@pytest.fixture
def slug(site: Site) -> str:
    site.account("moderator")
    return site.publish()


def lines(site: Site) -> list[dict[str, Any]]:
    return [json.loads(line) for line in site.client.get("/transparence/motifs.jsonl").text.splitlines()]


@pytest.mark.databases("sqlite", "postgresql")
def test_every_kind_of_decision_makes_a_line_that_the_database_takes(site: Site, slug: str) -> None:
    made = []
    for n, judgment in enumerate(JUDGMENTS):
        comment_id = site.comment(slug, TEXT, email=f"p{n}@exemple.test")
        made.append(decide(site, comment_id, judgment))
        with site.database.write() as session:  # the next one may comment again
            found = queries.by_slug(session, slug)
            assert found is not None
            found.comments_open = True
    late = site.comment(slug, TEXT, email="tard@exemple.test")
    with site.database.write() as session:
        machine = actions.not_handled(session, late)
        assert machine is not None
        made.append(machine)
    found_lines = lines(site)
    assert {line["puid"] for line in found_lines} == {decision.reference for decision in made}
    assert [disclosure.problems(line) for line in found_lines] == [[]] * len(made)


def test_several_articles_are_all_in_the_statement(site: Site, slug: str) -> None:
    moderator = site.staff("moderator", email="autre.mod@exemple.test")
    comment_id = site.comment(slug, TEXT)
    form = {"decision": "refuse", "article": ["1", "3", "10"], "passage": "minable", "version": "1"}
    assert moderator.post(f"/moderation/commentaires/{comment_id}/decision", data=form).status_code == 303
    (line,) = lines(site)
    for n in (1, 3, 10):
        assert f"article {n} : " in line["incompatible_content_ground"]
    assert line["category"] == "STATEMENT_CATEGORY_CYBER_VIOLENCE"
    assert line["category_specification"] == ["KEYWORD_CYBER_HARASSMENT", "KEYWORD_HATE_SPEECH", "KEYWORD_OTHER"]
    site.later(seconds=61)
    mail = site.mails()[-1]
    for n in (1, 3, 10):
        assert f"article {n} : " in mail.text
    # Not all of them let the author write another text.
    assert "/reecrire/" not in mail.text
    page = site.client.get(f"/transparence/decisions/{line['puid']}").text
    assert page.count("Charte, version 1, article") >= 3


def test_several_articles_stay_ticked_when_the_form_comes_back(site: Site, slug: str) -> None:
    moderator = site.staff("moderator", email="autre.mod@exemple.test")
    comment_id = site.comment(slug, TEXT)
    form = {"decision": "refuse", "article": ["1", "3"], "passage": "", "version": "1"}
    again_page = moderator.post(f"/moderation/commentaires/{comment_id}/decision", data=form)
    assert again_page.status_code == 422
    assert '<option value="1" selected' in again_page.text
    assert 'id="champ-article-3" name="article" value="3" checked' in again_page.text
    wrong = moderator.post(f"/moderation/commentaires/{comment_id}/decision", data=form | {"article": ["1", "11"]})
    assert wrong.status_code == 422
    assert comment(site, comment_id).state == "waiting"


def test_preview_shows_every_article_and_hands_them_on(site: Site, slug: str) -> None:
    moderator = site.staff("moderator", email="autre.mod@exemple.test")
    comment_id = site.comment(slug, TEXT)
    form = {"decision": "refuse", "article": ["1", "3"], "passage": "minable", "version": "1"}
    page = moderator.post(f"/moderation/commentaires/{comment_id}/apercu", data=form).text
    assert "article 3 : " in page
    assert 'name="articles" value="3"' in page


def test_own_tables_only_use_published_codes() -> None:
    allowed = disclosure.FIELDS
    for category, keywords in CATEGORIES.values():
        assert category in allowed["category"]["values"]
        assert set(keywords) <= set(allowed["category_specification"]["values"])
    assert disclosure.DATABASE["source"]


GOOD = {
    "puid": "D-1", "decision_visibility": ["DECISION_VISIBILITY_CONTENT_REMOVED"],
    "decision_ground": "DECISION_GROUND_INCOMPATIBLE_CONTENT", "incompatible_content_ground": "Charte",
    "incompatible_content_explanation": "Insulte", "category": "STATEMENT_CATEGORY_VIOLENCE",
    "content_type": ["CONTENT_TYPE_TEXT"], "territorial_scope": ["FR"], "content_date": "2026-11-22",
    "application_date": "2026-11-22", "decision_facts": "…", "source_type": "SOURCE_VOLUNTARY",
    "automated_detection": "No", "automated_decision": "AUTOMATED_DECISION_NOT_AUTOMATED",
}  # fmt: skip


@pytest.mark.parametrize(
    "change",
    [
        {"category": "STATEMENT_CATEGORY_PIRACY"}, {"decision_visibility": "DECISION_VISIBILITY_CONTENT_REMOVED"},
        {"decision_visibility": []}, {"decision_visibility": ["DECISION_VISIBILITY_OTHER"]}, {"puid": "D 1"},
        {"incompatible_content_ground": ""}, {"incompatible_content_ground": "x" * 501}, {"territorial_scope": ["US"]},
        {"content_date": "1999-12-31"}, {"application_date": "22/11/2026"}, {"content_language": "fr"},
        {"moderator": "x"},
        {"automated_detection": "maybe"}, {"territorial_scope": None}, {"decision_visibility": None}, {"puid": None},
    ],
)  # fmt: skip
def test_checker_sees_what_the_database_would_refuse(change: dict[str, Any]) -> None:
    assert disclosure.problems(GOOD) == []
    wrong = {name: value for name, value in (GOOD | change).items() if value is not None}
    assert disclosure.problems(wrong) != []
