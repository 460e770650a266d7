"""Pages that everybody sees alike: rendered once, never stale, nothing personal in them."""

import gzip
from typing import Any

import brotli
import pytest

from app.petitions import queries
from app.petitions.models import Petition
from app.web.pagecache import PageCache
from tests.site import Site

pytestmark = pytest.mark.databases("sqlite")


def cache(site: Site) -> PageCache:
    found: PageCache = site.app.state.page_cache
    return found


def retitle(site: Site, slug: str, title: str) -> None:
    """A change that nobody announces, as another process without a bus would make it."""
    with site.database.write() as session:
        petition = queries.by_slug(session, slug)
        assert isinstance(petition, Petition)
        petition.title = title


def grow_older(site: Site, seconds: float) -> None:
    for entry in cache(site).entries.values():
        entry.made -= seconds


def test_the_second_reader_gets_what_was_rendered_for_the_first(site: Site) -> None:
    slug = site.publish()
    shared = 0
    for n in range(5):  # the publication's own message, or a slow machine, may have it rendered again
        first = site.client.get(f"/petitions/{slug}")
        retitle(site, slug, f"Titre numéro {n}")
        shared += site.client.get(f"/petitions/{slug}").text == first.text
    assert shared >= 2


def test_a_page_that_is_a_second_old_is_never_shown(site: Site) -> None:
    slug = site.publish()
    for path in (f"/petitions/{slug}", "/", f"/petitions/{slug}.json", f"/widget/{slug}"):
        retitle(site, slug, "Avant")
        cache(site).forget(1)
        assert "Avant" in site.client.get(path).text
        retitle(site, slug, "Un autre titre")
        grow_older(site, 1.0)
        assert "Un autre titre" in site.client.get(path).text, path


@pytest.mark.databases("sqlite", "postgresql")
def test_a_confirmation_is_seen_at_once_everywhere(site: Site) -> None:
    slug = site.publish()
    paths = (f"/petitions/{slug}", "/", f"/petitions/{slug}.json", f"/petitions/{slug}/compteur.json",
             f"/petitions/{slug}/signatures", f"/en/petitions/{slug}", f"/widget/{slug}")  # fmt: skip
    before = {path: site.client.get(path).text for path in paths}
    site.confirmed(slug, display="full")
    assert [path for path in paths if site.client.get(path).text == before[path]] == []
    assert "Marie Durand" in site.client.get(f"/petitions/{slug}").text


def test_a_withdrawal_is_seen_at_once(site: Site) -> None:
    slug = site.publish()
    path = site.confirmed(slug, display="full")
    assert "Marie Durand" in site.client.get(f"/petitions/{slug}").text
    assert site.client.post(path.replace("/confirmer/", "/pas-moi/")).status_code == 303
    assert "Marie Durand" not in site.client.get(f"/petitions/{slug}").text
    assert site.count(slug) == 0


def test_a_signature_that_waits_changes_nothing_public(site: Site) -> None:
    slug = site.publish()
    before = site.client.get(f"/petitions/{slug}")
    site.sign(slug, display="full")
    cache(site).forget(1)
    assert site.client.get(f"/petitions/{slug}").headers["etag"] == before.headers["etag"]


def test_an_unchanged_page_is_not_sent_again(site: Site) -> None:
    slug = site.publish()
    etag = site.client.get(f"/petitions/{slug}").headers["etag"]
    for sent in (etag, etag.removeprefix("W/"), f'"autre", {etag}'):
        response = site.client.get(f"/petitions/{slug}", headers={"if-none-match": sent})
        assert (response.status_code, response.content) == (304, b""), sent
        assert response.headers["etag"] == etag
        assert "content-length" not in response.headers
    assert site.client.get(f"/petitions/{slug}", headers={"if-none-match": '"autre"'}).status_code == 200


def test_a_changed_page_is_sent_to_those_who_have_the_old_one(site: Site) -> None:
    slug = site.publish()
    etag = site.client.get(f"/petitions/{slug}").headers["etag"]
    site.confirmed(slug)
    response = site.client.get(f"/petitions/{slug}", headers={"if-none-match": etag})
    assert response.status_code == 200
    assert response.headers["etag"] != etag


def test_browsers_that_can_unpack_get_the_same_page_packed(site: Site) -> None:
    slug = site.publish()
    plain = site.client.get(f"/petitions/{slug}", headers={"accept-encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert int(plain.headers["content-length"]) == len(plain.content)
    assert "accept-encoding" in plain.headers["vary"].lower()
    for coding, unpacked in (("br", brotli.decompress), ("gzip", gzip.decompress)):
        for _ in range(2):  # the second is kept
            with site.client.stream("GET", f"/petitions/{slug}", headers={"accept-encoding": coding}) as response:
                packed = b"".join(response.iter_raw())
                assert response.headers["content-encoding"] == coding
                assert response.headers["etag"] == plain.headers["etag"]
            assert int(response.headers["content-length"]) == len(packed) < len(plain.content) / 2
            assert unpacked(packed) == plain.content


def test_a_page_leaves_in_a_coding_that_the_browser_takes(site: Site) -> None:
    slug = site.publish()
    codings = {"gzip": "gzip", "br, GZIP;q=0.5": "br", "br;q=0.1, GZIP;q=0.5": "gzip", "*": "gzip",
               "gzip; q=0.001": "gzip", "gzip;q=0": None, "gzip; q=0.000, *": None, "*;q=0": None,
               "br;q=0, gzip ; q=0": None, "br": "br", "identity;q=1, br;q=0.2": None, "": None}  # fmt: skip
    for accepted, coding in codings.items():
        response = site.client.get(f"/petitions/{slug}", headers={"accept-encoding": accepted})
        assert response.headers.get("content-encoding") == coding, accepted


def test_what_is_packed_already_or_tiny_leaves_as_it_is(site: Site) -> None:
    slug = site.publish()
    for path in ("petition.pdf", "affiche.pdf", "carte.png", "compteur.json"):
        response = site.client.get(f"/petitions/{slug}/{path}", headers={"accept-encoding": "br, gzip"})
        assert response.status_code == 200, path
        assert "content-encoding" not in response.headers, path
        assert int(response.headers["content-length"]) == len(response.content), path
    for path in (f"/petitions/{slug}.json", "/petitions.atom"):
        assert site.client.get(path, headers={"accept-encoding": "br"}).headers["content-encoding"] == "br", path


def test_head_has_the_headers_of_get_and_no_body(site: Site) -> None:
    slug = site.publish()
    for path in (f"/petitions/{slug}", "/", f"/petitions/{slug}.json", f"/petitions/{slug}/petition.pdf", "/charte"):
        get, head = site.client.get(path), site.client.head(path)
        assert (head.status_code, head.content) == (200, b""), path
        for name in ("content-type", "content-length", "etag"):
            assert head.headers.get(name) == get.headers.get(name), (path, name)


def test_each_language_has_its_own_page(site: Site) -> None:
    slug = site.publish()
    french, english = site.client.get(f"/petitions/{slug}").text, site.client.get(f"/en/petitions/{slug}").text
    assert '<html lang="fr">' in french
    assert '<html lang="en">' in english
    assert site.client.get(f"/petitions/{slug}").text == french


def test_shared_pages_say_so_and_personal_pages_forbid_it(site: Site) -> None:
    slug = site.publish()
    link = site.confirmed(slug)
    caching: dict[str, Any] = {}
    for path in (f"/petitions/{slug}", "/", f"/petitions/{slug}/verifier", link, link.replace("confirmer", "pas-moi")):
        caching[path] = site.client.get(path).headers["cache-control"]
    public, home, *personal = caching.values()
    assert "public, max-age=0, s-maxage=1" in public
    assert "public, max-age=0, s-maxage=1" in home
    assert personal == ["no-store"] * 3


def test_nothing_that_somebody_typed_is_ever_kept(site: Site) -> None:
    slug = site.publish()
    site.client.get(f"/petitions/{slug}")
    link = site.confirmed(slug, display="hidden", family_name="Zyxwv")
    refused = site.sign(slug, family_name="Zyxwv", email="faux")
    assert refused.status_code == 422
    assert "Zyxwv" in refused.text
    for path in (link, f"/petitions/{slug}", "/", f"/petitions/{slug}/verifier"):
        site.client.get(path)
    kept = set(cache(site).entries)
    assert kept == {f"/petitions/{slug}", "/"}
    assert not any(b"Zyxwv" in entry.body for entry in cache(site).entries.values())


def test_cookies_and_parameters_that_a_page_does_not_read_make_no_other_page_of_it(site: Site) -> None:
    slug = site.publish()
    for path in (f"/petitions/{slug}", "/", "/charte", f"/petitions/{slug}.json"):
        first = site.client.get(path, headers={"cookie": "session=x"})
        before = dict(cache(site).entries)
        for n in range(3):
            again = site.client.get(f"{path}?utm_source={n}&x=&{n}", headers={"cookie": f"session={n}; a=b"})
            assert again.text == first.text
            assert again.headers["cache-control"] == first.headers["cache-control"]
        assert set(cache(site).entries) == set(before), path
    assert "set-cookie" not in first.headers


def test_somebody_signed_in_and_a_stranger_see_the_same_public_page(site: Site) -> None:
    slug = site.publish()
    admin = site.staff("admin")
    for path in (f"/petitions/{slug}", "/", "/charte"):
        grow_older(site, 1.0)
        first = admin.get(path).text
        grow_older(site, 1.0)
        assert site.client.get(path).text == first, path


def test_parameters_that_a_page_reads_have_pages_of_their_own(site: Site) -> None:
    slug = site.publish()
    for path, count in (("/?q=bibliotheque", 1), ("/?x=2&q=rien", 0), ("/?q=rien&q=bibliotheque&x=1", 1)):
        assert site.client.get(path).text.count(f'href="/petitions/{slug}"') >= count, path
    assert "Aucune" in site.client.get("/?q=rien").text
    assert set(cache(site).entries) == {"/?q=bibliotheque", "/?q=rien"}


def test_the_cache_has_a_bound_in_bytes(site: Site) -> None:
    found = cache(site)
    site.publish()
    size = 0
    for n in range(20):
        site.client.get(f"/?q=mot{n}")
        size = max(size, sum(entry.size for entry in found.entries.values()))
    found._room = 3 * size // 20 - size  # as if three pages fitted
    site.client.get("/?q=encore")
    assert 1 <= len(found.entries) <= 4
    assert "/?q=encore" in found.entries


def test_the_inner_mark_of_the_cache_never_leaves(site: Site) -> None:
    slug = site.publish()
    for path in (f"/petitions/{slug}", f"/petitions/{slug}?x=1", f"/petitions/{slug}.json?x=1", "/?q=a"):
        response = site.client.get(path)
        assert not [name for name in response.headers if name.startswith("x-signons")], path
        assert response.headers["cache-control"].startswith("public, max-age="), path


def test_errors_are_not_kept(site: Site) -> None:
    assert site.client.get("/petitions/rouvrir-la-bibliotheque-de-montfleur").status_code == 404
    slug = site.publish()
    assert site.client.get(f"/petitions/{slug}").status_code == 200
