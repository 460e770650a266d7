"""The address of a petition, made of its title."""

import re
from html import unescape

import pytest

from app.errors import Refused
from app.petitions import addresses, queries
from tests.signatures.test_signing import change
from tests.site import FORM, PETITION, Site

pytestmark = pytest.mark.databases("sqlite")

TITLE = "Rouvrir la bibliothèque de Montfleur"


def publish(site: Site, title: str) -> str:
    return site.publish(PETITION.replace(TITLE, title))


def test_a_title_becomes_readable_ascii_words(site: Site) -> None:
    assert publish(site, "L’Œuvre d'Été : où va-t-on ? 100 % à Nîmes !") == "l-oeuvre-d-ete-ou-va-t-on-100-a-nimes"


@pytest.mark.databases("sqlite", "postgresql")
def test_the_same_title_twice_gets_a_number(site: Site) -> None:
    slugs = [publish(site, TITLE) for _ in range(3)]
    base = "rouvrir-la-bibliotheque-de-montfleur"
    assert slugs == [base, f"{base}-2", f"{base}-3"]
    assert all(site.client.get(f"/petitions/{slug}").status_code == 200 for slug in slugs)


def test_a_long_title_is_cut_between_words(site: Site) -> None:
    slug = publish(site, "mot " * 40)
    assert len(slug) <= 80
    assert re.fullmatch(r"(mot-)+mot", slug)


@pytest.mark.typed("un titre en arabe, en cyrillique, en chinois, en emoji", "une adresse est trouvée")
@pytest.mark.parametrize(
    ("title", "address"),
    [
        ("Спасём библиотеку", "spasem-bibliotekou"),
        ("Σώστε τη βιβλιοθήκη", "soste-ti-vivliothiki"),
        ("Žižek et Łódź", "zizek-et-lodz"),
        ("أنقذوا المكتبة", "petition-[0-9a-f]{8}"),
        ("救救我们的图书馆", "petition-[0-9a-f]{8}"),
        ("救救图书馆 2027", "petition-2027"),
        ("🙏🙏🙏🙏🙏", "petition-[0-9a-f]{8}"),
        ("!!! ??? !!!", "petition-[0-9a-f]{8}"),
    ],
)
def test_an_address_is_found_for_every_title(site: Site, title: str, address: str) -> None:
    slug = publish(site, title)
    assert re.fullmatch(address, slug)
    page = site.client.get(f"/petitions/{slug}")
    assert title in unescape(re.sub("<[^>]+>", "", page.text))


# An address is for good

POSTS = ("signatures", "renvoi", "code", "signaler", "droit-de-reponse")
PAGES = (
    "", ".json", "/compteur.json", "/signatures", "/commentaires", "/versions", "/petition.pdf", "/affiche.pdf",
    "/partager", "/verifier", "/direct", "/preuve", "/signaler", "/droit-de-reponse",
)  # fmt: skip


def rename(site: Site, slug: str, new: str) -> None:
    with site.database.write() as session:
        petition = queries.by_slug(session, slug)
        assert petition is not None
        addresses.rename(session, petition, new)


@pytest.mark.databases("sqlite", "postgresql")
def test_every_earlier_address_leads_to_the_present_one(site: Site) -> None:
    slug = site.publish()
    rename(site, slug, "deux")
    rename(site, "deux", "trois")
    for old in (slug, "deux"):
        for page in PAGES:
            for prefix in ("", "/en"):
                for ask in (site.client.get, site.client.head):
                    answer = ask(f"{prefix}/petitions/{old}{page}?x=1")
                    assert answer.status_code == 308, page
                    assert answer.headers["location"] == f"{prefix}/petitions/trois{page}?x=1"
        assert site.client.get(f"/widget/{old}").headers["location"] == "/widget/trois"
        for post in POSTS:
            answer = site.client.post(f"/petitions/{old}/{post}", data=FORM)
            assert (answer.status_code, answer.headers["location"]) == (308, f"/petitions/trois/{post}")
    assert site.client.get(f"/petitions/{slug}.json").headers["access-control-allow-origin"] == "*"
    assert site.client.get("/petitions/trois").status_code == 200


def test_who_signs_at_an_earlier_address_has_signed(site: Site) -> None:
    slug = site.publish()
    rename(site, slug, "deux")
    assert site.client.post(f"/petitions/{slug}/signatures", data=FORM, follow_redirects=True).status_code == 200
    assert site.client.post(site.mails()[-1].link("/confirmer/")).status_code == 303
    assert site.count("deux") == 1


@pytest.mark.databases("sqlite", "postgresql")
def test_an_earlier_address_is_given_to_nobody_else_and_may_be_taken_back(site: Site) -> None:
    slug = site.publish()
    rename(site, slug, "deux")
    assert site.publish() == f"{slug}-2"
    other = publish(site, "Un abri pour les vélos")
    for new in (slug, "deux", "nouvelle", "Deux", "a" * 81, "12", "a--b", "", "é"):
        with pytest.raises(Refused):
            rename(site, other, new)
    rename(site, "deux", slug)
    assert site.client.get(f"/petitions/{slug}").status_code == 200
    assert site.client.get("/petitions/deux").headers["location"] == f"/petitions/{slug}"


def test_what_is_not_public_leads_nowhere(site: Site) -> None:
    slug = site.publish()
    rename(site, slug, "deux")
    change(site, "deux", state="refused")
    assert site.client.get(f"/petitions/{slug}").status_code == 404
