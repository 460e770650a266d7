"""The public page of an organisation: who it is, and what it carries."""

import re

import pytest
from starlette.testclient import TestClient

from app.petitions import actions, queries
from tests.drafting.writing import proposed
from tests.organisations.desk import HOME, NAME, found
from tests.organising.test_carrying import carry, own
from tests.site import PETITION, Site, text_of

pytestmark = pytest.mark.databases("sqlite")
PAGE = "/organisations/les-amis-de-la-lanterne"


@pytest.fixture
def maker(site: Site) -> TestClient:
    return found(site)


def test_an_organisation_without_a_petition_says_so(site: Site, maker: TestClient) -> None:
    page = site.client.get(PAGE)
    assert page.status_code == 200
    assert NAME in text_of(page.text)
    assert "pas encore de pétition publiée" in text_of(page.text)
    assert 'content="noindex' in page.text  # nobody has read what it says of itself
    assert "no published petition yet" in text_of(site.client.get(f"/en{PAGE}").text)
    assert site.client.get("/organisations/aucune").status_code == 404
    assert site.client.get("/organisations").status_code == 404
    assert page.headers["cache-control"].startswith("public")


@pytest.mark.databases("sqlite", "postgresql")
def test_its_open_petitions_then_those_that_ended(site: Site, maker: TestClient) -> None:
    slugs = [own(site) for _ in range(3)]
    for slug in slugs:
        carry(maker, slug)
    site.confirmed(slugs[1])
    with site.database.write() as session:
        first = queries.by_slug(session, slugs[0])
        assert first is not None
        actions.close(session, first)
    site.publish(PETITION.replace("Montfleur", "Valfleur"))  # nobody's of theirs
    page = site.client.get(PAGE).text
    assert 'content="noindex' not in page
    opened, _, ended = text_of(page).partition("Pétitions closes")
    assert opened.count("Rouvrir la bibliothèque de Montfleur") == 2
    assert ended.count("Rouvrir la bibliothèque de Montfleur") == 1
    assert "Valfleur" not in page
    assert re.search(r"\b1 signature\b", opened)
    assert f"{NAME} porte 3 pétitions" in page


def test_a_draft_of_theirs_is_on_no_page(site: Site, maker: TestClient) -> None:
    assert carry(maker, proposed(maker)) == 303
    assert "abri" not in site.client.get(PAGE).text


def test_twelve_a_page(site: Site, maker: TestClient) -> None:
    for _ in range(13):
        carry(maker, own(site))
    first, second = site.client.get(PAGE).text, site.client.get(f"{PAGE}?page=2").text
    assert [page.count('class="entry"') for page in (first, second)] == [12, 1]
    assert f'href="{PAGE}?page=2"' in first
    assert f'href="{PAGE}"' in second
    assert 'content="noindex' in second
    assert site.client.get(f"{PAGE}?page={'9' * 20}").status_code == 200
    assert site.client.get(f"{PAGE}?page=🌳").status_code == 200


def test_what_it_says_runs_nothing(site: Site, maker: TestClient) -> None:
    said = {"name": "<b>Amis</b> du parc", "description": "<script>alert(1)</script>\n\n[lien](https://x.test)"}
    assert maker.post(f"{HOME}/presentation", data=said).status_code == 303
    page = site.client.get(PAGE).text
    assert "<script>alert" not in page
    assert "<b>Amis" not in page
    assert "&lt;b&gt;Amis" in page
    assert 'href="https://x.test"' not in page


def test_robots_may_read_it_and_not_the_desk(site: Site) -> None:
    rules = site.client.get("/robots.txt").text.splitlines()
    assert "Disallow: /organisation/" in rules
    assert "Disallow: /organisation$" in rules
    assert "Disallow: /invitation/" in rules
    assert "Disallow: /organisation" not in rules
