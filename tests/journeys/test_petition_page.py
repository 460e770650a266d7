"""The petition's page in every window: one count in view, the form in reach, a way to it from beside the page."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.journeys.people import PHONE, Demo, People, fill, form_of
from tests.journeys.survey import TOO_WIDE
from tests.journeys.test_every_page import follow
from tests.journeys.test_long_words import Narrow

WIDTHS, HEIGHTS = (360, 768, 1440), (640, 768, 900)
BESIDE = ("commentaires", "signatures", "nouvelles", "versions", "comptage")
# Counts that are seen now: on the screen, within the box that scrolls around them, not hidden.
COUNTS = """() => [...document.querySelectorAll(".counter strong, .foot-bar strong")].filter(count => {
  if (!count.checkVisibility({visibilityProperty: true})) return false;
  let {top, bottom} = count.getBoundingClientRect();
  for (let box = count.parentElement; box !== document.body; box = box.parentElement) {
    if (getComputedStyle(box).overflowY === "visible") continue;
    const around = box.getBoundingClientRect();
    top = Math.max(top, around.top), bottom = Math.min(bottom, around.bottom);
  }
  return Math.min(bottom, innerHeight) - Math.max(top, 0) > 1;
}).length"""
SEEN = """() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done))))"""
TOP = "node => node.getBoundingClientRect().top"
WHOLE = "node => node.getBoundingClientRect().top >= 0 && node.getBoundingClientRect().bottom <= innerHeight - 16"


def scrolled(page: Page, script: bool = True) -> Iterator[int]:
    """From top to bottom, by half a window; scripts have seen it each time."""
    height, window = page.evaluate("[document.documentElement.scrollHeight, innerHeight]")
    for top in range(0, height, window // 2):
        page.evaluate("top => scrollTo({top, behavior: 'instant'})", top)
        if script:
            page.evaluate(SEEN)
        yield top


@pytest.mark.parametrize("script", [True, False])
def test_never_two_counts_in_view(people: People, demo: Demo, script: bool) -> None:
    petition, page = demo.petition("nuit"), people.arrive(javascript=script)
    seen = {}
    for width in WIDTHS:
        for height in HEIGHTS:
            page.set_viewport_size({"width": width, "height": height})
            page.goto(petition)
            for top in scrolled(page, script):
                seen[width, height, top] = page.evaluate(COUNTS)
    assert {where: n for where, n in seen.items() if n > 1} == {}
    for width in WIDTHS:
        # The first screens of a phone are the title's; then there is always one, until the form is reached.
        assert any(n == 1 for (wide, _, _), n in seen.items() if wide == width), width
    if script:
        assert all(n == 1 for (wide, _, top), n in seen.items() if wide == 360 and 1000 < top < 2500), seen


def test_the_whole_form_is_in_reach_of_a_low_window(people: People, demo: Demo) -> None:
    """Wherever one reads: first field, button and what stands below it, without leaving the text."""
    page = people.arrive(viewport={"width": 1366, "height": 768})
    page.goto(demo.petition("nuit"))
    page.evaluate("scrollTo({top: 1500, behavior: 'instant'})")
    card = page.locator(".sign-card")
    for what in (
        form_of(page).get_by_role("button", name="Signer"),
        card.locator("a").last,
        card.get_by_label("Prénom").first,
    ):
        box = card.bounding_box()
        assert box is not None
        page.mouse.move(box["x"] + 20, box["y"] + box["height"] / 2)
        toward = 1 if what.evaluate(TOP) > 400 else -1
        for _ in range(20):
            if what.evaluate(WHOLE):
                break
            page.mouse.wheel(0, toward * 100)
            page.evaluate(SEEN)
        expect(what).to_be_in_viewport(ratio=1)
        assert page.evaluate("scrollY") == 1500


@pytest.mark.parametrize("width", [360, 1440])
def test_a_way_to_the_form_stays_in_view_beside_the_page(people: People, demo: Demo, width: int) -> None:
    petition, page = demo.petition("nuit"), people.arrive(viewport={"width": width, "height": 740})
    for beside in BESIDE:
        page.goto(f"{petition}/{beside}")
        way = page.get_by_role("main").get_by_role("link", name="Signer", exact=True)
        for _ in scrolled(page):
            expect(way).to_be_in_viewport(ratio=1)
    way.click()
    expect(page.locator("#signer")).to_be_in_viewport()
    page.goto(f"{demo.petition('fontaine')}/commentaires")  # closed
    expect(page.get_by_role("link", name="Signer", exact=True)).to_have_count(0)


def test_the_bar_is_modest_on_a_magnified_screen(people: People, demo: Demo) -> None:
    """400 % of 1280 × 1024 leave 320 × 256."""
    page = people.arrive(viewport={"width": 320, "height": 256})
    for path in ("", "/commentaires"):
        page.goto(demo.petition("nuit") + path)
        bar = page.locator(".foot-bar")
        for _ in scrolled(page):
            box = bar.bounding_box()
            assert box is not None
            fixed = bar.evaluate("node => getComputedStyle(node).position === 'fixed'")
            assert not fixed or box["height"] <= 256 / 5


def lines(nodes: Locator) -> list[int]:
    """Where each begins, all at one moment: the page may be scrolling."""
    tops: list[int] = nodes.evaluate_all("nodes => nodes.map(node => Math.round(node.getBoundingClientRect().top))")
    return tops


def test_one_error_of_a_pair_moves_neither_label_nor_field(people: People, demo: Demo) -> None:
    page = people.arrive(viewport={"width": 1440, "height": 900})
    page.goto(demo.petition("nuit"))
    fill(form_of(page), given_name="Solène")
    with page.expect_navigation():
        form_of(page).get_by_role("button", name="Signer").click()
    pair = page.locator("form[action$='/signatures'] .pair").first
    expect(pair.locator(".error")).to_have_count(1)
    for part in ("label", ".input"):
        first, second = lines(pair.locator(part))
        assert first == second, part
    expect(page.locator("#erreurs").get_by_role("link").first).to_contain_text("Nom :")


def test_triangles_stay_on_a_touch_screen(people: People, demo: Demo) -> None:
    page = people.arrive(**PHONE)
    page.goto(demo.petition("nuit"))
    shown = [summary for summary in page.locator("summary").all() if summary.is_visible()]
    assert len(shown) > 1
    for summary in shown:
        assert summary.evaluate("node => getComputedStyle(node).display") == "list-item"
        box = summary.bounding_box()
        assert box is not None
        assert box["height"] >= 44


class Large(Narrow):
    """Text of twice its size on a phone: nothing sticks out, and « e-mail » stays on one line."""

    def look(self, page: Page, name: str = "") -> None:
        name = name or page.evaluate("location.pathname + location.search")
        self.seen.append(name)
        page.evaluate("document.documentElement.style.fontSize = '200%'")
        self.width += [f"{name}: {wide}" for wide in page.evaluate(TOO_WIDE)]
        broken = page.evaluate(
            """() => [...document.querySelectorAll(".whole")].filter(word => word.getClientRects().length > 1).length"""
        )
        if broken:
            self.width.append(f"{name}: {broken} broken e-mail")


def test_nothing_sticks_out_of_a_phone_in_large_letters(people: People, demo: Demo) -> None:
    page, survey = people.arrive(viewport={"width": 360, "height": 740}), Large()
    petition = demo.petition("nuit")
    follow(page, survey, petition, "/en" + petition, "/", f"{petition}/commentaires", "/contact", "/mes-signatures",
           "/confidentialite", "/lancer", "/transparence", most=45)  # fmt: skip
    assert survey.width == []
    page.goto("/mes-signatures")
    expect(page.locator("label .whole").first).to_have_text("e-mail")
