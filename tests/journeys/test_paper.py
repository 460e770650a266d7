"""People have signed on a market: one person enters their sheet, another counts it. With and without JavaScript."""

from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.journeys.people import Demo, People, sign_in


@pytest.mark.parametrize(("javascript", "sheet"), [(True, 5), (False, 6)], ids=["script", "no script"])
def test_a_sheet_is_printed_entered_and_counted(
    people: People, demo: Demo, tmp_path: Path, javascript: bool, sheet: int
) -> None:
    petition = demo.petition("nuit")
    desk, before = f"/organisation{petition}/papier", demo.count(petition)
    first, second, reader = (people.arrive(javascript=javascript) for _ in range(3))
    sign_in(first, "organisatrice@demo.test", f"/organisation{petition}")
    first.goto(f"/organisation{petition}")
    first.get_by_role("link", name="Papier").click()
    first.get_by_label("Combien de feuilles").fill("3")
    first.get_by_label("Où les rapporter").fill("Café de la gare")
    first.get_by_role("button", name="Numéroter ces feuilles").click()
    expect(first.get_by_role("status")).to_contain_text("imprimez-les")
    link = first.locator("#imprimer table").get_by_role("link", name="PDF").first
    assert first.request.get(link.get_attribute("href") or "").body().startswith(b"%PDF-")

    copy = BytesIO()
    Image.new("RGB", (60, 80), "white").save(copy, "PNG")
    (tmp_path / "feuille.png").write_bytes(copy.getvalue())
    first.get_by_role("link", name="Saisir une feuille").click()
    first.get_by_label("Numéro de la feuille").fill(str(sheet))
    first.get_by_label("Code postal 1", exact=True).fill("29000")
    first.get_by_label("Combien 1", exact=True).fill("13")
    first.get_by_role("button", name="Enregistrer cette feuille").click()
    expect(first.locator("#erreurs")).to_contain_text("de 1 à 12")
    first.get_by_label("Combien 1", exact=True).fill("11")
    first.get_by_label("Copie de la feuille").set_input_files(tmp_path / "feuille.png")
    first.get_by_role("button", name="Enregistrer cette feuille").click()
    expect(first.get_by_role("status")).to_contain_text(f"Feuille {sheet} enregistrée : 11 signatures")
    assert demo.count(petition) == before
    first.goto(f"{desk}/feuilles/{sheet}")
    expect(first.get_by_text("Elle attend une autre personne que vous.")).to_be_visible()

    sign_in(second, "benevole@demo.test", desk)
    second.goto(desk)
    second.locator('[aria-labelledby="a-verifier"]').get_by_role("link", name=f"Feuille {sheet}").click()
    with second.expect_popup() as opened:
        second.get_by_role("button", name="Ouvrir la copie").click()
    expect(opened.value.locator("img")).to_be_visible()
    opened.value.close()
    second.get_by_label("Nombre de signatures").fill("11")
    second.get_by_role("button", name="Enregistrer ma vérification").click()
    expect(second.get_by_role("status")).to_contain_text("cette feuille compte")
    assert demo.count(petition) == before + 11
    reader.goto(petition)
    expect(reader.locator(".counter").first).to_contain_text("sur papier")
    reader.locator(".counter a:visible").first.click()
    expect(reader.get_by_role("heading", level=1)).to_have_text("Le compte, expliqué")
