"""The frame of another site's page: who may hold what. How it looks and signs is in journeys/test_widget.py."""

import re

import httpx2
import pytest

from app.petitions import actions, origins, queries
from tests.site import FORM, PETITION, Site, text_of

pytestmark = pytest.mark.databases("sqlite")

NAMED = ["https://www.exemple.fr", "https://autre.exemple:8443"]


@pytest.fixture
def slug(site: Site) -> str:
    """A petition whose organiser has named two sites."""
    slug = site.publish()
    by = site.account_id(site.account("organiser", slug))
    with site.database.write() as session:
        petition = queries.by_slug(session, slug)
        assert petition is not None
        for origin in NAMED:
            origins.name(session, petition, origin, by)
    return slug


def ancestors(response: httpx2.Response) -> str:
    """Who may frame it; a browser that knows no frame-ancestors must not be told the contrary."""
    found = re.search(r"frame-ancestors ([^;]*)", response.headers["content-security-policy"])
    assert found
    assert ("x-frame-options" in response.headers) is (found[1] == "'none'")
    assert "set-cookie" not in response.headers
    return found[1]


def test_the_form_is_framed_by_the_named_sites_alone(site: Site, slug: str) -> None:
    page = site.client.get(f"/widget/{slug}")
    assert ancestors(page) == " ".join(NAMED)
    form = re.search(r'<form[^>]* method="post"[^>]*>', page.text, re.DOTALL)
    assert form
    assert f'action="/widget/{slug}/signatures"' in form[0]
    names = set(re.findall(r'name="(\w+)"', page.text))
    assert set(FORM) - {"display"} <= names  # asked when confirming
    assert 'name="s" value="cadre"' in page.text
    assert "J’accepte expressément" in page.text
    # Whatever is linked opens elsewhere, but for what is in this page.
    links = re.findall(r"<a\b[^>]*>", page.text)
    assert links
    assert [link for link in links if 'href="#' not in link and 'target="_blank"' not in link] == []


def test_signing_in_a_frame_stays_in_it(site: Site, slug: str) -> None:
    refused = site.client.post(f"/widget/{slug}/signatures", data=FORM | {"email": "marie@"})
    assert refused.status_code == 422
    assert ancestors(refused) == " ".join(NAMED)
    assert 'value="marie@"' in refused.text
    assert "site-nav" not in refused.text
    sent = site.client.post(f"/widget/{slug}/signatures", data=FORM, headers={"sec-fetch-site": "same-origin"})
    assert (sent.status_code, sent.headers["location"]) == (303, f"/widget/{slug}/verifier")
    inbox = site.client.get(sent.headers["location"])
    assert ancestors(inbox) == " ".join(NAMED)
    assert f'action="/petitions/{slug}/code" target="_blank"' in inbox.text
    english = site.client.post(f"/en/widget/{slug}/signatures", data=FORM | {"email": "zoe@exemple.test"})
    assert english.headers["location"] == f"/en/widget/{slug}/verifier"
    for mail in site.mails():
        link = next(link for link in mail.links if "/confirmer/" in link)
        assert site.client.post(link).status_code == 303
    assert site.count(slug) == 2


def test_a_strangers_page_cannot_send_the_form(site: Site, slug: str) -> None:
    answer = site.client.post(f"/widget/{slug}/signatures", data=FORM, headers={"sec-fetch-site": "cross-site"})
    assert answer.status_code == 403
    assert site.signatures() == []


def test_without_a_named_site_there_is_the_count_for_all(site: Site) -> None:
    slug = site.publish(PETITION)
    for path in (f"/widget/{slug}", f"/widget/{slug}/compteur"):
        page = site.client.get(path)
        assert ancestors(page) == "*"
        assert "<form" not in page.text
    assert ancestors(site.client.get(f"/widget/{slug}/verifier")) == "'none'"
    refused = site.client.post(f"/widget/{slug}/signatures", data=FORM | {"email": ""})
    assert (refused.status_code, ancestors(refused)) == (422, "'none'")


def test_naming_and_closing_show_at_once(site: Site, slug: str) -> None:
    """Through the page cache; the count stays open to all."""
    assert ancestors(site.client.get(f"/widget/{slug}/compteur")) == "*"
    assert ancestors(site.client.get(f"/widget/{slug}")) == " ".join(NAMED)
    with site.database.write() as session:
        petition = queries.by_slug(session, slug)
        assert petition is not None
        for origin in NAMED:
            origins.remove(session, petition, origin, 1)
    assert ancestors(site.client.get(f"/widget/{slug}")) == "*"
    with site.database.write() as session:
        petition = queries.by_slug(session, slug)
        assert petition is not None
        origins.name(session, petition, NAMED[0], 1)
        actions.close(session, petition)
    closed = site.client.get(f"/widget/{slug}")
    assert "<form" not in closed.text
    assert ancestors(closed) == "*"
    site.app.state.signing_cache.clear()
    late = site.client.post(f"/widget/{slug}/signatures", data=FORM)
    assert (late.status_code, ancestors(late)) == (409, NAMED[0])
    assert "close" in text_of(late.text)


def test_an_error_in_a_frame_is_read_there_and_nothing_else_is_framed(site: Site, slug: str) -> None:
    assert ancestors(site.client.get("/widget/absente")) == "*"
    error = site.client.get("/en/widget/absente/compteur")
    assert ancestors(error) == "*"
    links = re.findall(r"<a\b[^>]*>", error.text)
    assert links
    assert all("target=_blank" in link for link in links)
    assert "target=" not in site.client.get("/petitions/absente").text
    for path in (f"/petitions/{slug}", f"/petitions/{slug}/verifier", "/", "/api", "/widget", f"/x/widget/{slug}"):
        assert ancestors(site.client.get(path)) == "'none'", path
    again = site.client.post(f"/petitions/{slug}/signatures", data=FORM | {"email": ""})
    assert ancestors(again) == "'none'"
