"""A petition is closed and opened again; won, it is read by a moderator and told on the home page."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.journeys.people import Demo, People, sign_in
from tests.journeys.test_news import ten_minutes_later
from tests.services import wait_for

FILE = """---
title: "Un abri pour l’arrêt {name}"
author: "Les usagers"
recipients:
  - {{name: "Mairie", role: "Ville"}}
goal: 100
theme: "Transports"
---
Un abri, s’il vous plaît, pour attendre l’autobus du soir sans être trempés, et un banc sous cet abri.
"""


def published(demo: Demo, folder: Path, name: str) -> str:
    file = folder / "abri.md"
    file.write_text(FILE.format(name=name))
    return demo.command("petition", "import", str(file), "--publish").split()[-1].removeprefix(demo.url)


@pytest.mark.parametrize("javascript", [True, False])
def test_closed_then_opened_again(people: People, demo: Demo, tmp_path: Path, javascript: bool) -> None:
    petition = published(demo, tmp_path, f"Clos {javascript}")
    page, public = people.arrive(javascript=javascript), people.arrive(javascript=javascript)
    sign_in(page, "admin@demo.test", f"/organisation{petition}")
    page.get_by_text("Clore la pétition").click()
    page.get_by_role("button", name="Clore maintenant").click()
    expect(page.get_by_role("button", name="Clore maintenant")).to_have_count(0)
    public.goto(petition)
    expect(public.get_by_text("Cette pétition n’est plus ouverte à la signature")).to_be_visible()
    public.goto("/petitions?etat=closes")
    expect(public.locator(f'main a[href="{petition}"]')).to_be_visible()
    page.get_by_role("button", name="Rouvrir la pétition").click()
    expect(page.get_by_role("button", name="Rouvrir la pétition")).to_have_count(0)
    public.goto(petition)
    expect(public.locator("#signer")).to_be_visible()
    public.goto(f"{petition}/versions")
    expect(public.get_by_text("rouverte à la signature")).to_be_visible()


@pytest.mark.parametrize("javascript", [True, False])
def test_won_read_and_told_on_the_home_page(people: People, demo: Demo, tmp_path: Path, javascript: bool) -> None:
    petition, source = published(demo, tmp_path, f"Gagné {javascript}"), f"Annonce orale du maire, {javascript}"
    page, judge, public = (people.arrive(javascript=javascript) for _ in range(3))
    sign_in(page, "admin@demo.test", f"/organisation{petition}/issue")
    page.get_by_role("button", name="Proposer cette issue").click()
    expect(page.get_by_text("Choisissez ce que la pétition est devenue.").first).to_be_visible()
    page.get_by_label("Obtenue", exact=False).first.check()
    page.locator("#champ-source_title").fill(source)
    page.locator("#champ-text").fill("L’abri est voté, le banc aussi : rendez-vous au printemps.")
    page.get_by_role("button", name="Proposer cette issue").click()
    expect(page.get_by_text("La modération lit cette issue avant qu’elle paraisse")).to_be_visible()
    public.goto("/")
    expect(public.get_by_text(source)).to_have_count(0)
    sign_in(judge, "moderateur@demo.test", "/moderation")
    judge.locator('main a[href^="/moderation/nouvelles/"]').last.click()
    expect(judge.get_by_text(source)).to_be_visible()
    judge.get_by_role("button", name="Publier la nouvelle").click()
    judge.wait_for_url("**/moderation**")
    page.goto(f"/organisation{petition}/issue")
    expect(page.get_by_text("paraît le")).to_be_visible()
    ten_minutes_later(demo)
    wait_for(lambda: source in public.request.get("/").text(), "the home page tells it")
    public.goto("/")
    expect(public.locator("#titre-victoires")).to_be_visible()
    expect(public.get_by_role("region", name="Victoires").get_by_text(source)).to_be_visible()
    public.locator(f'main a[href="{petition}"]').last.click()
    expect(public.get_by_text("L’abri est voté, le banc aussi")).to_be_visible()
    public.goto("/petitions?etat=victoires")
    expect(public.locator(f'main a[href="{petition}"]')).to_be_visible()
