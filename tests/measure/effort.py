"""Taps, tabs, words, pixels and bytes, measured in Chromium on a demo of its own.

The rules, so that two versions of the site can be compared:

- a *tap* is a touch, or the keyboard's "next" key: each field that a person fills counts one, typing counts nothing,
  what is filled already or may stay empty counts nothing; going to the mail program and opening the message count one
  each; the link and each button count one; following "Signer" to the form counts one where the first field is not on
  the first screen;
- *pixels* run from the top of the first field's label to the bottom of the button;
- *words* are those that show, choices of a closed list and folded texts left out;
- *tab stops* are counted by pressing Tab, both ends included;
- *bytes* are those on the wire with their headers, nothing cached, pictures left out.
"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Locator, Page, sync_playwright

from tests.journeys.conftest import MANY
from tests.journeys.people import PERSON, PHONE, Demo, form_of, mails_to
from tests.services import chromium, serve, wait_for

PHONE_SCREEN = {"width": 360, "height": 800}
COMPUTER_SCREEN = {"width": 1440, "height": 900}
EMAIL = "effort@exemple.test"
Figures = dict[str, int | list[str]]

# The first field that shows, the button that sends, and the words that show.
FORM = r"""form => {
  const shown = node => node.checkVisibility({visibilityProperty: true}) && !node.closest("[inert]");
  const top = node => Math.min(node.getBoundingClientRect().top,
    ...[...(node.labels ?? [])].map(label => label.getBoundingClientRect().top));
  const fields = [...form.querySelectorAll("input:not([type=hidden]), select, textarea")].filter(shown);
  const button = [...form.querySelectorAll("button")].filter(node => shown(node) && node.type === "submit").at(-1);
  const walker = document.createTreeWalker(form, NodeFilter.SHOW_TEXT);
  let words = 0;
  while (walker.nextNode()) {
    const parent = walker.currentNode.parentElement;
    if (shown(parent) && !parent.closest("select, script, style"))
      words += walker.currentNode.data.split(/\s+/).filter(word => /[\p{L}\p{N}]/u.test(word)).length;
  }
  return {height: Math.round(form.getBoundingClientRect().height), words, fields: fields.length,
    reach: Math.round(button.getBoundingClientRect().bottom - top(fields[0]))};
}"""
HOME = r"""() => {
  const shown = node => node.checkVisibility({visibilityProperty: true});
  const link = [...document.querySelectorAll("main a[href]")].find(node =>
    shown(node) && /^(\/en)?\/petitions\/[^/?#]+$/.test(node.getAttribute("href")));
  if (!link) throw new Error("no petition on the home page");
  const first = link.closest("article") ?? link;
  const before = [...document.querySelectorAll("main :is(a[href], button, input, select, summary)")].filter(node =>
    shown(node) && node.type !== "hidden" && !first.contains(node)
    && first.compareDocumentPosition(node) & Node.DOCUMENT_POSITION_PRECEDING);
  return {petition: Math.round(first.getBoundingClientRect().top + scrollY), controls: before.length,
    pictures: document.querySelectorAll("main img").length};
}"""

# Where the last button is, and how much there is to read above it.
CONFIRM = r"""button => {
  const walker = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT);
  let words = 0;
  while (walker.nextNode() && walker.currentNode.parentElement !== button) {
    const parent = walker.currentNode.parentElement;
    if (parent.checkVisibility({visibilityProperty: true}) && !parent.closest("[inert], select, script, style"))
      words += walker.currentNode.data.split(/\s+/).filter(word => /[\p{L}\p{N}]/u.test(word)).length;
  }
  return {reach: Math.round(button.getBoundingClientRect().bottom + scrollY), words};
}"""
CONFIRMS = 'form[action*="/confirmer/"] button[type=submit]:visible'


@contextmanager
def standing() -> Iterator[tuple[Demo, Browser]]:
    """A demo that has just been loaded, and a browser."""
    found = chromium()
    assert found.path is not None, found.reason
    with tempfile.TemporaryDirectory(prefix="signons-effort-") as name, sync_playwright() as playwright:
        env = {"SIGNONS_DATABASE_URL": f"sqlite:///{name}/signons.db", "SIGNONS_VAR_DIR": name, **MANY}
        with serve(env) as server:  # it makes its schema, whose demo is loaded beside it
            demo = Demo(server.url, Path(name), server.environment())
            demo.command("demo")
            browser = playwright.chromium.launch(executable_path=found.path, args=found.args)
            yield demo, browser
            browser.close()


def open_page(browser: Browser, demo: Demo, path: str, screen: dict[str, int], **options: Any) -> Page:
    page = browser.new_page(base_url=demo.url, locale="fr-FR", **{**options, "viewport": screen})
    page.goto(path)
    return page


def form(page: Page) -> dict[str, int]:
    """Height, words, fields, and pixels from the first field to the button."""
    found: dict[str, int] = form_of(page).evaluate(FORM)
    return found


def home(page: Page) -> dict[str, int]:
    """Pixels above the first petition, and controls before it."""
    found: dict[str, int] = page.evaluate(HOME)
    return found


def tabs(page: Page) -> dict[str, int]:
    """Tab stops up to the button: from the first field, and from the top of the page."""
    button = form_of(page).locator("button[type=submit]").last
    counted = {"page": _tabs_to(page, button)}
    form_of(page).locator("input:not([type=hidden])").first.focus()
    counted["form"] = _tabs_to(page, button) + 1
    return counted


def _tabs_to(page: Page, goal: Locator) -> int:
    for pressed in range(1, 300):
        page.keyboard.press("Tab")
        if goal.evaluate("node => node === document.activeElement"):
            return pressed
    raise AssertionError("the button cannot be reached with the keyboard")


@dataclass
class Thumb:
    """Taps, and tells of each."""

    page: Page
    taps: list[str] = field(default_factory=list)

    def tap(self, locator: Locator, what: str) -> None:
        locator.tap()
        self.taps.append(what)

    def fill_in(self) -> None:
        """The form, from the page just opened to its button."""
        form = form_of(self.page)
        first = form.locator("input:not([type=hidden])").first
        box = first.bounding_box()
        if box is None or box["y"] > PHONE_SCREEN["height"]:
            self.tap(self.page.locator('a[href$="#signer"]:visible').first, "“Signer”, which leads to the form")
        person = {**PERSON, "email": EMAIL}
        needed = form.locator("input[required]:visible, select[required]:visible, textarea[required]:visible")
        for control in needed.all():
            name = str(control.get_attribute("name"))
            if control.get_attribute("type") == "checkbox":
                if not control.is_checked():
                    self.tap(control, f"the box {name}")
            elif not control.input_value():
                self.tap(control, f"the field {name}")
                control.fill(person[name])
        self.tap(form.locator("button[type=submit]").last, "the button of the form")
        self.page.wait_for_url(lambda url: "#" not in url and not url.endswith("/signatures"))

    def open_mail(self) -> None:
        """In the local mailbox; the mail program of a phone takes one tap more."""
        self.taps.append("the mail program")

        def came() -> bool:
            return mails_to(self.page, EMAIL).count() > 0

        wait_for(came, "a mail", 30)
        self.tap(mails_to(self.page, EMAIL).first.get_by_role("link"), "the message")


def taps(page: Page, demo: Demo, petition: str) -> Figures:
    """From the petition's page to a signature that counts, by the link of the mail; and what the last page asks."""
    thumb, before = Thumb(page), demo.count(petition)
    thumb.fill_in()
    thumb.open_mail()
    thumb.tap(page.locator('.mail-text a[href*="/confirmer/"]').first, "the link of the message")
    page.wait_for_url("**/confirmer/**")
    last = page.locator(CONFIRMS).last.evaluate(CONFIRM)
    thumb.tap(page.locator(CONFIRMS).last, "the button that confirms")
    wait_for(lambda: demo.count(petition) == before + 1, "the signature counts", 10)
    return {"taps": thumb.taps, "confirm reach": last["reach"], "confirm words": last["words"]}


def weight(browser: Browser, demo: Demo, path: str) -> dict[str, int]:
    """Bytes on the wire of a first visit: everything, and the main style sheet."""
    page = browser.new_page(base_url=demo.url, viewport={"width": 1440, "height": 900})
    session = page.context.new_cdp_session(page)
    seen: dict[str, dict[str, Any]] = {}
    sizes: dict[str, int] = {}
    session.on("Network.responseReceived", lambda event: seen.update({event["requestId"]: event["response"]}))
    session.on("Network.loadingFinished", lambda event: sizes.update({event["requestId"]: event["encodedDataLength"]}))
    session.send("Network.enable")
    page.goto(path)
    page.wait_for_load_state()

    def settled() -> bool:
        page.wait_for_timeout(20)
        return all(key in sizes for key, answer in seen.items() if answer["mimeType"] != "text/event-stream")

    wait_for(settled, "all has come", 20)
    page.close()
    sent = {
        seen[key]["url"].partition("?")[0]: int(size)
        for key, size in sizes.items()
        if key in seen and (seen[key]["mimeType"] == "image/svg+xml" or not seen[key]["mimeType"].startswith("image/"))
    }
    style = next(size for url, size in sent.items() if url.endswith("/css/signons.css"))
    return {"bytes": sum(sent.values()), "requests": len(sent), "style": style}


def measure() -> Figures:
    """Every figure of the table, by its name."""
    found: Figures = {}
    with standing() as (demo, browser):
        petition = demo.petition("nuit")
        for name, screen, options in (("360", PHONE_SCREEN, PHONE), ("1440", COMPUTER_SCREEN, {})):
            page = open_page(browser, demo, petition, screen, **options)
            found |= {f"form {key} {name}": value for key, value in form(page).items()}
            page.goto("/")
            found |= {f"home {key} {name}": value for key, value in home(page).items()}
            page.close()
        page = open_page(browser, demo, petition, COMPUTER_SCREEN)
        found |= {f"tabs {key}": value for key, value in tabs(page).items()}
        page.close()
        for name, path in (("petition", petition), ("home", "/")):
            found |= {f"{name} {key}": value for key, value in weight(browser, demo, path).items()}
        page = open_page(browser, demo, petition, PHONE_SCREEN, **PHONE)
        found |= taps(page, demo, petition)
        page.close()
    return found
