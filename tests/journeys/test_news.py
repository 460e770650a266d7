"""News from the first word to a reader's mailbox: seen before, tried on oneself, called back, read by a moderator."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.people import Demo, People, mails_to, open_mail, sign_in, signed

FILE = """---
title: "Des bancs sur le quai, {n}"
author: "Les assises"
recipients:
  - {{name: "Bernard Lassalvy", role: "Maire de Brémontel"}}
goal: 100
theme: "Transports"
---
Qui attend le car attend debout. Nous demandons six bancs sur le quai de la gare routière, à l’abri.
"""
TITLE = "La mairie nous reçoit jeudi"
ADMIN, MODERATOR = "admin@demo.test", "moderateur@demo.test"


def ten_minutes_later(demo: Demo) -> None:
    """For what waits to appear: the clock of a served site is nobody's to move."""
    with closing(sqlite3.connect(demo.folder / "signons.db", timeout=30)) as database, database:
        database.execute("UPDATE petition_update SET not_before = '2026-01-01' WHERE state = 'scheduled'")


def written(page: Page, petition: str) -> None:
    page.goto(f"/organisation{petition}/nouvelles")
    with page.expect_navigation():  # until its scripts hear what is typed
        page.get_by_role("button", name="Écrire une nouvelle").click()
    page.get_by_label("Titre").fill(TITLE)
    page.get_by_label("Texte", exact=True).fill("# Rendez-vous\n\nNous serons **douze**.")


def let_through(moderator: Page) -> None:
    moderator.goto("/moderation")
    moderator.get_by_role("link", name=TITLE).click()
    expect(moderator.locator(".prose strong")).to_have_text("douze")
    moderator.get_by_role("button", name="Publier la nouvelle").click()
    expect(moderator.get_by_role("heading", name="Modération", level=1)).to_be_visible()


@pytest.mark.parametrize("javascript", [True, False], ids=["script", "no script"])
def test_from_the_draft_to_the_page_and_to_a_mailbox(
    people: People, demo: Demo, tmp_path: Path, javascript: bool
) -> None:
    word = "avec" if javascript else "sans"
    (tmp_path / "bancs.md").write_text(FILE.format(n=word))
    imported = demo.command("petition", "import", str(tmp_path / "bancs.md"), "--publish")
    petition = imported.split()[-1].removeprefix(demo.url)
    reader, organiser, moderator = (people.arrive(javascript=javascript) for _ in range(3))
    follower = f"suit.{word}@exemple.test"
    signed(reader, petition, follower, consent_updates="on")
    desk = f"/organisation{petition}/nouvelles"
    sign_in(organiser, ADMIN, desk)
    sign_in(moderator, MODERATOR)

    written(organiser, petition)
    if javascript:
        expect(organiser.locator("[data-preview-text] strong")).to_have_text("douze")
        expect(organiser.locator("[data-saved-at]")).to_contain_text("Enregistré à")
    else:
        organiser.get_by_role("button", name="Voir l’aperçu").click()
        expect(organiser.locator(".preview strong")).to_have_text("douze")
    organiser.get_by_role("button", name="Relire et envoyer").click()
    expect(organiser.get_by_role("region", name="Sur la page").locator(".prose strong")).to_have_text("douze")
    mail = organiser.frame_locator('iframe[title^="Le courriel tel"]')
    expect(mail.get_by_role("heading", name=TITLE)).to_be_visible()
    expect(organiser.get_by_text("Des nouvelles de ce que vous suivez")).to_be_visible()
    organiser.get_by_role("button", name="M’envoyer un essai").click()
    expect(organiser.get_by_role("status")).to_contain_text("L’essai part")
    organiser.get_by_role("button", name="Envoyer à 1 personne").click()
    expect(organiser.get_by_text("Une personne de la modération la lit")).to_be_visible()
    there = organiser.url

    let_through(moderator)
    organiser.goto(there)
    expect(organiser.get_by_text("Personne ne l’a encore vue")).to_be_visible()
    organiser.get_by_role("button", name="Rappeler").click()
    expect(organiser.get_by_role("status").first).to_contain_text("La nouvelle est rappelée")
    reader.goto(f"{petition}/nouvelles")
    expect(reader.get_by_text("Pas encore de nouvelle")).to_be_visible()

    organiser.get_by_role("button", name="Relire et envoyer").click()
    organiser.get_by_role("button", name="Envoyer à 1 personne").click()
    let_through(moderator)
    ten_minutes_later(demo)
    open_mail(reader, follower, f"{petition}/nouvelles?s=nouvelle")
    expect(reader.get_by_role("heading", name=TITLE)).to_be_visible()
    expect(reader.locator("article .prose strong")).to_have_text("douze")
    reader.goto(petition)
    expect(reader.locator("#nouvelles")).to_contain_text(TITLE)
    expect(mails_to(reader, follower).filter(has_text="Des nouvelles")).to_have_count(1)
    expect(mails_to(reader, ADMIN).filter(has_text="Essai")).not_to_have_count(0)
    organiser.goto(desk)
    expect(organiser.get_by_role("region", name="Parues")).to_contain_text("envoyée à 1 personne")
