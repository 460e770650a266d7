"""Hints: where the words come from, how each is measured, when one switches itself off."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from starlette.testclient import TestClient

from app import clock
from app.accounts.models import Account
from app.comments import hints
from app.comments.hints import words
from app.moderation import actions
from app.moderation.models import HintVerdict
from tests.moderation import hints_table
from tests.moderation.desk import ME, TEXT, comment, sql
from tests.site import Site, text_of

pytestmark = pytest.mark.databases("sqlite")

TRIED = Path(__file__).parents[3] / "shared" / "data" / "comments.json"
DECIDED: dict[str, Any] = {
    "by": "une modératrice",
    "texts": [
        {"sha256": hints_table.sha(TEXT), "about": "un essai", "decision": "Refuser", "founded": ["minable"]},
        {"sha256": hints_table.sha("Ce fumier de cheval."), "about": "un fumier", "decision": "Publier", "founded": []},
    ],
}


@pytest.fixture
def moderator(site: Site) -> TestClient:
    return site.staff("moderator")


def verdicts(site: Site, n: int, founded: int, hint: str = "words-1", version: int = 1) -> None:
    """*n* earlier verdicts, then one more sentence of a moderator that counts them."""
    with site.database.write() as session:
        account = session.get_one(Account, site.account_id(ME)).id
        for i in range(n):
            row = HintVerdict(
                comment_id=10_000 + i, hint=hint, version=version, founded=i < founded, account_id=account,
                at=clock.now(),
            )  # fmt: skip
            session.add(row)


def said(site: Site) -> list[str]:
    """The hints on a comment that arrives now."""
    later = site.comment(site.publish(), TEXT, email=f"{len(site.mails())}@exemple.test")
    return [found["hint"] for found in comment(site, later).hints]


def judge(site: Site, comment_id: int, founded: bool) -> None:
    with site.database.write() as session:
        account = session.get_one(Account, site.account_id(ME))
        actions.judge_hint(session, comment_id, "words-1", founded, account)


def test_lists_of_words_say_where_they_come_from_and_under_what_licence() -> None:
    data = yaml.safe_load(Path(words.__file__).with_name("words.yaml").read_text())
    assert "Rédigées pour Signons" in data["source"]
    assert data["licence"] == "CC0-1.0"
    assert {rule["article"] for rule in data["lists"]} <= set(hints.SEVERITY)
    document = hints_table.DOCUMENT.read_text()
    assert "aucune\nliste tierce n’a été reprise" in document
    assert "CC0-1.0" in document


@pytest.mark.databases("sqlite", "postgresql")
@pytest.mark.parametrize(
    ("earlier", "founded", "last", "stays"),
    [
        (198, 0, False, True),  # 199 verdicts: too few to tell
        (199, 99, False, False),  # 99 of 200
        (199, 99, True, True),  # 100 of 200: one half
        (199, 0, False, False),
    ],
)
def test_hint_right_less_than_half_the_time_over_200_verdicts_is_off(
    site: Site, moderator: TestClient, earlier: int, founded: int, last: bool, stays: bool
) -> None:
    comment_id = site.comment(site.publish(), TEXT)
    verdicts(site, earlier, founded)
    judge(site, comment_id, last)
    assert (said(site) == ["words-1"]) is stays
    page = moderator.get("/moderation/indices").text
    assert ("coupé" in text_of(page)) is not stays
    # What was already pointed at is no longer shown either.
    opened = moderator.get(f"/moderation?element=comment-{comment_id}").text
    assert ('data-hint="words-1"' in opened) is stays


def test_verdicts_on_an_earlier_version_of_a_list_do_not_count(site: Site, moderator: TestClient) -> None:
    comment_id = site.comment(site.publish(), TEXT)
    verdicts(site, 500, 0, version=0)
    judge(site, comment_id, True)
    assert said(site) == ["words-1"]


@pytest.mark.databases("sqlite", "postgresql")
def test_table_of_precision_counts_what_moderators_said(site: Site, moderator: TestClient) -> None:
    comment_id = site.comment(site.publish(), TEXT)
    verdicts(site, 7, 5)
    form = {"words-1": "unfounded"}
    assert moderator.post(f"/moderation/commentaires/{comment_id}/indices", data=form).status_code == 303
    page = moderator.get("/moderation/indices").text
    row = next(row for row in re.findall(r"<tr>.*?</tr>", page, re.DOTALL) if ">Insulte<" in row)
    assert [text_of(cell) for cell in re.findall(r"<td.*?</td>", row)][1] == "8"
    assert "62" in text_of(row) or "63" in text_of(row)  # five of eight
    assert "actif" in row
    assert site.client.get("/moderation/indices").status_code == 303


def test_verdicts_outlive_the_comment(site: Site, moderator: TestClient) -> None:
    comment_id = site.comment(site.publish(), TEXT)
    judge(site, comment_id, True)
    sql(site, "UPDATE comment SET text = '', hints = '[]' WHERE id = :id", id=comment_id)
    page = moderator.get("/moderation/indices").text
    assert "100" in next(row for row in re.findall(r"<tr>.*?</tr>", page, re.DOTALL) if ">Insulte<" in row)


def test_table_is_what_hints_say_against_what_was_decided() -> None:
    made = hints_table.tables([TEXT, "Ce fumier de cheval.", "Rien à dire."], DECIDED)
    assert "Décisions prises par : une modératrice." in made
    assert "| 1 | un essai | Insulte (1 : « minable ») | Refuser | 1 sur 1 |" in made
    assert "| 2 | un fumier | Insulte (1 : « fumier ») | Publier | 0 sur 1 |" in made
    assert "| aucun | pas encore décidé | – |" in made
    assert "| Insulte | 1 | 2 | 1 | 50 % |" in made


def test_document_says_that_nobody_human_decided() -> None:
    """Whoever puts a moderator's decisions there changes both."""
    decided = yaml.safe_load(hints_table.DECISIONS.read_text())
    assert not decided["human"]
    document = hints_table.DOCUMENT.read_text()
    assert "**Ce n’est pas une mesure.**" in document
    assert f"Décisions prises par : {decided['by']}." in document


@pytest.mark.skipif(not TRIED.exists(), reason="comments.json is not beside this clone.")
def test_table_in_the_document_is_the_one_that_the_command_makes() -> None:
    assert all(isinstance(text, str) for text in json.loads(TRIED.read_text()))  # texts only: no human label
    found = hints_table.BETWEEN.search(hints_table.DOCUMENT.read_text())
    assert found is not None
    assert found[0] == hints_table.made(TRIED)
