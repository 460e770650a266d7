"""The address of a petition, made of its title."""

import re
from html import unescape

import pytest

from tests.site import PETITION, Site

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
