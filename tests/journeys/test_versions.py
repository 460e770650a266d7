"""A text that people have signed changes; one of them leaves because of it. With and without JavaScript."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.journeys.people import Demo, People, open_mail, sign_in, signed

TEXT = """---
title: "Un abri pour les vélos de la gare, {n}"
author: "Les pédales mouillées"
recipients:
  - {{name: "Bernard Lassalvy", role: "Maire de Brémontel"}}
goal: 100
theme: "Transports"
---
Chaque matin, deux cents vélos dorment sous la pluie. Nous demandons un abri de quarante places devant la gare.
"""
REASON = "Nous avons compté : quarante places ne suffisent pas."


@pytest.mark.parametrize("javascript", [True, False], ids=["script", "no script"])
def test_an_amendment_and_a_signer_who_leaves_because_of_it(
    people: People, demo: Demo, tmp_path: Path, javascript: bool
) -> None:
    file = tmp_path / "abri.md"
    file.write_text(TEXT.format(n="avec" if javascript else "sans"))
    petition = demo.command("petition", "import", str(file), "--publish").split()[-1].removeprefix(demo.url)
    word = "oui" if javascript else "non"
    stays, leaves = (people.arrive(javascript=javascript) for _ in range(2))
    signed(stays, petition, f"reste.{word}@exemple.test")
    signed(leaves, petition, f"part.{word}@exemple.test")
    organiser = people.arrive(javascript=javascript)
    sign_in(organiser, "admin@demo.test", f"/organisation{petition}/version")
    organiser.goto(f"/organisation{petition}/version")

    text = organiser.get_by_label("Texte", exact=True)
    text.fill(text.input_value().replace("dorment", "dorme nt"))
    organiser.get_by_role("button", name="Voir ce qui change").click()
    expect(organiser.get_by_text("C’est une coquille")).to_be_visible()
    text.fill(text.input_value().replace("dorme nt", "dorment").replace("quarante", "soixante"))
    organiser.get_by_role("button", name="Voir ce qui change").click()
    expect(organiser.get_by_text("ne touche pas à un nombre")).to_be_visible()
    organiser.get_by_label("Vos raisons").fill(REASON)
    organiser.get_by_role("button", name="Proposer cet amendement").click()
    expect(organiser.get_by_role("heading", name="Votre amendement attend la modération")).to_be_visible()

    moderator = people.arrive(javascript=javascript)
    sign_in(moderator, "moderateur@demo.test", "/connexion")
    moderator.goto("/moderation")
    moderator.get_by_role("link", name=REASON).click()
    expect(moderator.locator(".sides ins")).to_contain_text("soixante")
    moderator.get_by_role("button", name="Publier l’amendement").click()
    expect(moderator.get_by_role("heading", name="Modération", level=1)).to_be_visible()

    open_mail(leaves, f"part.{word}@exemple.test", "/mes-signatures/retirer/")
    leaves.get_by_role("button", name="Retirer ma signature").click()
    expect(leaves.get_by_role("button", name="Retirer ma signature")).to_have_count(0)
    assert demo.count(petition) == 1
    open_mail(stays, f"reste.{word}@exemple.test", f"{petition}/versions")
    expect(stays.locator("main")).to_contain_text(REASON)
    expect(stays.locator("ins")).to_contain_text("soixante")
    expect(stays.locator("main")).to_contain_text("1 sur la version 1")
    stays.goto(petition)
    expect(stays.locator(".colophon")).to_contain_text("version 2")
