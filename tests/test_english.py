"""Every page in English, for each kind of visitor: no French but what people wrote.

Pages are found by following links, and by asking for every address that there is; what people wrote is known, because
the scene wrote it, or is marked ``lang="fr"`` by the page that quotes it.
"""

import re
import subprocess
from collections.abc import Iterator
from functools import cache
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import anyio
import pytest
from babel.messages.pofile import read_po
from fastapi.routing import APIRoute
from jinja2 import Environment
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session as OrmSession
from starlette.responses import Response
from starlette.testclient import TestClient

from app import clock
from app.locale.extract import CATALOGUE, CODE, ROOT, collected
from app.moderation import charter
from app.moderation.models import CharterArticle, CharterVersion
from app.pages.routes import doors
from app.updates import jobs as update_jobs
from app.web import ratelimit, request_guard
from app.web.crowd import Door
from tests.abuse.fields import fields_of
from tests.abuse.scene import PLAUSIBLE, Scene, set_up
from tests.deliveries import handing
from tests.moderation.desk import TEXT
from tests.site import FORM, PASSWORD, PETITION, Site, text_of
from tests.test_architecture import routes
from tests.test_locale import parts

pytestmark = pytest.mark.databases("sqlite")

STARTS = {
    "": ("/", "/petitions", "/petitions?etat=closes", "/petitions?etat=victoires", "/?q=introuvable", "/boite-locale"),
    "/organisation": ("/organisation", "/organisation/organisations", "/compte"),
    "/moderation": ("/moderation", "/moderation/urgences", "/moderation/mes-reglages"),
    "/administration": ("/administration",),
}
SHOWN = ("alt", "aria-label", "aria-description", "placeholder", "title", "content", "label", "data-said")
FORMED = "application/x-www-form-urlencoded"
# A mail caught on this machine, in its reader's language.
MAIL = re.compile(r"/en/boite-locale/\d+/html|.*/nouvelles/\d+/courriel")
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
# A French sentence can hardly do without one of these; they are no English words.
FRENCH = re.compile(
    r"[àâçèéêëîïôùûœ«»]|\b[ldnscjm]’(?=\w)|\bqu’|\b(?:au|aux|avec|cette|ces|dans|des|du|elle|est|et|la|le|les|leur|"
    r"janvier|février|avril|juin|juillet|août|septembre|octobre|novembre|décembre|nous|ou|par|pas|pour|que|qui|sans|ses|sont|sur|une|vos|votre|vous|pétitions?|modération)\b",
    re.IGNORECASE,
)
# What French typography puts, and English does not.
BLANKS = re.compile(r"\w [:;?!](?:\s|$)|\d[\u202f\xa0]\d{3}\b|\d[\u202f\xa0 ]%")
# The same in a template, around what it shows.
LONELY = re.compile(r"(?:^|>)\s+[:;?!](?:\s|$)")
# Names, which are the same in every language.
NAMES = (
    "département", "départements", "Département", "Comment", "Français", "Défenseur des droits", "CNIL", "La Gazette",
    "Parquet de Rennes", "Markdown", "Île-de-France", "Finistère", "Curaçao", "Côte d’Ivoire", "Réunion",
    "St. Barthélemy", "São Tomé & Príncipe",
)  # fmt: skip

# Of the scene, beside the petitions and what the forms send.
SAID = (
    f"{TEXT} BRAVO À TOUS QUAND MÊME !", TEXT, "Nous précisons le jour.", "Et le dimanche aussi.", "C’est une insulte.",
    "Le conseil municipal en parle mardi soir.", "Ce n’était pas une attaque.", "Les Amis de la Lanterne",
    "Les Amis du Phare", "Une date", "Le mot est vif, rien de plus.", "Le compte est contesté.",
    "Le destinataire les demande.", "Depuis janvier,", "est fermée.", "Ce que nous demandons", "Rouvrir", "Recruter",
    ": au moins trois jours par semaine.", ": une personne de métier.", "au moins trois jours par",
    "La bibliothèque fermée",
)  # fmt: skip


class Words(HTMLParser):
    """The texts and attributes that a page shows, but those in another language."""

    def __init__(self, language: str = "en") -> None:
        super().__init__()
        self.language = language
        self.texts: list[str] = []
        self._open: list[tuple[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        language = given.get("lang") or (self._open[-1][1] if self._open else "")
        if tag not in VOID:
            self._open.append((tag, "" if tag in {"script", "style"} else language))
        if language == self.language:
            self.texts += [given[name] or "" for name in SHOWN if name in given]
            if given.get("type") in {"submit", "button"}:
                self.texts.append(given.get("value") or "")

    def handle_endtag(self, tag: str) -> None:
        while self._open and tag in {name for name, _ in self._open} and self._open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        if (
            self._open
            and self._open[-1][1] == self.language
            and self._open[-1][0] not in {"textarea", "script", "style"}
        ):
            self.texts.append(data)


def shown(html: str, language: str = "en") -> list[str]:
    words = Words(language)
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
    SAID_TWICE = [(one.id, str(one.string)) for one in read_po(file, locale="en") if isinstance(one.id, str)]
MESSAGES = {
    " ".join(str(french).split()) for french, english in SAID_TWICE if french != english and french.strip(" :;")
}
TRANSLATIONS = {english for french, english in SAID_TWICE if " " in english and english not in MESSAGES}


@cache
def french(text: str) -> str:
    """What is left in French of a text; "" when nothing is."""
    blanks = BLANKS.search(text)
    text = text.replace("\u202f", " ").replace("\xa0", " ")
    if text in MESSAGES and text not in WRITTEN:
        return text
    text = TITLES.sub(" ", text)
    for words in WRITTEN:
        text = text.replace(words, " ")
    text = re.sub(r"https?://\S+|\S+@\S+|(?<![\w])/[\w/-]+|[?&]\w+=\S*", " ", text)
    return text if FRENCH.search(text) or (blanks and BLANKS.search(text)) else ""


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


def walk(
    browser: TestClient, starts: tuple[str, ...], known: set[str], prefix: str = "/en"
) -> Iterator[tuple[str, str]]:
    """``(path, html)`` of every kind of page that links reach."""
    todo = [f"{prefix}{start}" for start in starts]
    while todo:
        path = todo.pop(0)
        # Filters of a list say nothing more together than each by itself.
        if shape(path) in known or len(set(re.findall(r"\b(petition|etat|tri)=", path))) > 1:
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
                if url.netloc == "127.0.0.1:8000"
                and url.path.startswith("/en") == bool(prefix)
                and not re.search(r"\.\w+$", url.path)
            ]


@pytest.fixture
def scene(site: Site) -> Scene:
    return set_up(site)


def who(scene: Scene, path: str) -> TestClient:
    return next((browser for place, browser in scene.people.items() if path.startswith(place)), scene.site.client)


def test_every_page_and_every_refusal_speaks_its_language(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    # The other way round: no name of the code, no sentence of the catalogue's other side.
    known: set[str] = set()
    found = [
        f"{path}: {text}"
        for place, starts in STARTS.items()
        for path, html in walk(scene.people.get(place, scene.site.client), starts, known, prefix="")
        for text in shown(html, "fr")
        if text in TRANSLATIONS
    ]
    assert not found, "\n".join(sorted(set(found)))

    known = set()
    found = [
        problem
        for place, starts in STARTS.items()
        for path, html in walk(scene.people.get(place, scene.site.client), starts, known)
        for problem in problems(path, html)
    ]
    for route in routes("GET"):
        for path, html in walk(who(scene, route.path), (scene.where(route),), known):
            found += problems(path, html)
    assert not found, "\n".join(sorted(set(found)))
    assert len(known) > 150

    monkeypatch.setattr(ratelimit.limiter, "enabled", False)
    refused = 0
    for path, status, html in refusals(scene):
        refused += status == 422
        found += problems(f"{path} {status}", html)
    assert not found, "\n".join(sorted(set(found)))
    assert refused > 60


def refusals(scene: Scene) -> Iterator[tuple[str, int, str]]:
    """What every form says of nothing at all, and of what no field expects."""
    every: list[APIRoute | Door] = [*routes("POST"), *(door for door in doors if door.method == "POST")]
    for route in every:
        browser = scene.site.browser()
        browser.cookies = who(scene, route.path).cookies
        for value in ("", "x"):
            answer = browser.post(f"/en{scene.where(route)}", data=dict.fromkeys(fields_of(route), value))
            html = answer.headers.get("content-type", "").startswith("text/html")
            if html and "<html" in answer.text:  # not a part that a script asks for
                yield route.path, answer.status_code, answer.text


def test_what_stops_before_any_page_speaks_english(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Too many at once, a body that never ends, a database that is away, another site's form, unreadable bytes."""
    slug = site.publish()
    door = f"/en/petitions/{slug}/signatures"

    def stopped(status: int, answer: Any, sentence: str) -> None:
        assert answer.status_code == status
        html = bytes(answer.body).decode() if isinstance(answer, Response) else answer.text
        assert sentence in text_of(html)
        assert problems(str(status), html) == []

    async def late() -> Response:
        """A form whose body does not come."""
        sent: list[Any] = []

        async def send(message: Any) -> None:
            sent.append(message)

        async def never() -> Any:
            await anyio.sleep_forever()

        headers = [(b"content-type", FORMED.encode()), (b"content-length", b"70")]
        at = {"scheme": "http", "server": ("127.0.0.1", 8000), "client": ("127.0.0.1", 1), "headers": headers}
        asked = {"type": "http", "method": "POST", "path": door, "raw_path": door.encode(), "query_string": b""}
        await site.app(at | asked, never, send)
        return Response(b"".join(one.get("body", b"") for one in sent), sent[0]["status"])

    with monkeypatch.context() as patched:
        patched.setattr(request_guard, "BODY_SECONDS", 0.0)
        assert site.client.portal is not None
        stopped(408, site.client.portal.call(late), "did not arrive")
    with monkeypatch.context() as patched:
        away = OperationalError("select 1", {}, Exception("gone"))
        patched.setattr(OrmSession, "execute", lambda *_, **__: (_ for _ in ()).throw(away))
        stopped(503, site.client.get("/en/charte"), "Try again")
    other = {"origin": "https://elsewhere.example"}
    stopped(403, site.client.post(door, data=FORM, headers=other), "This came from another site: it changed nothing.")
    stopped(400, site.client.get("/en/petitions?q=%FF"), "unreadable characters")
    stopped(413, site.client.post(door, content=b"x" * 70_000, headers={"content-type": FORMED}), "too long")
    with monkeypatch.context() as patched:
        patched.setattr(ratelimit._Hits, "hit", lambda *_: False)
        stopped(429, site.client.post(door, data=FORM), "Try again a little later")
    with monkeypatch.context() as patched:
        patched.setattr(ratelimit.rates, "post", "1/minute")
        first, second = (site.client.post("/en/mes-signatures", data=FORM) for _ in range(2))
        assert first.status_code == 303
        stopped(429, second, "Try again a little later")


def test_no_template_says_a_word_outside_of_a_message() -> None:
    """Pages, mails and their subjects: what a template says itself is in the catalogue."""
    environment = Environment(extensions=["jinja2.ext.i18n"], trim_blocks=True, lstrip_blocks=True)
    said = "\0".join(part for message in collected() if message.id for part in parts(message.id))
    found = []
    for path in sorted((ROOT / "templates").rglob("*.*")):
        for line, kind, text in environment.lex(path.read_text("utf-8")):
            if kind == "data":
                words = re.sub(r"<style>.*|<[^>]*>|<[^>]*$|^[^<>]*>", " ", text, flags=re.DOTALL)
                if FRENCH.search(words) or LONELY.search(re.sub(r"<kbd>.*?</kbd>", "", text)):
                    found.append(f"{path.name}:{line} {words.strip()[:80]}")
            elif kind == "string" and FRENCH.search(text) and not CODE.search(text[1:-1]):
                found += [] if text[1:-1] in said else [f"{path.name}:{line} {text[:80]}"]
    assert found == []


def test_papers_have_the_language_of_their_address(site: Site, tmp_path: Path) -> None:
    slug = site.publish()

    def printed(path: str) -> tuple[str, bytes]:
        content = site.client.get(path).content
        (tmp_path / "p.pdf").write_bytes(content)
        told = subprocess.run(["pdftotext", tmp_path / "p.pdf", "-"], capture_output=True, check=True, text=True)
        return " ".join(told.stdout.split()), content

    text, content = printed(f"/en/petitions/{slug}/petition.pdf")
    assert b"/Lang (en" in content or b"/Lang(en" in content
    assert re.search(r"Addressed to .*Claire Vasseur", text)
    assert "Text of " in text
    assert "version 1" in text
    assert [word for word in ("Auteur", "À l’attention", "Texte du") if word in text] == []
    text, _ = printed(f"/en/petitions/{slug}/affiche.pdf")
    assert "Read and sign:" in text
    assert f"/en/petitions/{slug}" in text.replace("\u200b", "")
    text, content = printed(f"/petitions/{slug}/petition.pdf")
    assert b"/Lang (fr" in content or b"/Lang(fr" in content
    assert re.search(r"À l’attention de Claire Vasseur.*Auteur ou autrice.*Texte du ", text)


def test_an_account_is_written_to_in_the_language_of_its_last_sign_in(site: Site) -> None:
    slug = site.publish()
    email = site.account("organiser", slug)
    moderator = site.staff("moderator")
    browser = site.browser()
    come_in = {"email": email, "password": PASSWORD}
    assert browser.post("/en/connexion", data=come_in).headers["location"].startswith("/en/")
    desk = f"/en/organisation/petitions/{slug}/nouvelles"
    for language in ("en", "fr"):
        if language == "fr":
            assert browser.post("/connexion", data=come_in).status_code == 303
        begun = browser.post(desk, data={}).headers["location"]
        data = {"title": "Une date est fixée", "text": "Le conseil municipal en parle le 12.", "version": "1"}
        assert browser.post(begun, data=data | {"go": "relire"}).status_code == 303, browser.get(begun).text
        assert browser.post(f"{begun}/essai").status_code == 303
        mail = site.mails()[-1]
        assert f'<html lang="{language}">' in mail.html
        assert mail.subject.startswith("Test:" if language == "en" else "Essai")
        if language == "en":
            assert not [text for text in map(french, shown(mail.html)) if text]
            assert [link for link in mail.links if not link.startswith("/en/")] == []
    assert moderator.get("/moderation").status_code == 200


def test_what_the_site_writes_in_a_timeline_is_said_in_the_language_of_the_page(site: Site) -> None:
    slug = site.publish()
    organiser = site.staff("organiser", slug)
    assert handing.hand_over(organiser, slug).status_code == 303
    site.later(minutes=12)
    update_jobs.send_updates(site.database, site.settings.origin)
    for path in (f"/petitions/{slug}", f"/petitions/{slug}/nouvelles"):
        french_page, english = text_of(site.client.get(path).text), text_of(site.client.get(f"/en{path}").text)
        assert re.search(r"Remise le \d{1,2}\w* \w+ \d{4}.*La pétition a été remise le ", french_page)
        assert re.search(r"Handed over on \d{1,2} \w+ \d{4}.*The petition was handed over on ", english)
        assert "La pétition a été remise" not in english
    for path in (f"/petitions/{slug}/nouvelles.atom", "/petitions.atom"):
        feed = site.client.get(f"/en{path}").text
        assert 'xml:lang="en"' in feed
        assert "<title>Handed over on " in feed
        assert f"/en/petitions/{slug}" in feed


def test_the_charter_is_read_in_english_and_says_which_text_applies(site: Site) -> None:
    html = site.client.get("/en/charte").text
    assert "No insults, no hounding" in html
    assert "The charter applies in French; this is a translation of it." in text_of(html)
    assert re.findall(r'<li id="article-\d+"[^>]*lang="fr"', html) == []
    # An operator's own words have no other language, and say so.
    with site.database.write() as session:
        first = charter.in_force(session, clock.now())
        another = CharterVersion(number=2, summary="Plus courte.", effective_from=clock.now())
        columns = [column.key for column in CharterArticle.__table__.columns]
        another.articles = [
            CharterArticle(**{name: getattr(one, name) for name in columns} | {"version": 2}) for one in first.articles
        ]
        another.articles[2].body = "Restez courtois."
        session.add(another)
    html = site.client.get("/en/charte?version=2").text
    assert "This version of the charter is written in French only." in text_of(html)
    assert re.findall(r'<li id="article-(\d+)"[^>]*lang="fr"', html) == ["3"]
    assert "written in French" not in text_of(site.client.get("/charte").text)
