"""The sites that an organiser names, and what the desk gives to copy."""

import threading
from html import unescape

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from app.petitions import origins
from app.petitions.models import WidgetOrigin
from tests.drafting.writing import proposed
from tests.organisations.desk import SECOND, found, join
from tests.organising.test_carrying import carry, own
from tests.site import Site, text_of

pytestmark = pytest.mark.databases("sqlite")

SITE = "https://www.exemple.fr"


def page(slug: str) -> str:
    return f"/organisation/petitions/{slug}/diffuser"


def name(browser: TestClient, slug: str, origin: str = SITE) -> int:
    return browser.post(f"{page(slug)}/sites", data={"origin": origin}).status_code


def named(site: Site) -> list[str]:
    with site.database.read() as session:
        return sorted(session.scalars(select(WidgetOrigin.origin)))


@pytest.mark.databases("sqlite", "postgresql")
def test_a_site_is_named_and_taken_back(site: Site) -> None:
    slug = site.publish()
    organiser = site.staff("organiser", slug)
    assert "Aucun site n’est nommé" in text_of(organiser.get(page(slug)).text)
    assert name(organiser, slug, " Www.Exemple.FR/ ") == 303
    shown = organiser.get(page(slug)).text
    assert SITE in text_of(shown)
    assert f'<iframe id="signons" src="http://127.0.0.1:8000/widget/{slug}"' in unescape(shown)
    again = organiser.post(f"{page(slug)}/sites", data={"origin": SITE})
    assert again.status_code == 422
    assert "déjà dans la liste" in text_of(again.text)
    gone = {"origin": SITE}
    assert organiser.post(f"{page(slug)}/retrait", data=gone).status_code == 303
    assert organiser.post(f"{page(slug)}/retrait", data=gone).status_code == 404
    assert named(site) == []
    journal = site.staff("admin").get("/administration/journal").text
    assert SITE not in journal
    assert "Site nommé" in text_of(journal)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("mon-asso.fr", "https://mon-asso.fr"),
        ("https://été.example:8443", "https://xn--t-9fab.example:8443"),
        ("https://a.fr:443/", "https://a.fr"),
        ("http://localhost:8001", "http://localhost:8001"),
        *(
            (wrong, "")
            for wrong in (
                "", "http://mon-asso.fr", "https://mon-asso.fr/page", "https://*.asso.fr", "*", "'self'", "https:",
                "https://a.fr; script-src *", "https://a.fr https://b.fr", "https://moi@a.fr", "data:text/html,x",
                "https://192.0.2.7", "https://[::1]", "https://a.fr:0", "https://a.fr:99999", "https://a.fr?x", "null",
                "javascript://a.fr", "https://a.fr\\@b.fr", "🌳", f"https://{'a' * 300}.fr", "9" * 5000,
            )
        ),
    ],
)  # fmt: skip
def test_what_is_a_site(typed: str, kept: str) -> None:
    if kept:
        assert origins.read(typed) == kept
    else:
        with pytest.raises(ValueError, match=r"https://www\.exemple\.fr|https"):
            origins.read(typed)


def test_a_refused_one_is_shown_again(site: Site) -> None:
    slug = site.publish()
    refused = site.staff("organiser", slug).post(f"{page(slug)}/sites", data={"origin": "http://a.fr/<b>"})
    assert refused.status_code == 422
    assert 'value="http://a.fr/&lt;b&gt;"' in refused.text


@pytest.mark.databases("sqlite", "postgresql")
def test_twenty_at_most_however_many_name_at_once(site: Site) -> None:
    slug = site.publish()
    organiser = site.staff("organiser", slug)
    for n in range(origins.MOST - 1):
        assert name(organiser, slug, f"https://a{n}.fr") == 303
    begin, statuses = threading.Barrier(3), []

    def one_more(n: int) -> None:
        browser = site.browser(cookies=dict(organiser.cookies))
        begin.wait()
        statuses.append(name(browser, slug, f"https://b{n}.fr"))

    threads = [threading.Thread(target=one_more, args=(n,)) for n in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [303, 422, 422]
    assert len(named(site)) == origins.MOST


def test_who_may_name_sites(site: Site) -> None:
    """Whoever writes the petition; a member who does not, sees the list; another organiser sees nothing."""
    maker = found(site)
    slug = own(site)
    reader = join(site, maker, SECOND, "updates")
    assert carry(maker, slug) == 303
    assert name(maker, slug) == 303
    seen = reader.get(page(slug))
    assert SITE in seen.text
    assert f"{page(slug)}/sites" not in seen.text
    assert name(reader, slug, "https://b.fr") == 404
    assert reader.post(f"{page(slug)}/retrait", data={"origin": SITE}).status_code == 404
    stranger = site.staff("organiser", email="ailleurs@exemple.test")
    assert stranger.get(page(slug)).status_code == name(stranger, slug) == 404
    assert named(site) == [SITE]


def test_what_is_not_published_is_not_spread(site: Site) -> None:
    maker = site.staff("organiser")
    slug = proposed(maker)
    assert maker.get(page(slug)).status_code == 404
    assert name(maker, slug) == 404
    assert named(site) == []
