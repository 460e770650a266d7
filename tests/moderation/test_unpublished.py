"""What is not published is nowhere: no page, no data, no file, no mail to others."""

import pytest

from tests.moderation.test_deciding import decide, refuse
from tests.site import Site

pytestmark = pytest.mark.databases("sqlite")

SAID = "Phrase-introuvable-7391 : le maire est un minable."
PLACES = ["", ".json", "/compteur.json", "/commentaires", "/signatures", "/petition.pdf", "/affiche.pdf", "/partager"]


def _everything(site: Site, slug: str) -> bytes:
    """All that a stranger can fetch about a petition."""
    paths = [f"/petitions/{slug}{place}" for place in PLACES]
    paths += ["/", "/?q=introuvable", f"/widget/{slug}", "/charte", f"/en/petitions/{slug}"]
    found = b""
    for path in paths:
        response = site.client.get(path)
        assert response.status_code == 200, (path, response.text[:500])
        found += response.content
    return found


@pytest.mark.parametrize("state", ["waiting", "refused", "withdrawn"])
def test_comment_that_is_not_published_is_nowhere(site: Site, state: str) -> None:
    slug = site.publish()
    comment = site.comment(slug, SAID, display="full")
    if state == "refused":
        assert refuse(site.staff("moderator"), comment).status_code == 303
    if state == "withdrawn":
        decide(site.staff("moderator"), comment, decision="publish")
        site.client.post(next(mail.link("/pas-moi/") for mail in site.mails()))
    assert b"introuvable-7391" not in _everything(site, slug)


def test_printed_petition_is_the_same_with_and_without_comments(site: Site) -> None:
    slug = site.publish()
    comment = site.comment(slug, SAID)
    waiting = site.client.get(f"/petitions/{slug}/petition.pdf").content
    decide(site.staff("moderator"), comment, decision="publish")
    assert len(site.client.get(f"/petitions/{slug}/petition.pdf").content) == len(waiting)


def test_refused_comment_is_mailed_to_its_author_only(site: Site) -> None:
    slug = site.publish()
    site.confirmed(slug, email="voisin@exemple.test")
    comment = site.comment(slug, SAID, email="autrice@exemple.test")
    refuse(site.staff("moderator"), comment)
    site.later(minutes=2)
    told = {mail.to for mail in site.mails() if "minable" in mail.text}
    assert told == {"autrice@exemple.test"}


def test_comment_of_a_signature_not_confirmed_waits_for_nobody(site: Site) -> None:
    slug = site.publish()
    site.sign(slug, comment=SAID)
    assert "introuvable-7391" not in site.staff("moderator").get("/moderation").text
    assert b"introuvable-7391" not in _everything(site, slug)


@pytest.mark.databases("sqlite", "postgresql")
def test_number_of_comments_counts_the_published_only(site: Site) -> None:
    slug = site.publish()
    site.comment(slug, SAID)
    assert "Phrase" not in site.client.get(f"/petitions/{slug}").text
    from app.comments import queries
    from app.petitions.queries import by_slug

    with site.database.read() as session:
        petition = by_slug(session, slug)
        assert petition is not None
        assert queries.published_count(session, petition.id) == 0
