"""What networks, search engines and other sites are told of a petition: card, badge, oEmbed, heads of pages, links."""

import io
import json
import re
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree

import pytest
import segno
from PIL import Image
from sqlalchemy import insert

from app import clock
from app.pages.routes import papers
from app.petitions import addresses, images, network_card, queries
from app.petitions.choices import TAGS
from app.petitions.models import CountTotal
from tests.organisations.desk import found
from tests.organising.test_carrying import SLUG, carry, own
from tests.petitions.test_importing import real
from tests.site import PETITION, Site, text_of

pytestmark = pytest.mark.databases("sqlite")
HERE = "http://127.0.0.1:8000"
TITLES = {
    "200 signs": "Pour que la ligne rouvre enfin " * 6,
    "Arabic": "أعيدوا فتح المكتبة العامة",
    "ideographs": "图书馆应当重新开放，让所有孩子都能读书",
    "emoji": "Sauvons les abeilles 🐝 👩🏽‍🚒",
    "one word": "a" * 200,
    "markup": "</script><b>&amp; \"#eval\" $x$ *gras* \\",
}  # fmt: skip


def petition(site: Site, slug: str) -> int:
    with site.database.read() as session:
        found = queries.by_slug(session, slug)
        assert found is not None
        return found.id


def counted(site: Site, slug: str, n: int) -> None:
    with site.database.write() as session:
        hour = clock.hour_of(clock.now())
        row = {"petition_id": petition(site, slug), "hour": hour, "confirmed": n}
        session.execute(insert(CountTotal), [row])
    site.app.state.page_cache.forget(petition(site, slug))


def card(site: Site, slug: str, prefix: str = "") -> bytes:
    answer = site.client.get(f"{prefix}/petitions/{slug}/carte.png")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/png")
    return answer.content


@pytest.mark.parametrize("what", TITLES)
def test_every_petition_has_a_card(site: Site, what: str) -> None:
    slug = site.publish(PETITION.replace('"Rouvrir la bibliothèque de Montfleur"', json.dumps(TITLES[what].strip())))
    content = card(site, slug)
    assert Image.open(io.BytesIO(content)).size == (1200, 630)
    assert len(content) <= network_card.MOST_BYTES


def test_a_card_shows_the_picture_around_what_matters(site: Site) -> None:
    """Red at its left edge, noise elsewhere: the heaviest that there may be."""
    slug = site.publish()
    picture = Image.effect_noise((1600, 900), 90).convert("RGB")
    picture.paste("red", (0, 0, 800, 900))
    output = io.BytesIO()
    picture.save(output, "jpeg", quality=95)
    kept = images.kept(output.getvalue(), site.settings.var / "images")
    with site.database.write() as session:
        row = queries.by_slug(session, slug)
        assert row is not None
        row.image, row.image_width, row.image_height = kept.name, kept.width, kept.height
        row.image_focus_x = 0
    left = Image.open(io.BytesIO(card(site, slug))).convert("RGB").getpixel((1190, 315))
    assert isinstance(left, tuple)
    assert left[0] > 200 > 60 > left[1]
    with site.database.write() as session:
        row = queries.by_slug(session, slug)
        assert row is not None
        row.image_focus_x = 100
    site.app.state.page_cache.forget(row.id)
    content = card(site, slug)
    right = Image.open(io.BytesIO(content)).convert("RGB").getpixel((1000, 315))
    assert isinstance(right, tuple)
    assert max(right) - min(right) < 60
    assert len(content) <= network_card.MOST_BYTES
    (site.settings.var / "images" / f"{kept.name}-{kept.width}.webp").unlink()
    clock.travel(network_card.FRESH)
    site.app.state.page_cache.forget(row.id)
    card(site, slug)  # its cover instead


def test_a_card_is_kept_for_minutes_and_follows_what_matters(site: Site) -> None:
    slug = site.publish()
    none = card(site, slug)
    counted(site, slug, 60)
    some = card(site, slug)
    assert some != none  # the first signature is shown at once
    clock.travel(network_card.FRESH / 2)
    for _ in range(2):
        counted_more(site, slug)
        assert card(site, slug) == some
    clock.travel(network_card.FRESH / 2)
    counted_more(site, slug)
    later = card(site, slug)
    assert later != some
    counted_more(site, slug, 1000)  # a step
    assert card(site, slug) != later
    assert card(site, slug, "/en") != card(site, slug)
    answer = site.client.get(f"/petitions/{slug}/carte.png")
    assert answer.headers["cache-control"] == "public, max-age=300"
    assert answer.headers["access-control-allow-origin"] == "*"
    again = site.client.get(f"/petitions/{slug}/carte.png", headers={"if-none-match": answer.headers["etag"]})
    assert again.status_code == 304


def counted_more(site: Site, slug: str, n: int = 1) -> None:
    with site.database.write() as session:
        queries.add_to_count(session, petition(site, slug), {(clock.hour_of(clock.now()), 1): n})
    site.app.state.page_cache.forget(petition(site, slug))


@pytest.mark.parametrize("what", TITLES)
def test_the_badge_is_one_kilobyte_and_says_what_it_counts(site: Site, what: str) -> None:
    slug = site.publish(PETITION.replace('"Rouvrir la bibliothèque de Montfleur"', json.dumps(TITLES[what].strip())))
    counted(site, slug, 1_234_567)
    answer = site.client.get(f"/petitions/{slug}/badge.svg")
    assert answer.headers["content-type"] == "image/svg+xml"
    assert len(answer.content) <= 1024
    root = ElementTree.fromstring(answer.content)
    title = root.find("{http://www.w3.org/2000/svg}title")
    assert title is not None
    assert title.text is not None
    said, _, begins = title.text.partition(" – ")
    assert said == "1\u202f234\u202f567 signatures"
    assert TITLES[what].startswith(begins.removesuffix("…").rstrip())
    for name, value in {"access-control-allow-origin": "*", "cross-origin-resource-policy": "cross-origin"}.items():
        assert answer.headers[name] == value
    assert answer.headers["cache-control"] == "public, max-age=60"


# The head of a page


def metas(page: str) -> dict[str, str]:
    return {
        name: unescape(value)
        for name, value in re.findall(r'<meta (?:property|name)="([^"]+)"\s+content="([^"]*)"', page)
    }


def linked(page: str) -> list[dict[str, Any]]:
    """The linked data of a page."""
    (said,) = re.findall(r'<script type="application/ld\+json">(.*?)</script>', page, re.DOTALL)
    found = json.loads(said)
    graph: list[dict[str, Any]] = found.get("@graph", [found])
    return graph


def test_networks_are_told_what_it_is_about(site: Site) -> None:
    slug = site.publish(real())
    told = metas(site.client.get(f"/petitions/{slug}").text)
    words = told["og:description"]
    assert told["description"] == words
    assert 60 <= len(words) <= 240
    assert words in text_of(site.client.get(f"/petitions/{slug}").text) or words.endswith("…")
    assert "signature" not in words.rpartition(".")[2]  # no zero on display
    counted(site, slug, 1234)
    told = metas(site.client.get(f"/petitions/{slug}").text)
    assert told["og:description"] == f"{words} 1\u202f234 signatures confirmées."
    assert told["og:image"] == f"{HERE}/petitions/{slug}/carte.png"
    assert (told["og:image:width"], told["og:image:height"]) == ("1200", "630")
    assert told["og:image:alt"].endswith(told["og:title"])
    assert told["twitter:card"] == "summary_large_image"
    assert told["og:locale"] == "fr_FR"
    english = metas(site.client.get(f"/en/petitions/{slug}").text)
    assert english["og:locale"] == "en_GB"
    assert english["og:image"] == f"{HERE}/en/petitions/{slug}/carte.png"
    assert " 1,234 " in english["og:description"]


@pytest.mark.parametrize(
    "text", ["## " + "Titre seul, sans un mot de plus. " * 3, "![](x)" * 12, "* \n" * 40 + "&lt;b&gt;" * 9]
)
def test_a_description_is_never_empty(site: Site, text: str) -> None:
    slug = site.publish(PETITION.partition("Depuis janvier")[0] + text)
    assert len(metas(site.client.get(f"/petitions/{slug}").text)["og:description"].strip()) > 10


def test_the_linked_data_say_what_the_page_says(site: Site) -> None:
    maker = found(site)
    slug = own(site)
    assert carry(maker, slug) == 303
    counted(site, slug, 7)
    article, crumbs = linked(site.client.get(f"/petitions/{slug}").text)
    assert article["headline"] == "Rouvrir la bibliothèque de Montfleur"
    assert article["author"]["url"] == f"{HERE}/organisations/{SLUG}"
    assert article["interactionStatistic"]["userInteractionCount"] == 7
    assert article["interactionStatistic"]["interactionType"] == {"@type": "AgreeAction"}
    assert article["potentialAction"]["target"]["urlTemplate"] == f"{HERE}/petitions/{slug}#signer"
    assert article["audience"][0]["audienceType"] == "Claire Vasseur, Maire de Montfleur"
    for crumb in crumbs["itemListElement"]:
        assert site.client.get(crumb["item"].removeprefix(HERE)).status_code == 200
    page = site.client.get(f"/organisations/{SLUG}").text
    assert linked(page)[0]["@type"] == "Organization"
    assert linked(page)[0]["url"] == f"{HERE}/organisations/{SLUG}"


def test_a_title_cannot_end_the_linked_data(site: Site) -> None:
    title = "Titre</script><script>alert(1)</script>"
    slug = site.publish(PETITION.replace('"Rouvrir la bibliothèque de Montfleur"', json.dumps(title)))
    page = site.client.get(f"/petitions/{slug}").text
    assert linked(page)[0]["headline"] == title
    assert "<script>alert" not in page


# oEmbed


def test_a_page_says_where_its_oembed_is(site: Site) -> None:
    slug = site.publish()
    for prefix in ("", "/en"):
        page = site.client.get(f"{prefix}/petitions/{slug}").text
        there = dict(re.findall(r'<link rel="alternate" type="([a-z/]+\+oembed)"[^>]*?href="([^"]+)"', page, re.DOTALL))
        said = site.client.get(unescape(there["application/json+oembed"]).removeprefix(HERE)).json()
        xml = site.client.get(unescape(there["text/xml+oembed"]).removeprefix(HERE))
        assert xml.headers["content-type"] == "text/xml; charset=utf-8"
        assert {one.tag: one.text for one in ElementTree.fromstring(xml.content)} == {
            name: str(value) for name, value in said.items()
        }
        assert (said["version"], said["type"]) == ("1.0", "rich")
        (frame,) = re.findall(r'src="([^"]+)"', said["html"])
        assert frame == f"{HERE}{prefix}/widget/{slug}/compteur"
        assert "frame-ancestors *" in site.client.get(frame.removeprefix(HERE)).headers["content-security-policy"]


def test_oembed_knows_every_address_of_a_petition_and_no_other(site: Site) -> None:
    slug = site.publish()
    with site.database.write() as session:
        row = queries.by_slug(session, slug)
        assert row is not None
        addresses.rename(session, row, "la-bibliotheque")
    now = "petitions/la-bibliotheque"
    for path in (
        now,
        f"petitions/{slug}",
        f"en/{now}",
        f"{now}/",
        f"{now}?s=lien",
        f"{now}#signer",
        "petitions/la%2Dbibliotheque",
    ):
        answer = site.client.get("/oembed", params={"url": f"{HERE}/{path}"})
        assert answer.status_code == 200, path
        assert "/widget/la-bibliotheque/compteur" in answer.json()["html"]
        assert answer.headers["access-control-allow-origin"] == "*"
    others = ["", "x", HERE, "javascript:alert(1)", "http://[::1/petitions/x", "http://127.0.0.1:x/petitions/a"]
    others += [f"{start}/{now}" for start in ("http://ailleurs.example", "file://", f"{HERE}@ailleurs.example")]
    others += [
        f"{HERE}/{path}" for path in ("", "charte", "petitions/", "petitions/absente", "petitions/%ff", f"fr/{now}")
    ]
    others += [f"{HERE}/petitions/{slug}" for slug in ("la-bibliotheque%2Fdirect", "..%2F..%2Fcompte", "a" * 3000)]
    for url in others:
        answer = site.client.get(f"/oembed?url={quote(url, safe='')}")
        assert answer.status_code == 404, url
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["status"] == 404


def test_oembed_keeps_to_the_room_that_there_is(site: Site) -> None:
    url = f"{HERE}/petitions/{site.publish()}"

    def ask(**more: str) -> Any:
        return site.client.get("/oembed", params={"url": url, **more})

    assert (ask().json()["width"], ask().json()["height"]) == (360, 300)
    assert ask().json()["thumbnail_width"] == 1200
    small = ask(maxwidth="250", maxheight="200").json()
    assert (small["width"], small["height"]) == (250, 200)
    assert 'width="250" height="200"' in small["html"]
    assert "thumbnail_url" not in small
    tiny = ask(maxwidth="120").json()
    assert tiny["type"] == "link"
    assert "html" not in tiny
    for odd in ("-1", "9" * 5000, "²", "NaN", "1e9", "🌳", ""):
        assert ask(maxwidth=odd).json()["width"] == 360, odd
    assert ask(format="yaml").status_code == 501
    assert ask(format="yaml").headers["content-type"] == "application/problem+json"


# Links


def test_every_link_that_we_make_says_where_it_was_found(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    slug = site.publish()
    scanned, made = [], segno.make

    def make(url: str, **more: Any) -> segno.QRCode:
        scanned.append(url)
        return made(url, **more)

    monkeypatch.setattr("segno.make", make)
    papers._qr_svg.cache_clear()  # an earlier test may have printed the same address
    pages = "".join(
        site.client.get(path).text
        for path in (
            f"/petitions/{slug}",
            f"/petitions/{slug}/partager",
            f"/widget/{slug}/compteur",
            site.confirmed(slug),
        )
    )
    site.client.get(f"/petitions/{slug}/affiche.pdf")
    shared = unescape(pages).replace(quote("?s="), "?s=")
    tags = set(re.findall(rf"/petitions/{slug}\?s=(\w+)", shared + " ".join(scanned)))
    assert tags == {"lien", "appareil", "courriel", "whatsapp", "mastodon", "cadre", "affiche"}
    assert tags <= set(TAGS)
    assert re.search(r"<li[^>]*\bhidden data-share>", pages)  # shown where the browser can


def test_the_stored_file_of_a_card_is_nowhere(site: Site) -> None:
    """Kept in memory only."""
    slug = site.publish()
    card(site, slug)
    assert list(Path(site.settings.var).rglob("*.png")) == []
