"""Words of any direction stand among ours without turning them around."""

import pytest

from app.templating import isolated
from tests.site import PETITION, Site

TITLE, NAME, WORDS = "أنقذوا المكتبة الآن", "שרה", "הספרייה שלנו"


@pytest.fixture
def slug(site: Site) -> str:
    source = PETITION.replace("Rouvrir la bibliothèque de Montfleur", TITLE).replace("Collectif des lectrices", NAME)
    slug = site.publish(source.replace("Claire Vasseur", NAME).replace("La Gazette", NAME))
    site.confirmed(slug, given_name=NAME, family_name=NAME, display="full", comment=WORDS)
    return slug


def around(html: str, words: str) -> list[str]:
    """The tag in which *words* stand, each time that they stand in text."""
    found = []
    for before in html.split(words)[:-1]:
        tag = before[before.rindex("<") :]
        if ">" in tag and not tag.startswith(("<title", "<textarea")):
            found.append(tag.partition(">")[0])
    return found


def test_titles_names_and_comments_are_isolated(site: Site, slug: str) -> None:
    moderator = site.staff("moderator")
    pages = {path: site.client.get(path).text for path in (
        "/", f"/petitions/{slug}", f"/petitions/{slug}/signatures", f"/widget/{slug}", f"/petitions/{slug}/verifier",
    )}  # fmt: skip
    pages["/moderation"] = moderator.get("/moderation").text
    for words in (TITLE, f"{NAME} {NAME}", WORDS, NAME):
        assert any(words in html for html in pages.values())
    for path, html in pages.items():
        for words in (TITLE, f"{NAME} {NAME}", WORDS):
            for tag in around(html, words):
                assert tag == "<bdi" or 'dir="auto"' in tag or path == "/", (path, words, tag)


def test_what_is_isolated_is_escaped() -> None:
    assert isolated("<b>a</b>") == "<bdi>&lt;b&gt;a&lt;/b&gt;</bdi>"


def test_fields_follow_what_is_typed(site: Site, slug: str) -> None:
    site.sign(slug, email="sens@exemple.test")
    paths = f"/petitions/{slug}", site.mails()[-1].link("/confirmer/")
    html = " ".join(" ".join(site.client.get(path).text for path in paths).split())
    assert html.count('dir="auto"') > 8
    for name, direction in (("given_name", "auto"), ("comment", "auto"), ("email", "ltr")):
        start = html.index(f'name="{name}"')
        assert f'dir="{direction}"' in html[start : html.index(">", start)], name
