"""A form of another site changes nothing here."""

import pytest

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
    {"origin": "null"},
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
