"""No page and no card is bare: a picture cut around what matters, or a cover of the petition's own."""

import re

import pytest

from app.petitions import covers
from app.templating import STATIC
from tests.site import PETITION, Site

pytestmark = pytest.mark.databases("sqlite")


def light(colour: str) -> float:
    """Relative luminance, as WCAG counts it."""
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((light(one), light(other)))
    return (lighter + 0.05) / (darker + 0.05)


def test_a_title_is_read_on_every_tone() -> None:
    for tones in covers.TONES:
        assert min(contrast(covers.INK, tone) for tone in tones) >= 5.5
        assert len(set(tones)) == 5
    assert f"color: {covers.INK};" in (STATIC / "css/signons.css").read_text()


def test_a_cover_is_its_petition_s_own_for_good() -> None:
    slugs = [f"petition-{n}" for n in range(60)]
    assert covers.of("rouvrir-la-bibliotheque") == covers.of("rouvrir-la-bibliotheque")
    assert len({covers.of(slug) for slug in slugs}) == 60
    assert {covers.of(slug).sky for slug in slugs} == {tones[0] for tones in covers.TONES}
    for slug in slugs:
        for path, _ in covers.of(slug).hills:
            start, half, steps = re.fullmatch(r"M(-?\d+) \d+q\d+ -\d+ (\d+) 0((?:t\d+ 0)*)V180H-?\d+z", path).groups()  # type: ignore[union-attr]
            assert int(start) <= 0
            assert int(start) + int(half) * (1 + steps.count("t")) >= covers.WIDTH


def test_a_petition_without_picture_has_its_title_on_its_cover(site: Site) -> None:
    slug = site.publish()
    page = site.client.get(f"/petitions/{slug}").text
    cover = page.partition('<div class="cover">')[2].partition("</div>")[0]
    assert covers.of(slug).hills[0][0] in cover
    assert "<h1" in cover
    assert page.count("<h1") == 1
    card = site.client.get("/").text.partition('<div class="visual">')[2].partition("</div>")[0]
    assert covers.of(slug).hills[0][0] in card
    # The policy of the site lets no style in.
    assert "style=" not in page + card


@pytest.mark.parametrize(
    ("name", "focus", "classes", "sources"),
    [("a" * 24, (20, 84), "x2 y8", 2), ("a" * 24, (100, 0), "x10 y0", 2), (f"{'a' * 24}.webp", (50, 50), "x5 y5", 0)],
)
def test_a_picture_is_cut_around_what_matters(
    site: Site, name: str, focus: tuple[int, int], classes: str, sources: int
) -> None:
    said = {"image": name, "image_width": 1600, "image_height": 900, "image_alt": "Une façade"}
    slug = site.publish(PETITION, **said, image_focus_x=focus[0], image_focus_y=focus[1])
    own, home, listed = (site.client.get(path).text for path in (f"/petitions/{slug}", "/", "/petitions"))
    for page in (own, home):  # alone, it is to the fore
        assert 'fetchpriority="high">' in page
    assert 'loading="lazy">' in listed
    for page in (own, home, listed):
        assert f'<img class="{classes}"' in page
        assert page.count("<source type=") == sources
        assert 'class="cover"' not in page
    css = (STATIC / "css/signons.css").read_text()
    for number in set(re.findall(r"\d+", classes)) - {"5"}:
        assert f"--x: {int(number) * 10}%" in css
        assert f"--y: {int(number) * 10}%" in css


def test_what_the_public_loads_of_style_is_small() -> None:
    assert len((STATIC / "css/signons.css").read_bytes()) < 30_000
