"""The queue: in the order of waiting, with what a moderator may know and nothing more."""

import re

import pytest

from tests.moderation.test_deciding import decide
from tests.site import Site, text_of

pytestmark = pytest.mark.databases("sqlite")


def _order(page: str, *said: str) -> list[str]:
    """The excerpts in the order of the list."""
    listed = text_of(page[page.index("<nav") :] if "<nav" in page else page)
    return sorted(said, key=listed.index)


@pytest.mark.databases("sqlite", "postgresql")
def test_queue_is_in_the_order_of_waiting_across_petitions(site: Site) -> None:
    one, other = site.publish(), site.publish()
    site.comment(one, "Premier arrivé.", email="a@exemple.test")
    site.later(minutes=5)
    site.comment(other, "Deuxième arrivé.", email="b@exemple.test")
    site.later(minutes=5)
    site.comment(one, "Troisième arrivé.", email="c@exemple.test")
    page = site.staff("moderator").get("/moderation").text
    assert _order(page, "Troisième", "Deuxième", "Premier") == ["Premier", "Deuxième", "Troisième"]


def test_oldest_comment_is_the_one_that_is_open(site: Site) -> None:
    slug = site.publish()
    oldest = site.comment(slug, "Premier arrivé.", email="a@exemple.test")
    site.later(minutes=5)
    newest = site.comment(slug, "Dernier arrivé.", email="b@exemple.test")
    moderator = site.staff("moderator")
    assert f"/commentaires/{oldest}/decision" in moderator.get("/moderation").text
    assert f"/commentaires/{newest}/decision" in moderator.get(f"/moderation?commentaire={newest}").text


def test_decided_comment_leaves_the_queue(site: Site) -> None:
    slug = site.publish()
    comment = site.comment(slug, "Le seul de la file.")
    moderator = site.staff("moderator")
    assert "Le seul de la file." in moderator.get("/moderation").text
    decide(moderator, comment, decision="publish")
    page = moderator.get("/moderation")
    assert page.status_code == 200
    assert "Le seul de la file." not in page.text


def test_queue_says_how_many_wait(site: Site) -> None:
    slug = site.publish()
    for n in range(3):
        site.comment(slug, f"Commentaire numéro {n}.", email=f"p{n}@exemple.test")
    assert re.search(r"Commentaires : 3\b", text_of(site.staff("moderator").get("/moderation").text))


def test_moderator_never_sees_who_the_author_is_beyond_the_public_line(site: Site) -> None:
    slug = site.publish()
    hidden = site.comment(slug, "Je reste dans l’ombre.", email="secret@exemple.test", display="hidden")
    initial = site.comment(
        slug,
        "Un prénom suffit.",
        email="autre@exemple.test",
        given_name="Paulette",
        family_name="Quenouille",
        postal_code="29217",
        display="initial",
    )
    moderator = site.staff("moderator")
    for comment in (hidden, initial):
        page = moderator.get(f"/moderation?commentaire={comment}").text
        for private in ("secret@", "autre@", "Durand", "35000", "Quenouille", "29217"):
            assert private not in page, private
    assert "Paulette Q." in page
    assert "Marie" not in page  # hidden: not even the given name


def test_decided_page_does_not_tell_the_author_either(site: Site) -> None:
    comment = site.comment(site.publish(), "Je reste dans l’ombre.", email="secret@exemple.test")
    moderator = site.staff("moderator")
    decide(moderator, comment, decision="publish")
    page = decide(moderator, comment, decision="publish", version="1").text
    for private in ("secret@", "Durand", "35000", "Marie"):
        assert private not in page


def test_comment_is_shown_as_text_never_as_html(site: Site) -> None:
    slug = site.publish()
    said = "<script>alert(1)</script> & <b>gras</b> {{ 7 * 7 }}"
    comment = site.comment(slug, said)
    moderator = site.staff("moderator")
    page = moderator.get("/moderation").text
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page
    decide(moderator, comment, decision="publish")
    public = site.client.get(f"/petitions/{slug}").text
    assert "<script>alert(1)" not in public
    assert "{{ 7 * 7 }}" in public


def test_author_without_signature_left_is_anonymous(site: Site) -> None:
    slug = site.publish()
    comment = site.comment(slug, "Publié avant le départ.", display="full")
    moderator = site.staff("moderator")
    decide(moderator, comment, decision="publish")
    assert "Marie Durand" in site.client.get(f"/petitions/{slug}/commentaires").text
    site.client.post(next(mail.link("/pas-moi/") for mail in site.mails()))
    assert "Marie Durand" not in site.client.get(f"/petitions/{slug}/commentaires").text


def test_record_of_the_author_is_that_of_this_petition_and_says_so(site: Site) -> None:
    one, other = site.publish(), site.publish()
    refused = site.comment(one, "Je refuse, minable.")
    moderator = site.staff("moderator")
    decide(moderator, refused, decision="refuse", article="1", passage="minable")
    here = text_of(moderator.get(f"/moderation?commentaire={refused}").text)
    assert "refusés : 1" in here
    assert "Sur cette pétition seulement" in here
    elsewhere = site.comment(other, "Le même, ailleurs.")
    there = text_of(moderator.get(f"/moderation?commentaire={elsewhere}").text)
    assert "refusés : 1" not in there
    assert "en attente : 1" in there
