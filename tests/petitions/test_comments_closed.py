"""Comments end with the petition, or before, when the organiser says so."""

import pytest
from sqlalchemy import select

from app.comments.models import Comment
from app.petitions import actions, queries
from tests.site import Site, text_of

pytestmark = pytest.mark.databases("sqlite")


def close_comments(site: Site, slug: str) -> None:
    with site.database.write() as session:
        petition = queries.by_slug(session, slug)
        assert petition is not None
        actions.set_comments_open(session, petition, False)
    site.app.state.signing_cache.clear()


def comments(site: Site) -> list[str]:
    with site.database.read() as session:
        return list(session.scalars(select(Comment.text)))


def test_closed_comments_are_told_and_their_field_is_gone(site: Site) -> None:
    slug = site.publish()
    site.sign(slug)
    link = site.mails()[-1].link("/confirmer/")
    assert 'name="comment"' in site.client.get(link).text
    close_comments(site, slug)
    assert "Les commentaires sont fermés." in site.client.get(f"/petitions/{slug}").text
    assert 'name="comment"' not in site.client.get(link).text
    site.client.post(link)
    assert 'name="comment"' not in site.client.get(link).text


def test_a_comment_sent_after_the_end_of_comments_is_refused_with_a_sentence_wherever_it_is_written(site: Site) -> None:
    slug = site.publish()
    close_comments(site, slug)
    refused = site.sign(slug, comment="Trop tard")
    site.sign(slug)
    link = site.mails()[-1].link("/confirmer/")
    answers = [refused, site.client.post(link, data={"choix": "1", "comment": "Trop tard"})]
    assert (site.count(slug), site.client.post(link).status_code, site.count(slug)) == (0, 303, 1)
    answers.append(site.client.post(f"{link}/choix", data={"choix": "1", "comment": "Trop tard"}))
    for answer in answers:
        assert answer.status_code == 422
        assert "sont fermés : effacez le vôtre" in text_of(answer.text)
        assert ">\nTrop tard</textarea>" in answer.text  # to be copied, or erased
    assert comments(site) == []


def test_a_comment_typed_before_and_confirmed_after_is_not_received(site: Site) -> None:
    slug = site.publish()
    site.sign(slug, comment="À temps, puis trop tard")
    link = site.mails()[-1].link("/confirmer/")
    close_comments(site, slug)
    site.client.post(link)
    assert comments(site) == []
    assert site.count(slug) == 1


def test_comments_close_with_the_petition(site: Site) -> None:
    slug = site.publish()
    site.later(days=366)
    assert "Les commentaires sont fermés." in site.client.get(f"/petitions/{slug}").text
