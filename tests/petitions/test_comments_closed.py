"""Comments end with the petition, or before, when the organiser says so."""

import pytest
from sqlalchemy import select

from app.comments.models import Comment
from app.petitions import actions, queries
from tests.site import Site

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
    assert 'name="comment"' in site.client.get(f"/petitions/{slug}").text
    close_comments(site, slug)
    page = site.client.get(f"/petitions/{slug}").text
    assert "Les commentaires sont fermés." in page
    assert 'name="comment"' not in page
    assert 'name="email"' in page


def test_a_comment_sent_after_the_end_of_comments_is_not_received_but_the_signature_counts(site: Site) -> None:
    slug = site.publish()
    close_comments(site, slug)
    site.confirmed(slug, comment="Trop tard")
    assert comments(site) == []
    assert site.count(slug) == 1


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
