"""Words of any direction stand among ours without turning them around, and French ones say so in English pages."""

from html.parser import HTMLParser

import pytest

from app.templating import isolated
from tests.moderation.desk import PUBLISH, decide
from tests.organising.telling import tell
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


class Spoken(HTMLParser):
    """The texts of a page in the language that they are said to be in."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.texts: list[tuple[str, str]] = []
        self._open: list[tuple[str, str]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        inherited = self._open[-1][1] if self._open else ""
        if tag not in {"meta", "link", "input", "br", "img", "source", "hr"}:
            self._open.append((tag, dict(attrs).get("lang") or inherited))

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1][0] not in {"title", "script", "textarea", "option"}:
            self.texts.append((self._open[-1][1], " ".join(data.split())))


def test_french_words_in_an_english_page_say_that_they_are_french(site: Site) -> None:
    slug = site.publish()
    site.account("moderator")
    decide(site, site.comment(slug, "Je venais lire chaque samedi."), PUBLISH)
    tell(site, slug, title="Le maire a répondu", text="Il **nous** recevra jeudi, dit-il.", mail=False)
    words = {
        "Rouvrir la bibliothèque de Montfleur": {"", "/signatures", "/commentaires", "/nouvelles", "/versions"},
        "Collectif des lectrices": {""},
        "Maire de Montfleur": {""},
        "La bibliothèque fermée": {""},
        "La Gazette": {""},
        "Depuis janvier, la bibliothèque de Montfleur est fermée.": {"", "/versions?lire=1"},
        "Je venais lire chaque samedi.": {"", "/commentaires"},
        "Le maire a répondu": {"", "/nouvelles"},
        "recevra jeudi, dit-il.": {"", "/nouvelles"},
    }
    for path in [*sorted(set().union(*words.values())), "home", "widget"]:
        address = {"home": "/en/", "widget": f"/en/widget/{slug}"}.get(path, f"/en/petitions/{slug}{path}")
        texts = Spoken(site.client.get(address).text).texts
        assert "en" in {lang for lang, _ in texts}, address
        for said, pages in words.items():
            # A consent quotes the title within its sentence, which is evidence.
            found = [lang for lang, text in texts if text.startswith(said)]
            assert found or path not in pages, (address, said)
            assert set(found) <= {"fr"}, (address, said)
    assert 'lang="fr"' not in site.client.get(f"/petitions/{slug}").text.partition("<body")[2]
