"""What strangers and programs try before they read a page: another Host, a slash too many, well-known addresses."""

from datetime import datetime, timedelta

import pytest

from app import clock
from app.settings import Settings
from tests.site import Site

pytestmark = pytest.mark.databases("sqlite")

TOKEN = "un jeton assez long"


@pytest.mark.parametrize("path", ["/charte/", "/en/charte/", "//evil.test//", "/petitions/x/", "/é/"])
def test_no_answer_leads_to_the_host_that_was_said(site: Site, path: str) -> None:
    response = site.client.get(f"http://127.0.0.1:8000{path}", headers={"host": "evil.test"})
    assert response.status_code in {303, 404}
    place = response.headers.get("location", "/")
    assert place.startswith("/")
    assert not place.startswith("//")
    assert "evil.test/" not in response.text


def test_a_slash_too_many_leads_to_the_page(site: Site) -> None:
    assert site.client.get("/charte/").headers["location"] == "/charte"
    assert site.client.get("/en/charte/").headers["location"] == "/en/charte"
    assert site.client.post("/charte/").status_code in {404, 405}


def test_https_is_asked_of_subdomains_where_the_setting_says_so(settings: Settings) -> None:
    public = {"base_url": "https://petitions.exemple.fr"}
    for changes, said in (
        ({}, None),
        (public, "max-age=31536000"),
        (public | {"hsts_subdomains": True}, "max-age=31536000; includeSubDomains"),
    ):
        with Site(settings.model_copy(update=changes)) as site:
            for path in ("/", "/nulle-part"):
                assert site.client.get(path).headers.get("strict-transport-security") == said


def test_metrics_are_for_this_machine(site: Site) -> None:
    for address in ("127.0.0.1", "::1", "::ffff:127.0.0.1"):
        here = site.browser(client=(address, 50000))
        assert here.get("/metrics").status_code == 200
        # A proxy on this machine brings the whole world.
        for header in ("x-forwarded-for", "forwarded", "x-real-ip"):
            assert here.get("/metrics", headers={header: "127.0.0.1"}).status_code == 404
    assert site.browser(client=("203.0.113.9", 50000)).get("/metrics").status_code == 404


def test_metrics_are_for_who_has_the_token(settings: Settings) -> None:
    with Site(settings.model_copy(update={"metrics_token": TOKEN})) as site:
        stranger = site.browser(client=("203.0.113.9", 50000))
        assert stranger.get("/metrics", headers={"authorization": f"Bearer {TOKEN}"}).status_code == 200
        for sent in (f"Bearer {TOKEN}x", "Bearer ", TOKEN, f"Basic {TOKEN}", "Bearer é"):
            assert stranger.get("/metrics", headers=[(b"authorization", sent.encode())]).status_code == 404


def test_a_trusted_proxy_is_not_this_machine(settings: Settings) -> None:
    with Site(settings.model_copy(update={"trusted_proxies": ("127.0.0.1",)})) as site:
        proxy = site.browser(client=("127.0.0.1", 50000))
        for chain in ("203.0.113.9", "127.0.0.1", "127.0.0.1, 203.0.113.9"):
            assert proxy.get("/metrics", headers={"x-forwarded-for": chain}).status_code == 404


def test_robots_stay_out_of_what_is_one_person_s(site: Site) -> None:
    text = site.client.get("/robots.txt").text
    assert text.startswith("User-agent: *\n")
    for path in ("/confirmer/", "/mes-signatures/", "/en/confirmer/", "/organisation/", "/petitions/*/direct"):
        assert f"Disallow: {path}\n" in text
    assert "Disallow: /petitions/\n" not in text
    assert "Disallow: /\n" not in text


def test_whom_to_tell_of_a_weakness(settings: Settings) -> None:
    with Site(settings.model_copy(update={"contact_email": "contact@exemple.fr"})) as site:
        response = site.client.get("/.well-known/security.txt")
        assert response.headers["content-type"] == "text/plain; charset=utf-8"
        said = dict(line.split(": ", 1) for line in response.text.splitlines())
        assert said["Contact"] == "mailto:contact@exemple.fr"
        assert said["Canonical"] == f"{settings.origin}/.well-known/security.txt"
        left = datetime.fromisoformat(said["Expires"].replace("Z", "+00:00")) - clock.now()
        assert timedelta(days=30) < left < timedelta(days=365)
    with Site(settings.model_copy(update={"contact_email": ""})) as site:
        assert site.client.get("/.well-known/security.txt").status_code == 404


def test_password_managers_find_the_door(site: Site) -> None:
    door = "/.well-known/change-password"
    assert site.client.get(door).headers["location"] == "/compte/mot-de-passe"
    assert site.client.get(door, follow_redirects=True).url.path == "/connexion"
    there = site.staff("moderator").get(door, follow_redirects=True)
    assert there.url.path == "/compte/mot-de-passe"
    assert 'autocomplete="new-password"' in there.text
