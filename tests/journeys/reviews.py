"""A petition on its way: written, proposed by its organiser, read by a moderator."""

from pathlib import Path

from playwright.sync_api import Page, expect

from tests.journeys.people import Demo

MODERATOR, JUDGE, ORGANISER = "moderateur@demo.test", "admin@demo.test", "organisatrice@demo.test"
HEAD = """---
title: "TITLE"
author: "La fanfare de TOWN"
recipients:
  - {name: "Camille Rozier", role: "Maire de TOWN"}
  - {name: "Département", role: "Service culture"}
goal: 500
theme: "Culture"
sources:
  - title: "La salle fermée jusqu’à nouvel ordre"
    publisher: "La Gazette"
    date: 2026-02-03
    url: "https://exemple.fr/salle"
---

"""
TEXT = """Depuis janvier, la salle des fêtes de TOWN prend l’eau : trois seaux au plafond, et les répétitions annulées.

## Ce que nous demandons

1. **Réparer** le toit avant l’hiver.
2. **Ouvrir** la salle aux associations le soir.

> « Nous jouons sous un parapluie », dit la cheffe de la fanfare.

Nous sommes quarante familles, et nous viendrons au [conseil de mars](https://exemple.fr/conseil).
"""


def written(demo: Demo, folder: Path, town: str, text: str = TEXT, title: str = "") -> str:
    """A draft of the demo's organiser; gives the path of its desk."""
    file = folder / f"{town}.md"
    head = HEAD.replace("TITLE", title or "Réparer la salle des fêtes de TOWN")
    file.write_text((head + text).replace("TOWN", town))
    slug = demo.command("petition", "import", str(file)).split()[-1].rpartition("/")[2]
    demo.command("account", "give", ORGANISER, "--petition", slug)
    return f"/organisation/petitions/{slug}"


def propose(author: Page, desk: str) -> None:
    author.goto(desk)
    with author.expect_navigation():
        author.get_by_role("button", name="Proposer").click()
    author.goto(desk)
    expect(author.locator("main")).to_contain_text("En relecture depuis le")


def open_review(moderator: Page, town: str) -> None:
    """By the queue, as moderators do."""
    moderator.goto("/moderation")
    moderator.locator('main a[href*="/moderation/petitions/"]').filter(has_text=town).first.click()
    expect(moderator.get_by_role("heading", name="Décision", exact=True)).to_be_visible()


def refuse(moderator: Page, passage: str, explanation: str = "") -> None:
    moderator.locator("#refuser > summary").click()
    form = moderator.locator("#decision")
    form.locator('[name="article"]').select_option("10")
    form.locator('[name="passage"]').fill(passage)
    form.locator('[name="explanation"]').fill(explanation)
    moderator.get_by_role("button", name="Refuser et prévenir l’auteur").click()
    moderator.wait_for_url("**/moderation")
