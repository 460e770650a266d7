"""What people do with their browser, in the words of the pages; and what their browser says of the pages."""

import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import PIPE
from typing import Any
from urllib.parse import urlsplit
from urllib.request import urlopen

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Locator, Page, Request, Response, expect

from app.demo import PASSWORD
from tests.services import wait_for

# Milliseconds, for whatever is waited for.
PATIENCE = 15_000
PHONE: dict[str, Any] = {
    "viewport": {"width": 360, "height": 740},
    "has_touch": True,
    "is_mobile": True,
    "device_scale_factor": 2,
}
PERSON = {
    "given_name": "Solène",
    "family_name": "Kerouac",
    "postal_code": "35000",
    "consent_signature": "on",
    "age_declared": "on",
}


# Asked when confirming, not by the form.
CHOICES = ("display", "comment", "consent_updates", "consent_newsletter", "consent_organiser")


@dataclass(frozen=True)
class Demo:
    """The served demo."""

    url: str
    folder: Path
    environment: Mapping[str, str]

    def petition(self, word: str) -> str:
        """The path of the petition found by searching *word*."""
        with urlopen(f"{self.url}/?q={word}") as page:
            found = re.search(r'href="(/petitions/[^"]+)"', page.read().decode())
        assert found, f"No petition about {word}"
        return found[1]

    def count(self, petition: str) -> int:
        with urlopen(f"{self.url}{petition}/compteur.json") as answer:
            return int(re.findall(rb'"count": ?(\d+)', answer.read())[0])

    def command(self, *words: str, typed: str = "") -> str:
        """A command of the operator, and what it prints."""
        program = Path(sys.executable).with_name("signons")
        return subprocess.run(
            [program, *words], input=typed, env=self.environment, cwd=self.folder, check=True, stdout=PIPE, text=True
        ).stdout


@dataclass
class Ear:
    """Hears the console, the errors and the requests of one browser."""

    origin: str
    # Another site, whose page is looked at.
    elsewhere: str = ""
    said: list[tuple[str, str]] = field(default_factory=list)
    refused_pages: set[str] = field(default_factory=set)

    def listen(self, context: BrowserContext) -> None:
        context.on("console", self._console)
        context.on("weberror", lambda error: self.said.append(("", f"uncaught: {error.error}")))
        context.on("request", self._request)
        context.on("response", self._response)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.said.append((str(message.location.get("url", "")), message.text))

    def _request(self, request: Request) -> None:
        url, known = urlsplit(request.url), {self.origin, self.elsewhere}
        if url.scheme not in {"data", "blob", "about"} and f"{url.scheme}://{url.netloc}" not in known:
            self.said.append(("", f"asked of a stranger: {request.url}"))

    def _response(self, response: Response) -> None:
        # A form sent by a script is answered like a page: 409 and 422 are answers.
        if response.status in {409, 422} or (response.status >= 400 and response.request.is_navigation_request()):
            self.refused_pages.add(response.url)

    def complaints(self) -> list[str]:
        """Chromium reports a page answered 404 or 422 as an error; that page itself is none."""
        return [
            f"{text} ({url})"
            for url, text in self.said
            if not (text.startswith("Failed to load resource") and url in self.refused_pages)
        ]


class People:
    """Everybody who takes part in one journey."""

    def __init__(self, browser: Browser, demo: Demo) -> None:
        self._browser = browser
        self._demo = demo
        self._contexts: list[BrowserContext] = []
        self._ears: list[Ear] = []

    def arrive(self, javascript: bool = True, elsewhere: str = "", **options: Any) -> Page:
        """Somebody with a new browser: no cookie, nothing cached; *elsewhere*: the site of others where they are.

        Nothing moves but where a test wants it: what is looked at is where it stays.
        """
        settled = {"locale": "fr-FR", "reduced_motion": "reduce"} | options
        context = self._browser.new_context(base_url=self._demo.url, java_script_enabled=javascript, **settled)
        context.set_default_timeout(PATIENCE)
        ear = Ear(self._demo.url, elsewhere)
        ear.listen(context)
        self._contexts.append(context)
        self._ears.append(ear)
        return context.new_page()

    def complaints(self) -> list[str]:
        return [complaint for ear in self._ears for complaint in ear.complaints()]

    def close(self) -> None:
        for context in self._contexts:
            context.close()


def form_of(page: Page) -> Locator:
    return page.locator('form[action$="/signatures"]')


def fill(form: Locator, **values: str) -> None:
    """Type into the fields of these names; "on" and "" tick and untick."""
    for name, value in values.items():
        control = form.locator(f'[name="{name}"]')
        if name.startswith("consent_") or name == "age_declared":
            control.set_checked(value == "on")
        elif name == "display":
            form.locator(f'[name="display"][value="{value}"]').check()
        elif name == "country":
            control.select_option(value)
        else:
            control.fill(value)


def sign(page: Page, petition: str, email: str, **values: str) -> None:
    """Send the form; ends on the page that says to look into one's mailbox."""
    page.goto(petition)
    form = form_of(page)
    fill(form, email=email, **{**PERSON, **values})
    form.get_by_role("button").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Consultez votre boîte")
    page.wait_for_load_state()


def mails_to(page: Page, email: str) -> Locator:
    page.goto("/boite-locale")
    return page.locator(".mail-list li").filter(has_text=email)


def open_mail(page: Page, email: str, path: str) -> None:
    """Wait for the newest mail to *email* that has a link beginning with *path*, and follow the link."""

    def followed() -> bool:
        mails = mails_to(page, email).get_by_role("link").all()
        for mail in [str(mail.get_attribute("href")) for mail in mails]:
            page.goto(mail)
            link = page.locator(f'.mail-text a[href*="{path}"]').first
            if link.count():
                link.click()
                return True
        return False

    wait_for(followed, f"a mail to {email} with a link to {path}", 20)
    page.wait_for_url(f"**{path}*")


def choose(page: Page, **choices: str) -> None:
    """On the page that asks to confirm: what the public sees, a comment, mailings."""
    form = page.locator('main form[action*="/confirmer/"]')
    if "comment" in choices and not form.locator('[name="comment"]').is_visible():
        page.get_by_text("Dire pourquoi je signe").click()
    mailings = [name for name in choices if name.startswith("consent_")]
    if mailings and not form.locator(f'[name="{mailings[0]}"]').is_visible():
        page.get_by_text("Rester informé").click()
    fill(form, **choices)


def confirm(page: Page, email: str, **choices: str) -> None:
    """From the mailbox to the thank-you page."""
    open_mail(page, email, "/confirmer/")
    choose(page, **{"display": "full", **choices})
    page.get_by_role("button", name="Confirmer ma signature").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Votre signature est comptée")
    page.wait_for_load_state()


def signed(page: Page, petition: str, email: str, **values: str) -> None:
    choices = {name: values.pop(name) for name in CHOICES if name in values}
    sign(page, petition, email, **values)
    confirm(page, email, **choices)


def sign_in(page: Page, email: str, start: str = "/connexion") -> None:
    page.goto(start)
    page.get_by_label("Adresse e-mail").fill(email)
    page.get_by_label("Mot de passe").fill(PASSWORD)
    page.get_by_role("button", name="Se connecter").click()
    expect(page.get_by_role("button", name="Se déconnecter")).to_be_visible()
    page.wait_for_load_state()  # all of it, and its scripts listen


def decide(page: Page, button: Locator) -> None:
    """Press a button of the open comment, and wait until the page says that its decision is stored."""
    comment = str(page.locator("[data-open]").get_attribute("data-open")).removeprefix("comment-")
    button.click()
    stored = f"Annuler ma dernière décision (commentaire {comment})"
    expect(page.get_by_role("button", name=stored)).to_be_visible()


def number(element: Locator) -> int:
    """The number shown, whatever its spaces."""
    return int(re.sub(r"\D", "", element.inner_text()))
