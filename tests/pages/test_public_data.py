"""What other programs and walls may take: JSON, PDF, poster, widget."""

import re
from pathlib import Path

import pytest

from tests.petitions.reading import blocks, pdf_text, prose
from tests.petitions.test_importing import real
from tests.site import Site

pytestmark = pytest.mark.databases("sqlite")

PUBLIC = ("", ".json", "/compteur.json", "/petition.pdf", "/affiche.pdf", "/signatures", "/commentaires")


def test_the_counter_is_small_and_open_to_every_site(site: Site) -> None:
    slug = site.publish()
    site.confirmed(slug)
    response = site.client.get(f"/petitions/{slug}/compteur.json", headers={"origin": "https://ailleurs.example"})
    assert response.json() == {"count": 1, "goal": 500}
    assert response.headers["content-type"] == "application/json"
    assert response.headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-credentials" not in response.headers


def test_public_data_may_be_kept_a_second_at_most(site: Site) -> None:
    slug = site.publish()
    for path in (".json", "/compteur.json", ".json?v=2"):
        caching = site.client.get(f"/petitions/{slug}{path}").headers["cache-control"]
        assert "public" in caching
        assert re.findall(r"[\w-]+=(\d+)", caching) == ["1"], path


def test_the_data_of_a_petition_say_what_its_page_says(site: Site) -> None:
    slug = site.publish(real())
    data = site.client.get(f"/petitions/{slug}.json").json()
    assert data["title"].startswith("Nos données de santé")
    assert [recipient["name"] for recipient in data["recipients"]] == ["Catherine Vautrin", "Bruno Le Maire"]
    assert (data["count"], data["goal"], data["state"], data["author"]) == (0, 5000, "open", "Philippe Rivière")
    assert [source["date"] for source in data["sources"]] == ["2020-10-03", "2020-10-14", "2021-02-19"]
    assert blocks(data["html"]) == blocks(prose(site.client.get(f"/petitions/{slug}").text))


def test_public_data_hold_nothing_of_the_signers(site: Site) -> None:
    slug = site.publish()
    site.confirmed(slug, display="full", comment="Un commentaire")
    for path in (".json", "/compteur.json"):
        text = site.client.get(f"/petitions/{slug}{path}").text
        assert not re.search(r"Marie|Durand|marie@|35000|Un commentaire", text)


def test_the_printable_text_is_complete(site: Site) -> None:
    slug = site.publish(real())
    response = site.client.get(f"/petitions/{slug}/petition.pdf")
    assert response.headers["content-type"] == "application/pdf"
    assert response.content.startswith(b"%PDF-")
    # Spaces, end-of-line hyphens and what stands at the foot of each page are the typesetter's.
    text = re.sub(rf"{site.settings.origin}/petitions/\S+ \d+ / \d+", "", pdf_text(response.content))
    shown = re.sub(r"[\s\u202f\u00a0-]", "", text)
    page = site.client.get(f"/petitions/{slug}").text
    missing = [text for _, text in blocks(prose(page)) if re.sub(r"[\s\u202f\u00a0-]", "", text) not in shown]
    assert missing == []
    for said in (
        "CatherineVautrin",
        "BrunoLeMaire",
        "PhilippeRivière",
        "AFP,19février2021",
    ):
        assert said in shown


def test_the_poster_shows_the_title_and_the_address(site: Site) -> None:
    slug = site.publish()
    response = site.client.get(f"/petitions/{slug}/affiche.pdf")
    assert response.headers["content-type"] == "application/pdf"
    assert response.content.startswith(b"%PDF-")
    shown = re.sub(r"[\s-]", "", pdf_text(response.content))
    assert "RouvrirlabibliothèquedeMontfleur" in shown
    assert f"/petitions/{slug}".replace("-", "") in shown


def test_a_petition_cannot_write_typst(site: Site) -> None:
    attack = '#read("/etc/passwd") $x$ \\ *gras* <etiquette> @ref // fin'
    source = real().replace("Chères concitoyennes, chers concitoyens,", attack)
    slug = site.publish(source)
    response = site.client.get(f"/petitions/{slug}/petition.pdf")
    assert response.status_code == 200
    assert "#read(" in pdf_text(response.content)


def test_only_the_widget_may_be_framed_by_other_sites(site: Site) -> None:
    slug = site.publish()
    widget = site.client.get(f"/widget/{slug}").headers
    assert "frame-ancestors *" in widget["content-security-policy"]
    assert "x-frame-options" not in widget
    for path in (f"/petitions/{slug}", "/", f"/petitions/{slug}/verifier"):
        headers = site.client.get(path).headers
        assert "frame-ancestors 'none'" in headers["content-security-policy"]
        assert headers["x-frame-options"] == "DENY"


def test_the_widget_shows_the_count_and_follows_nobody(site: Site) -> None:
    slug = site.publish()
    site.confirmed(slug, display="full")
    response = site.client.get(f"/widget/{slug}")
    assert "set-cookie" not in response.headers
    assert "Montfleur" in response.text
    assert re.search(r">\s*1\s*<", response.text)
    assert "Durand" not in response.text
    addresses = re.findall(r'(?:src|href)="([^"]+)"', response.text)
    assert addresses
    assert all(url.startswith(("/", site.settings.origin)) for url in addresses)
    assert f"/petitions/{slug}" in " ".join(addresses)


def test_an_unknown_petition_is_not_found(site: Site) -> None:
    for path in PUBLIC:
        assert site.client.get(f"/petitions/inconnue{path}").status_code == 404, path


def test_no_public_page_sets_a_cookie(site: Site) -> None:
    slug = site.publish()
    for path in PUBLIC:
        assert "set-cookie" not in site.client.get(f"/petitions/{slug}{path}").headers


def test_only_pictures_are_served_from_the_pictures_folder(site: Site, tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "a.png").write_bytes(b"x")
    (tmp_path / "secret.webp").write_bytes(b"x")
    for name in ("..%2Fsecret.webp", "../secret.webp", "absente.webp", "a.png", "..%2F..%2Fetc%2Fpasswd", "%2e%2e"):
        assert site.client.get(f"/images/{name}").status_code == 404, name
