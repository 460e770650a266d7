"""Security headers: on every response, errors included."""

import re

import pytest
import structlog
from fastapi import FastAPI

from app.settings import Settings
from tests.site import FORM, Site

pytestmark = pytest.mark.databases("sqlite")

FIXED = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin",
}


def check(headers: dict[str, str], what: str) -> None:
    for name, value in FIXED.items():
        assert headers.get(name) == value, (what, name)
    assert headers.get("referrer-policy") in {"strict-origin-when-cross-origin", "no-referrer, same-origin"}, what
    policy = headers.get("content-security-policy", "")
    assert policy.startswith("default-src 'self'"), what
    assert "unsafe" not in policy, what
    assert not re.search(r"https?:|\*", policy), what
    for part in ("object-src 'none'", "base-uri 'none'", "form-action 'self'", "frame-ancestors 'none'"):
        assert part in policy, (what, part)
    assert "server" not in headers, what


def test_every_kind_of_answer_carries_them(site: Site) -> None:
    slug = site.publish()
    page = f"/petitions/{slug}"
    post = f"{page}/signatures"
    etag = site.client.get(page).headers["etag"]
    raw = {"content-type": "application/x-www-form-urlencoded"}
    requests = [
        (200, site.client.get(page)),
        (200, site.client.get("/")),
        (200, site.client.get(f"{page}?a=b")),
        (200, site.client.get(f"{page}.json")),
        (200, site.client.get(f"{page}/petition.pdf")),
        (200, site.client.head(page)),
        (303, site.sign(slug)),
        (304, site.client.get(page, headers={"if-none-match": etag})),
        (400, site.client.get("/?q=%ff")),
        (403, site.client.post(post, data=FORM, headers={"sec-fetch-site": "cross-site"})),
        (404, site.client.get("/inconnu")),
        (404, site.client.get("/petitions/inconnue/direct")),
        (404, site.client.get("/confirmer/" + "a" * 60)),
        (404, site.client.get("/static/000000000000/js/live.js")),
        (405, site.client.put(page)),
        (413, site.client.post(post, content=b"a" * 100_000, headers=raw)),
        (415, site.client.post(post, json={})),
        (422, site.sign(slug, email="")),
    ]
    for status, response in requests:
        what = f"{response.request.method} {response.request.url}"
        assert response.status_code == status, what
        check(dict(response.headers), what)


def test_an_error_of_ours_carries_them_and_says_nothing_of_itself(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A logger that was used before keeps its processors: this one is new.
    monkeypatch.setattr("app.answers.log", structlog.get_logger("web"))
    site = Site(settings)

    def broken(app: FastAPI) -> None:
        @app.get("/casse")
        def fail() -> None:
            raise RuntimeError("mot de passe: hunter2")

    broken(site.app)
    with site, structlog.testing.capture_logs() as logs:
        response = site.client.get("/casse")
    assert response.status_code == 500
    check(dict(response.headers), "500")
    assert "hunter2" not in response.text
    assert "Traceback" not in response.text
    assert "rien de ce que vous avez envoyé n’a été gardé" in response.text
    assert response.headers["cache-control"] == "no-store"
    assert any(entry["event"] == "broken" for entry in logs)


def test_no_page_writes_scripts_or_styles_in_itself_or_loads_from_elsewhere(site: Site) -> None:
    slug = site.publish()
    link = site.confirmed(slug, display="full")
    paths = [f"/petitions/{slug}", "/", f"/petitions/{slug}/verifier", f"/petitions/{slug}/signatures", link,
             link.replace("confirmer", "pas-moi"), f"/widget/{slug}", "/charte", "/connexion", "/inconnu"]  # fmt: skip
    for path in paths:
        html = site.client.get(path).text
        html = re.sub(r'<script type="application/ld\+json">\{[^<]*\}</script>', "", html)  # data, which nothing runs
        assert not re.search(r"<style|\sstyle=|\son\w+=\"|<script(?![^>]*\ssrc=)", html), path
        loaded = re.findall(
            r"<(?:script|img|iframe|source|video|audio|embed|object)\b[^>]*?\b(?:src|data)=\"([^\"]+)\"", html
        )
        loaded += re.findall(
            r"<link\b[^>]*rel=\"(?:icon|stylesheet|preload|modulepreload)\"[^>]*href=\"([^\"]+)\"", html
        )
        assert all(url.startswith("/") and not url.startswith("//") for url in loaded), (path, loaded)


def test_pages_with_a_token_tell_no_site_where_they_are(site: Site) -> None:
    slug = site.publish()
    link = site.confirmed(slug)
    for path in (link, link.replace("confirmer", "pas-moi")):
        response = site.client.get(path)
        # A browser keeps to the last that it knows: neither of them tells another site anything.
        assert response.headers["referrer-policy"] == "no-referrer, same-origin"
        assert 'name="referrer"' not in response.text
        assert response.headers["cache-control"] == "no-store"


def test_https_is_asked_for_when_the_site_has_it(settings: Settings) -> None:
    assert "strict-transport-security" not in _home(settings)
    https = settings.model_copy(update={"base_url": "https://petitions.exemple.test"})
    assert "max-age=" in _home(https)["strict-transport-security"]


def _home(settings: Settings) -> dict[str, str]:
    with Site(settings) as site:
        return dict(site.client.get("/").headers)
