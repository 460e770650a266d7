"""What is seen first of the site, and last of a signature."""

import re

from playwright.sync_api import expect

from tests.journeys.people import PHONE, Demo, People, signed

# Down from the top of a phone's page, in pixels.
SOON = 500
SHARES = "navigator.share = async data => { window.shared = data; };"


def test_the_first_petition_is_soon_in_sight_on_a_phone(people: People, demo: Demo) -> None:
    page = people.arrive(**PHONE | {"viewport": {"width": 360, "height": 800}})
    for path, first in (
        ("/", ".fore h2"),
        ("/?q=nuit", ".entry"),
        ("/?theme=Transports", ".entry"),
        ("/petitions", ".entry"),
    ):
        page.goto(path)
        box = page.locator(first).first.bounding_box()
        assert box is not None
        assert box["y"] < SOON, (path, box)
    page.get_by_text("Trier et filtrer").click()
    page.get_by_role("link", name="Bientôt closes").click()
    expect(page).to_have_url(re.compile("tri=fin"))
    page.get_by_role("searchbox").fill("train de nuit")
    page.get_by_role("button", name="Chercher").click()
    expect(page).to_have_url(re.compile(r"\?q=train\+de\+nuit&tri=fin$"))
    expect(page.locator(".entry").first).to_contain_text("train de nuit")


def test_the_thanks_share_the_device_s_own_way_first_and_lead_on(people: People, demo: Demo) -> None:
    petition = demo.petition("tanneries")
    page = people.arrive(**PHONE)
    page.add_init_script(SHARES)
    signed(page, petition, "partage@exemple.test")
    first, *links = page.locator(".offer").first.get_by_role("button").all()
    expect(first).to_have_text("Partager…")
    expect(first).to_be_visible()
    assert [link.inner_text() for link in links if link.is_visible()] == ["Copier le lien"]
    first.click()
    assert page.evaluate("shared.url").endswith(f"{petition}?s=appareil")
    others = page.locator(".offer .brief h3 a")
    expect(others).to_have_count(2)
    found = [other.get_attribute("href") for other in others.all()]
    assert petition not in found
    assert demo.petition("vitrines") in found, "of the same place and theme"
    expect(page.locator(".summit")).to_contain_text("avant le palier de 100")
    for private in ("Solène", "partage@exemple.test"):
        assert private not in page.locator(".summit").inner_text()
    assert page.locator(".summit svg, .summit img").count() == 1
