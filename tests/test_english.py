"""Every page in English, for each kind of visitor: no French but what people wrote.

Pages are found by following links, and by asking for every address that there is; what people wrote is known, because
the scene wrote it, or is marked ``lang="fr"`` by the page that quotes it.
"""

import re
from collections.abc import Iterator
from html import unescape
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

import pytest
from babel.messages.pofile import read_po
from starlette.testclient import TestClient

from app.locale.extract import CATALOGUE
from app.pages.routes import doors
from app.web import ratelimit
from tests.abuse.fields import fields_of
from tests.abuse.scene import PLAUSIBLE, Scene, set_up
from tests.moderation.desk import TEXT
from tests.site import PETITION, Site
from tests.test_architecture import routes

pytestmark = pytest.mark.databases("sqlite")

STARTS = {
    "": ("/", "/petitions", "/petitions?etat=closes", "/petitions?etat=victoires", "/?q=introuvable", "/boite-locale"),
    "/organisation": ("/organisation", "/organisation/organisations", "/compte"),
    "/moderation": ("/moderation", "/moderation/urgences", "/moderation/mes-reglages"),
    "/administration": ("/administration",),
}
SHOWN = ("alt", "aria-label", "aria-description", "placeholder", "title", "content", "label", "data-said")
# A mail caught on this machine, in its reader's language.
MAIL = re.compile(r"/en/boite-locale/\d+/html|.*/nouvelles/\d+/courriel")
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
# A French sentence can hardly do without one of these; they are no English words.
FRENCH = re.compile(
    r"[àâçèéêëîïôùûœ«»]|\b[ldnscjm]’(?=\w)|\bqu’|\b(?:au|aux|avec|cette|ces|dans|des|du|elle|est|et|la|le|les|leur|"
    r"nous|ou|par|pas|pour|que|qui|sans|ses|sont|sur|une|vos|votre|vous|pétitions?|modération)\b",
    re.IGNORECASE,
)
# Names, which are the same in every language.
NAMES = (
    "département", "départements", "Département",  "Comment", "Français", "Défenseur des droits", "CNIL", "La Gazette", "Parquet de Rennes",
    "Finistère", "Curaçao", "Côte d’Ivoire", "Réunion", "St. Barthélemy", "São Tomé & Príncipe", "Les Tilleuls",
    "Les Tilleuls", "impasse des Lilas",
)  # fmt: skip

# Of the scene, beside the petitions and what the forms send.
SAID = (
    f"{TEXT} BRAVO À TOUS QUAND MÊME !", TEXT, "Nous précisons le jour.", "Et le dimanche aussi.", "C’est une insulte.",
    "Le conseil municipal en parle mardi soir.", "Ce n’était pas une attaque.", "Les Amis de la Lanterne",
    "Les Amis du Phare", "Une date", "Le mot est vif, rien de plus.", "Le compte est contesté.", "Le destinataire les demande.", "Depuis janvier,", "est fermée.",
    "Ce que nous demandons", "Rouvrir", "Recruter",
    ": au moins trois jours par semaine.", ": une personne de métier.", "au moins trois jours par", "La bibliothèque fermée",
)  # fmt: skip


class Words(HTMLParser):
    """The texts and attributes that a page shows, but those in another language."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self._open: list[tuple[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        language = given.get("lang") or (self._open[-1][1] if self._open else "")
        if tag not in VOID:
            self._open.append((tag, "" if tag in {"script", "style"} else language))
        if language == "en":
            self.texts += [given[name] or "" for name in SHOWN if name in given]
            if given.get("type") in {"submit", "button"}:
                self.texts.append(given.get("value") or "")

    def handle_endtag(self, tag: str) -> None:
        while self._open and tag in {name for name, _ in self._open} and self._open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1][1] == "en" and self._open[-1][0] not in {"textarea", "script", "style"}:
            self.texts.append(data)


def shown(html: str) -> list[str]:
    words = Words()
    words.feed(html)
    return [" ".join(text.split()) for text in words.texts if text.strip()]


def lines_of(text: str) -> Iterator[str]:
    for line in text.splitlines():
        yield re.sub(r"[*#]|^\d\.|^\s*-|^\s*\w+:|\"", "", line).strip()


WRITTEN = sorted(
    {word for word in (*lines_of(PETITION), *PLAUSIBLE.values(), *SAID, *NAMES) if len(word) > 3}, key=len, reverse=True
)
# The scene has a petition in several towns.
TITLES = re.compile(r"(?:Rouvrir )?la bibliothèque de(?: \w+fleur|…)|rouvrir-la-bibliotheque-de-\w+")
with CATALOGUE.open("rb") as file:
    MESSAGES = {
        " ".join(message.id.split())
        for message in read_po(file, locale="en")
        if isinstance(message.id, str) and message.id != message.string and message.id.strip(" :")
    }


def french(text: str) -> str:
    """What is left in French of a text; "" when nothing is."""
    text = text.replace("\u202f", " ").replace("\xa0", " ")
    if text in MESSAGES and text not in WRITTEN:
        return text
    text = TITLES.sub(" ", text)
    for words in WRITTEN:
        text = text.replace(words, " ")
    text = re.sub(r"https?://\S+|\S+@\S+|(?<![\w])/[\w/-]+|[?&]\w+=\S*", " ", text)
    return text if FRENCH.search(text) else ""


def astray(html: str) -> list[str]:
    """Links of ours that leave English, but the one that changes the language."""
    html = re.sub(r"<a\b[^>]*hreflang=[^>]*>", " ", html)
    links = re.findall(r'(?:href|action|formaction)="(/[^"]*)"', html)
    return [link for link in links if not re.match(r"/en(/|$|\?)|/static/|/images/", link)]


def problems(where: str, html: str) -> list[str]:
    if '<html lang="en"' not in html:
        return [f"{where}: no English page"]
    found = [f"{where}: {text[:160]}" for text in map(french, shown(html)) if text]
    return found + [f"{where}: the link {link}" for link in astray(html)]


def shape(path: str) -> str:
    """Pages made by one template look alike."""
    url = urlsplit(path)
    generic = re.sub(r"(/(?:petitions|widget|fraude|organisations)/)(?!nouvelle$)[^/]+", r"\1*", url.path)
    return re.sub(r"\d+", "0", generic) + "?" + ",".join(sorted(re.findall(r"(\w+)=", url.query)))


def walk(browser: TestClient, starts: tuple[str, ...], known: set[str]) -> Iterator[tuple[str, str]]:
    """``(path, html)`` of every kind of page that links reach."""
    todo = [f"/en{start}" for start in starts]
    while todo:
        path = todo.pop(0)
        if shape(path) in known:
            continue
        known.add(shape(path))
        answer = browser.get(path)
        if answer.is_redirect:
            todo.append(answer.headers["location"])
        elif answer.headers["content-type"].startswith("text/html") and not MAIL.match(path):
            yield path, answer.text
            links = re.findall(r'<a\b[^>]*\bhref="([^"#]+)"', answer.text)
            here = [urlsplit(urljoin(f"http://127.0.0.1:8000{path}", unescape(link))) for link in links]
            todo += [
                url.path + (f"?{url.query}" if url.query else "")
                for url in here
                if url.netloc == "127.0.0.1:8000" and url.path.startswith("/en") and not re.search(r"\.\w+$", url.path)
            ]


@pytest.fixture
def scene(site: Site) -> Scene:
    return set_up(site)


def who(scene: Scene, path: str) -> TestClient:
    return next((browser for place, browser in scene.people.items() if path.startswith(place)), scene.site.client)


def test_every_page_speaks_english(scene: Scene) -> None:
    site, found = scene.site, list[str]()
    known: set[str] = set()
    for place, starts in STARTS.items():
        for path, html in walk(scene.people.get(place, site.client), starts, known):
            found += problems(path, html)
    for route in routes("GET"):
        path = scene.where(route)
        for seen, html in walk(who(scene, route.path), (path,), known):
            found += problems(seen, html)
    assert not found, "\n".join(sorted(set(found)))
    assert len(known) > 150


NOT_POSTED = {"/deconnexion"}


def test_every_refusal_speaks_english(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """What forms say of nothing at all, and of what is not what they expect."""
    monkeypatch.setattr(ratelimit.limiter, "enabled", False)
    found, pages = [], 0
    for route in [*routes("POST"), *(door for door in doors if door.method == "POST")]:
        if route.path in NOT_POSTED:
            continue
        browser = scene.site.browser()
        browser.cookies = who(scene, route.path).cookies
        path = f"/en{scene.where(route)}"
        for value in ("", "x", "-1"):
            answer = browser.post(path, data=dict.fromkeys(fields_of(route), value))
            kind = answer.headers.get("content-type", "")
            if kind.startswith("text/html") and "<html" in answer.text:  # not a part that a script asks for
                pages += answer.status_code == 422
                found += problems(f"{route.path} {answer.status_code}", answer.text)
    assert not found, "\n".join(sorted(set(found)))
    assert pages > 60
