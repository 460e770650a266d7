"""The charter: ten articles for everybody, in versions."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from app import clock
from app.moderation import charter
from app.moderation.models import CharterArticle, CharterVersion, Decision
from tests.site import Site, text_of

pytestmark = pytest.mark.databases("sqlite")


def _new_version(site: Site, starts_in: timedelta) -> None:
    """Version 2, whose only article is a tenth of the first."""
    with site.database.write() as session:
        first = charter.in_force(session, clock.now())
        columns = {c.key: getattr(first.articles[0], c.key) for c in CharterArticle.__table__.columns}
        session.add(
            CharterVersion(
                number=2,
                summary="Plus courte.",
                effective_from=clock.now() + starts_in,
                articles=[CharterArticle(**columns | {"version": 2, "title": "Article réécrit"})],
            )
        )


def test_everybody_reads_ten_articles_each_with_two_examples(site: Site) -> None:
    response = site.client.get("/charte")
    assert response.status_code == 200
    page = " ".join(text_of(response.text).split())
    with site.database.read() as session:
        articles = charter.in_force(session, clock.now()).articles
    assert [article.n for article in articles] == list(range(1, 11))
    for article in articles:
        for said in (article.title, article.body, article.breaks, article.ok):
            plain = " ".join(said.split())
            assert _letters(plain) in _letters(page), plain


def _letters(text: str) -> str:
    """Typography aside: narrow spaces are put by the page."""
    return "".join(c for c in text if c.isalnum())


def test_every_article_cites_what_it_needs_for_a_statement(site: Site) -> None:
    with site.database.read() as session:
        articles = charter.in_force(session, clock.now()).articles
    for article in articles:
        assert article.applies.strip().endswith("."), article.n
        assert 1 <= article.severity <= 3, article.n
        assert article.effect, article.n
        assert article.law or article.n in {9, 10}, article.n


def test_charter_is_read_without_signing_in_and_without_cookie(site: Site) -> None:
    assert "set-cookie" not in site.client.get("/charte").headers


def test_coming_version_is_not_in_force_yet(site: Site) -> None:
    _new_version(site, timedelta(days=1))
    assert "Article réécrit" not in site.client.get("/charte").text
    site.later(days=1, seconds=2)
    site.app.state.page_cache.entries.clear()  # kept for half a second of real time
    assert "Article réécrit" in site.client.get("/charte").text


@pytest.mark.databases("sqlite", "postgresql")
def test_comment_is_judged_under_the_version_of_its_time(site: Site) -> None:
    slug = site.publish()
    before = site.comment(slug, "Un imbécile a fermé la bibliothèque.")
    _new_version(site, timedelta(hours=1))
    site.later(hours=2)
    after = site.comment(slug, "Un imbécile a fermé la mairie aussi.", email="paul@exemple.test")
    moderator = site.staff("moderator")
    for comment in (before, after):
        form = {"decision": "refuse", "article": "1", "passage": "Un imbécile", "explanation": ""}
        assert moderator.post(f"/moderation/commentaires/{comment}/decision", data=form).status_code == 303
    with site.database.read() as session:
        versions = {d.target_id: d.charter_version for d in session.scalars(select(Decision))}
    assert versions == {before: 1, after: 2}


def test_article_of_another_version_cannot_be_cited(site: Site) -> None:
    slug = site.publish()
    _new_version(site, timedelta(0))
    site.later(seconds=1)
    comment = site.comment(slug, "Un imbécile a fermé la bibliothèque.")
    form = {"decision": "refuse", "article": "9", "passage": "Un imbécile"}
    assert site.staff("moderator").post(f"/moderation/commentaires/{comment}/decision", data=form).status_code == 422
