"""Words without an end, everywhere somebody can put one: no page scrolls sideways."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.journeys.conftest import served
from tests.journeys.people import Demo, People, choose, decide, fill, form_of, open_mail, sign, sign_in
from tests.journeys.survey import TOO_WIDE, Survey
from tests.journeys.test_every_page import follow

W, LONG = "W" * 80, "Donaudampfschifffahrtsgesellschaft" * 6
ADDRESS = f"https://exemple.test/{'a' * 70}"
PETITION = f"""---
title: "Fermez {ADDRESS}"
author: "{W}"
recipients:
  - name: "{W}"
    role: "{W}"
goal: 5
theme: "{"W" * 60}"
sources:
  - title: "{LONG}"
    publisher: "{W}"
    url: "{ADDRESS}{"b" * 200}"
---

{LONG} [{LONG}]({ADDRESS}) `{LONG}` **{LONG}**

## {LONG}

- {LONG}
  1. {LONG}

> {LONG}
"""


@dataclass
class Narrow(Survey):
    """Only what sticks out."""

    def look(self, page: Page, name: str = "") -> None:
        name = name or page.evaluate("location.pathname + location.search")
        self.seen.append(name)
        for width in (320, 390, 768, 1440):
            page.set_viewport_size({"width": width, "height": 900})
            self.width += [f"{name} at {width} px: {wide}" for wide in page.evaluate(TOO_WIDE)]


@pytest.fixture(scope="package")
def wild(loaded: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """The demo and, first in its lists, a petition made of such words, owned by the demo's organiser."""
    folder = tmp_path_factory.mktemp("wild")
    with served(loaded, folder) as running:
        (folder / "wild.md").write_text(PETITION)
        running.command("petition", "import", str(folder / "wild.md"), "--publish")
        with closing(sqlite3.connect(folder / "signons.db", timeout=30)) as database, database:
            database.execute(
                "INSERT INTO petition_owner (petition_id, account_id) SELECT max(petition.id), account.id"
                " FROM petition, account WHERE account.email = 'organisatrice@demo.test'"
            )
        yield running


def send(page: Page, path: str, **values: str) -> None:
    page.goto(path)
    form = page.locator("main form").first
    for name, value in values.items():
        control = form.locator(f'[name="{name}"]').first
        if value == "on":
            control.check()
        elif name == "category":
            control.select_option(value)
        else:
            control.fill(value)
    with page.expect_navigation():
        form.locator("[type=submit]").locator("visible=true").first.click()


@pytest.mark.typed("80 × W, une adresse de 90 signes, un mot de 200 lettres", "rien ne déborde à 320 px")
def test_nothing_overflows_at_any_width(browser: Browser, wild: Demo) -> None:
    people, found = People(browser, wild), Narrow()
    page, moderator, organiser, admin = (people.arrive() for _ in range(4))
    petition, email = wild.petition("fermez"), f"{'w' * 60}@{'w' * 60}.test"
    desk = f"/organisation{petition}"
    sign(page, petition, email, given_name=W, family_name=W)
    found.look(page)
    open_mail(page, email, "/confirmer/")
    choose(page, display="full", comment=LONG)
    found.look(page, "confirm")
    with page.expect_navigation():
        page.get_by_role("button", name="Confirmer ma signature").click()
    found.look(page, "thanks")
    page.goto(petition)
    fill(form_of(page), given_name=LONG, family_name=W, email=LONG)
    with page.expect_navigation():
        form_of(page).get_by_role("button", name="Signer").click()
    found.look(page, "the petition, refused")
    send(page, f"{petition}/droit-de-reponse", name=W, capacity=W, email=email, passage=LONG, text=LONG)
    found.look(page, "a reply, asked for")
    send(
        page, f"{petition}/signaler", category="other", reasons=LONG, passage=LONG, name=W, email=email, good_faith="on"
    )
    found.look(page, "a notice, received")

    sign_in(moderator, "moderateur@demo.test")
    moderator.goto("/moderation")
    mine = moderator.locator("[data-item]").filter(has_text="Donau")
    for path in [str(link.get_attribute("href")) for link in mine.all()]:
        moderator.goto(path)
        found.look(moderator)
    follow(moderator, found, "/moderation", within=("/moderation",), most=400)
    moderator.goto(next(path for path in found.seen if "element=comment" in path))
    decide(moderator, moderator.locator('button[name="decision"][value="publish"]').first)

    sign_in(organiser, "organisatrice@demo.test")
    organiser.goto(f"{desk}/nouvelles")
    with organiser.expect_navigation():
        organiser.get_by_role("button", name="Écrire une nouvelle").click()
    organiser.get_by_label("Titre").fill(LONG[:150])
    organiser.get_by_label("Texte", exact=True).fill(LONG)
    with organiser.expect_navigation():
        organiser.get_by_role("button", name="Relire et envoyer").click()
    found.look(organiser, "news before they leave")
    with organiser.expect_navigation():
        organiser.get_by_role("button", name="Publier").first.click()
    organiser.goto("/lancer")
    organiser.get_by_label("Que demandez-vous ?").fill(LONG[:200])
    with organiser.expect_navigation():
        organiser.get_by_role("button", name="Commencer").click()
    draft = organiser.url.rpartition("/")[0]
    send(organiser, f"{draft}/destinataires", **{"name-1": W, "role-1": LONG[:300]})
    send(organiser, f"{draft}/sources", **{"title-1": W, "publisher-1": LONG[:300]})
    send(organiser, f"{draft}/histoire", text=LONG)
    send(organiser, f"{draft}/reglages", author=W, place=W)
    for step in ("demande", "destinataires", "histoire", "sources", "reglages", "relire"):
        organiser.goto(f"{draft}/{step}?verifier=oui")
        found.look(organiser, f"a draft: {step}")
    follow(organiser, found, "/organisation", desk, f"{desk}/nouvelles", within=("/organisation",), most=400)

    sign_in(admin, "admin@demo.test")
    follow(admin, found, "/administration", f"/administration/fraude{petition.removeprefix('/petitions')}", most=400)
    follow(page, found, "/", f"/?q={LONG[:120]}", petition, petition.replace("/petitions", "/widget"), most=400)
    people.close()
    assert "\n".join(found.width) == ""
