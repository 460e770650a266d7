"""A petition in the page of another site, in a real browser: who may frame what, and signing from there to the end."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import Browser, FrameLocator, Page, expect

from tests.journeys.people import PERSON, PHONE, Demo, People, confirm, fill, sign_in
from tests.journeys.reviews import ORGANISER
from tests.journeys.survey import COUNT_SHIFTS, TOO_WIDE, Survey
from tests.services import wait_for

javascript = pytest.mark.parametrize("javascript", [True, False], ids=["javascript", "no-javascript"])


@dataclass
class OtherSite:
    """Somebody's page, at an origin of its own."""

    origin: str = ""
    body: str = ""


@contextmanager
def other_site() -> Iterator[OtherSite]:
    site = OtherSite()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("content-type", "text/html; charset=utf-8")
            self.end_headers()
            meta = '<meta name="viewport" content="width=device-width"><link rel="icon" href="data:,">'
            self.wfile.write(f'<!DOCTYPE html><html lang="fr"><title>Ailleurs</title>{meta}{site.body}'.encode())

        def log_message(self, *_said: object) -> None:
            """In silence."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    site.origin = f"http://localhost:{server.server_port}"
    threading.Thread(target=partial(server.serve_forever, 0.05), daemon=True).start()
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()


def desk(people: People, petition: str) -> Page:
    """The organiser where they name sites."""
    page = people.arrive()
    sign_in(page, ORGANISER)
    page.goto(f"/organisation{petition}/diffuser")
    return page


def name(organiser: Page, origin: str) -> str:
    """Name a site; gives the lines to copy there."""
    organiser.get_by_label("Un site de plus").fill(origin)
    organiser.get_by_role("button", name="Nommer ce site").click()
    expect(organiser.locator("code", has_text=origin)).to_be_visible()
    return organiser.get_by_label("Le formulaire et le compte").input_value()


def take_back(organiser: Page, origin: str) -> None:
    organiser.get_by_role("button", name=f"Retirer : {origin}").click()
    expect(organiser.locator("code", has_text=origin)).to_have_count(0)


def send(frame: FrameLocator, email: str) -> None:
    form = frame.locator('form[action$="/signatures"]')
    fill(form, email=email, **PERSON)
    form.get_by_role("button", name="Signer la pétition").click()
    expect(frame.get_by_role("heading", level=1)).to_have_text("Consultez votre boîte")


def fits(reader: Page) -> bool:
    """Nothing of the frame is cut, nothing is left empty under it."""
    (frame,) = reader.frames[1:]
    inside = frame.evaluate("Math.ceil(document.documentElement.getBoundingClientRect().height)")
    outside = reader.locator("iframe").evaluate("frame => frame.clientHeight")
    return abs(int(outside) - int(inside)) <= 1


@javascript
def test_signing_from_another_site_to_the_end(people: People, demo: Demo, javascript: bool) -> None:
    petition, email = demo.petition("nuit"), f"ailleurs-{javascript}@exemple.test"
    before, organiser = demo.count(petition), desk(people, petition)
    with other_site() as site:
        lines = name(organiser, site.origin)
        site.body = lines if javascript else lines.partition("\n")[0]
        reader = people.arrive(javascript, site.origin, **PHONE)
        reader.goto(site.origin)
        frame = reader.frame_locator("iframe")
        for said in ("Signer la pétition", "est à corriger", "Consultez votre boîte"):
            if said == "est à corriger":
                fill(frame.locator('form[action$="/signatures"]'), email=email, **(PERSON | {"postal_code": ""}))
                frame.get_by_role("button", name="Signer la pétition").click()
            elif said == "Consultez votre boîte":
                send(frame, email)
            expect(frame.get_by_role("heading", name=said)).to_be_in_viewport()
            if javascript:
                wait_for(lambda: fits(reader), "a frame as high as what it shows", 20)
                assert reader.frames[1].evaluate(TOO_WIDE) == []
        assert reader.context.cookies() == []
        confirm(people.arrive(javascript), email)
        assert demo.count(petition) == before + 1
        take_back(organiser, site.origin)


def test_the_count_in_a_frame_follows(people: People, demo: Demo) -> None:
    """On any site, asked for every ten seconds."""
    petition = demo.petition("pietons")
    with other_site() as site:
        site.body = f'<iframe src="{demo.url}/widget{petition.removeprefix("/petitions")}/compteur"></iframe>'
        reader = people.arrive(elsewhere=site.origin)
        reader.clock.install()
        reader.goto(site.origin)
        count = reader.frame_locator("iframe").locator("[data-live-count]")
        expect(count).to_be_visible()
        asked: list[str] = []
        reader.on("request", lambda request: asked.append(request.url))
        reader.route("**/compteur.json", lambda route: route.fulfill(json={"count": 1_234_567, "goal": 2_000_000}))
        reader.clock.run_for(11_000)
        expect(count).to_have_text("1\u202f234\u202f567")
        expect(reader.frame_locator("iframe").locator("[data-live-step]")).to_have_text("2\u202f000\u202f000")
        assert len(asked) == 1
        assert reader.context.cookies() == []


def test_a_site_that_nobody_named_shows_no_form(people: People, browser: Browser, demo: Demo) -> None:
    """Nor the page behind it; the count it may."""
    petition = demo.petition("nuit")
    slug, organiser = petition.removeprefix("/petitions/"), desk(people, petition)
    with other_site() as named, other_site() as stranger:
        name(organiser, named.origin)
        paths = {f"/widget/{slug}": 0, f"/widget/{slug}/verifier": 0, petition: 0, f"/widget/{slug}/compteur": 1}
        context = browser.new_context()  # its console will complain
        page = context.new_page()
        for path, shown in paths.items():
            stranger.body = f'<iframe src="{demo.url}{path}"></iframe>'
            page.goto(stranger.origin, wait_until="load")
            inside = page.frame_locator("iframe").locator("body")
            expect(inside).not_to_be_empty()
            assert page.frame_locator("iframe").locator("main#contenu").count() == shown, path
        assert context.cookies() == []
        context.close()
        take_back(organiser, named.origin)


def test_the_frame_and_the_desk_are_fit_for_everybody(people: People, demo: Demo) -> None:
    petition, survey = demo.petition("nuit"), Survey()
    slug, organiser = petition.removeprefix("/petitions/"), desk(people, petition)
    with other_site() as site:
        name(organiser, site.origin)
        for page, path in ((people.arrive(), f"/widget/{slug}"), (organiser, f"/organisation{petition}/diffuser")):
            page.context.add_init_script(COUNT_SHIFTS)
            page.goto(path)
            survey.look(page)
        reader = people.arrive()
        reader.context.add_init_script(COUNT_SHIFTS)
        reader.goto(f"/widget/{slug}/verifier")
        survey.look(reader)
        organiser.get_by_label("Un site de plus").fill("http://exemple.fr/page")
        organiser.get_by_role("button", name="Nommer ce site").click()
        expect(organiser.locator("#erreurs")).to_be_focused()
        survey.look(organiser, "the desk, refused")
        assert survey.axe + survey.width + survey.shift == []
        take_back(organiser, site.origin)


def test_the_devices_own_way_to_share_comes_first(people: People, demo: Demo) -> None:
    """Where there is one; elsewhere nothing is shown of it."""
    petition = demo.petition("nuit")
    for has_one in (True, False):
        page = people.arrive()
        script = (
            "navigator.share = async what => { window.shared = what }"
            if has_one
            else "delete Navigator.prototype.share"
        )
        page.add_init_script(script)
        page.goto(petition)
        first = page.locator("#partager .share li:visible").first.get_by_role("button")
        expect(first).to_have_text("Partager…" if has_one else "Copier le lien")
        if has_one:
            first.click()
            shared = page.evaluate("window.shared")
            assert shared["url"].endswith(f"{petition}?s=appareil")
            assert shared["title"] == page.get_by_role("heading", level=1).inner_text()
