"""Views: counted by the hour on the server, robots left out, nothing about the reader."""

from datetime import timedelta

import pytest

from app import clock
from app.petitions import queries
from app.zone import day_of, start_of
from tests.site import Site, text_of

pytestmark = pytest.mark.databases("sqlite")

FIREFOX = {"user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:146.0) Gecko/20100101 Firefox/146.0"}


def views(site: Site) -> int:
    site.app.state.views.write(site.database)
    with site.database.read() as session:
        return queries.views(session, 1)


def test_each_showing_of_the_page_counts_even_from_the_cache(site: Site) -> None:
    slug = site.publish()
    for _ in range(3):
        site.client.get(f"/petitions/{slug}", headers=FIREFOX)
    site.client.get(f"/en/petitions/{slug}", headers=FIREFOX)
    assert views(site) == 4


def test_a_link_with_somebody_s_marks_counts_too(site: Site) -> None:
    slug = site.publish()
    site.client.get(f"/petitions/{slug}?utm_source=lettre", headers=FIREFOX)
    assert views(site) == 1


def test_robots_and_prefetching_do_not_count(site: Site) -> None:
    slug = site.publish()
    for headers in (
        {"user-agent": "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"},
        {"user-agent": "facebookexternalhit/1.1 (preview)"},
        {"user-agent": "curl/8.5.0"},
        {"user-agent": "python-requests/2.32"},
        {"user-agent": ""},
        FIREFOX | {"sec-purpose": "prefetch;prerender"},
    ):
        assert site.client.get(f"/petitions/{slug}", headers=headers).status_code == 200
        assert views(site) == 0, headers


def test_what_is_not_the_page_does_not_count(site: Site) -> None:
    slug = site.publish()
    for path in (f"/petitions/{slug}.json", f"/petitions/{slug}/compteur.json", f"/petitions/{slug}/signatures",
                 f"/widget/{slug}", "/"):  # fmt: skip
        assert site.client.get(path, headers=FIREFOX).status_code == 200
    assert site.client.head(f"/petitions/{slug}", headers=FIREFOX).status_code == 200
    assert site.client.get("/petitions/inconnue", headers=FIREFOX).status_code == 404
    assert views(site) == 0


@pytest.mark.databases("sqlite", "postgresql")
def test_the_page_and_the_data_say_how_often_and_how_often_today(site: Site) -> None:
    slug = site.publish()

    def told() -> str:
        views(site)
        site.app.state.page_cache.forget(1)
        return text_of(site.client.get(f"/petitions/{slug}", headers={"user-agent": "bot"}).text)

    assert "Page lue" not in told()
    for _ in range(1200):
        site.app.state.views.count(1, {b"user-agent": b"Mozilla/5.0 Firefox/146.0"})
    assert "Page lue 1 200 fois, dont 1 200 aujourd’hui." in told()
    site.later(hours=24)
    assert "Page lue 1 200 fois." in told()
    site.client.get(f"/petitions/{slug}", headers=FIREFOX)
    site.client.get(f"/petitions/{slug}", headers=FIREFOX)  # from the cache
    assert "Page lue 1 202 fois, dont 2 aujourd’hui." in told()
    data = site.client.get(f"/api/v1/petitions/{slug}").json()
    assert (data["views"], data["views_today"]) == (1202, 2)


def test_the_day_is_the_one_of_france(site: Site) -> None:
    """Its first hour begins at midnight there, an hour or two before UTC's."""
    slug = site.publish()
    start = clock.now()
    with site.database.write() as session:
        midnight = start_of(day_of(start))
        queries.add_views(session, {1: 5}, midnight - timedelta(hours=1))
        queries.add_views(session, {1: 7}, midnight)
    assert "Page lue 12 fois, dont 7 aujourd’hui." in text_of(site.client.get(f"/petitions/{slug}").text)
