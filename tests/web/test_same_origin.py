"""A form of another site changes nothing here; ours works in every browser."""

import re

import pytest

from app.settings import Settings
from tests.site import FORM, Site

pytestmark = pytest.mark.databases("sqlite")

HERE, ELSEWHERE = "http://127.0.0.1:8000", "https://ailleurs.example"

ACCEPTED: list[dict[str, str]] = [
    {},  # not a browser
    {"origin": HERE},
    {"sec-fetch-site": "same-origin"},
    {"sec-fetch-site": "none"},
    {"sec-fetch-site": "same-origin", "origin": ELSEWHERE},  # behind a proxy that renames the host
]
REFUSED: list[dict[str, str]] = [
    {"origin": ELSEWHERE},
    {"origin": "null"},  # a sandboxed frame, of whatever site
    {"origin": "http://127.0.0.1:8001"},
    {"origin": "http://127.0.0.1"},
    {"origin": f"{HERE}.ailleurs.example"},
    {"origin": "http://[::1"},
    {"origin": ""},
    {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "same-site"},
    {"sec-fetch-site": ""},
    {"sec-fetch-site": "cross-site", "origin": HERE},
]


def test_a_form_of_this_site_is_accepted(site: Site) -> None:
    slug = site.publish()
    for headers in ACCEPTED:
        response = site.client.post(f"/petitions/{slug}/signatures", data=FORM, headers=headers)
        assert response.status_code == 303, headers


def test_a_form_of_another_site_is_refused_before_anything(site: Site) -> None:
    slug = site.publish()
    for headers in REFUSED:
        response = site.client.post(f"/petitions/{slug}/signatures", data=FORM, headers=headers)
        assert response.status_code == 403, headers
        assert "Cet envoi vient d’un autre site" in response.text
    assert site.signatures() == []


def test_every_post_is_protected_in_every_language(site: Site) -> None:
    slug = site.publish()
    link = site.confirmed(slug)
    paths = [f"/petitions/{slug}/{act}" for act in ("signatures", "renvoi", "code")]
    paths += [link, link.replace("confirmer", "pas-moi"), "/mes-signatures", "/connexion", "/deconnexion", "/inconnu"]
    for path in paths:
        for prefix in ("", "/en"):
            response = site.client.post(prefix + path, data={}, headers={"sec-fetch-site": "cross-site"})
            assert response.status_code == 403, prefix + path
    assert site.count(slug) == 1


def test_every_method_that_may_change_something_is_protected(site: Site) -> None:
    for method in ("POST", "PUT", "PATCH", "DELETE", "PROPFIND"):
        response = site.client.request(method, "/", headers={"sec-fetch-site": "cross-site"})
        assert response.status_code == 403, method


def test_links_from_other_sites_open_pages(site: Site) -> None:
    slug = site.publish()
    headers = {"sec-fetch-site": "cross-site", "origin": ELSEWHERE, "referer": ELSEWHERE}
    for method in ("GET", "HEAD"):
        assert site.client.request(method, f"/petitions/{slug}", headers=headers).status_code == 200


def test_only_unsubscribing_may_come_from_a_mail_provider(site: Site) -> None:
    response = site.client.post("/desabonnement/" + "a" * 40, headers={"sec-fetch-site": "cross-site"})
    assert response.status_code != 403


# What browsers send with a form of a page; {origin} and {page} as the page's referrer policy lets them.
FIREFOX = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
CHROME = "text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,image/apng,*/*;q=0.8"
BROWSERS = {
    "Safari 15": {
        "user-agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 15_8 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
        " Version/15.6.6 Mobile/15E148 Safari/604.1",
        "accept": FIREFOX,
        "accept-language": "fr-FR,fr;q=0.9",
        "origin": "{origin}",
        "referer": "{page}",
    },
    "Firefox 78": {
        "user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:78.0) Gecko/20100101 Firefox/78.0",
        "accept": FIREFOX,
        "accept-language": "fr,fr-FR;q=0.8,en-US;q=0.5,en;q=0.3",
        "origin": "{origin}",
        "dnt": "1",
        "referer": "{page}",
        "upgrade-insecure-requests": "1",
    },
    "Chrome 70": {
        "user-agent": "Mozilla/5.0 (Windows NT 6.1) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/70.0.3538.110"
        " Safari/537.36",
        "accept": CHROME,
        "accept-language": "fr-FR,fr;q=0.9",
        "cache-control": "max-age=0",
        "origin": "{origin}",
        "upgrade-insecure-requests": "1",
        "referer": "{page}",
    },
    "Firefox 52, which sends no Origin": {
        "user-agent": "Mozilla/5.0 (Windows NT 5.1; rv:52.0) Gecko/20100101 Firefox/52.0",
        "accept": FIREFOX,
        "referer": "{page}",
        "upgrade-insecure-requests": "1",
    },
    "today's Chrome, by http on a name of the local network": {
        "host": "petitions.local:8000",
        "user-agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0"
        " Safari/537.36",
        "origin": "{origin}",
        "referer": "{page}",
        "upgrade-insecure-requests": "1",
    },
}


def sent(browser: dict[str, str], page: str, policy: str) -> dict[str, str]:
    """The headers of a form posted to its own site (Fetch, "append a request Origin header").

    tests/journeys/test_other_browsers.py asks a real one whether this is so.
    """
    here = f"http://{browser.get('host', '127.0.0.1:8000')}"
    quiet = policy.split(",")[-1].strip() == "no-referrer"
    origin = "null" if quiet else here
    headers = {name: value.format(origin=origin, page=here + page) for name, value in browser.items()}
    return {name: value for name, value in headers.items() if not (quiet and name == "referer")}


def _pages_with_a_form(site: Site) -> list[str]:
    slug = site.publish()
    site.sign(slug, consent_updates="on", consent_newsletter="on")
    link = site.mails()[-1].link("/confirmer/")
    paths = [f"/petitions/{slug}", f"/petitions/{slug}/verifier", f"/petitions/{slug}/signaler", "/mes-signatures"]
    paths += ["/connexion", link, link.replace("confirmer", "pas-moi")]
    site.client.post("/mes-signatures", data={"email": FORM["email"]})
    return [*paths, site.mails()[-1].link("/mes-signatures/")]


@pytest.mark.typed(
    "Safari 15, Firefox 78, Chrome 70, ou http sur un nom qui n’est pas local : aucun Sec-Fetch",
    "les formulaires passent ; un autre site et « Origin: null » restent refusés",
)
@pytest.mark.parametrize("name", BROWSERS)
def test_every_form_of_ours_works_in_a_browser_that_sends_no_sec_fetch(site: Site, name: str) -> None:
    addresses = [prefix + path for path in _pages_with_a_form(site) for prefix in ("", "/en")]
    for address, page in [(address, site.client.get(address)) for address in addresses]:
        action = re.search(r'<form[^>]* method="post"[^>]* action="([^"]+)"', page.text)
        assert action is not None, address
        headers = sent(BROWSERS[name], address, page.headers["referrer-policy"])
        assert site.client.post(action[1], data={}, headers=headers).status_code in {303, 410, 422}, (address, headers)


def test_a_site_behind_a_proxy_that_asks_by_another_name_knows_its_own_forms(settings: Settings) -> None:
    public = settings.model_copy(update={"base_url": "https://Petitions.exemple.test/"})
    with Site(public) as site:
        slug = site.publish()
        for origin, status in [
            ("https://petitions.exemple.test", 303),
            ("http://petitions.exemple.test", 403),
            ("https://petitions.exemple.test.ailleurs.example", 403),
            ("null", 403),
        ]:
            headers = {"host": "web1:8000", "origin": origin}
            answer = site.client.post(f"/petitions/{slug}/signatures", data=FORM, headers=headers)
            assert answer.status_code == status, origin
