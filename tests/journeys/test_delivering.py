"""A petition is handed over: the pack, the public date with its proof, the recipient's receipt and their answer."""

import zipfile
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from tests.deliveries.handing import PDF
from tests.journeys.people import Demo, People, open_mail, sign_in

PETITION = """---
title: "Un kiosque pour la place de {town}"
author: "Les musiciens"
recipients:
  - {{name: "Claire Vasseur", role: "Maire de {town}"}}
  - {{name: "Paul Roux", role: "Président de l’agglomération"}}
goal: 100
theme: "Culture"
---
Un kiosque, s’il vous plaît, pour jouer à l’abri de la pluie les soirs de fête et les dimanches.
"""


@pytest.mark.parametrize("javascript", [True, False])
def test_from_the_pack_to_the_answer(people: People, demo: Demo, tmp_path: Path, javascript: bool) -> None:
    town = "Hautbois" if javascript else "Cornemuse"
    file = tmp_path / "kiosque.md"
    file.write_text(PETITION.format(town=town))
    petition = demo.command("petition", "import", str(file), "--publish").split()[-1].removeprefix(demo.url)
    page = people.arrive(javascript)
    sign_in(page, "admin@demo.test", f"/organisation{petition}")
    page.get_by_role("link", name="Remise", exact=True).click()
    expect(page.get_by_text("ou avec l’accord d’une autre personne de l’administration")).to_be_visible()

    # The operator has the pack; whoever carries the petition, its page.
    pack = tmp_path / "dossier.zip"
    demo.command("petition", "pack", urlsplit(petition).path.rpartition("/")[2], "-o", str(pack))
    with zipfile.ZipFile(pack) as archive:
        assert {name.rpartition(".")[2] for name in archive.namelist()} == {"pdf", "csv", "xlsx", "txt"}

    page.get_by_role("button", name="Continuer").click()
    expect(page.get_by_role("link", name="Choisissez au moins un destinataire.")).to_be_visible()
    page.get_by_label("Claire Vasseur").check()
    page.get_by_label("En main propre").check()
    page.get_by_label("Une phrase de plus").fill("Une fanfare jouait.")
    page.get_by_role("button", name="Continuer").click()
    expect(page.get_by_text("Plus personne ne peut signer.")).to_be_visible()
    proof = tmp_path / "recu.pdf"
    proof.write_bytes(PDF)
    page.get_by_label("La preuve").set_input_files(proof)
    page.get_by_role("button", name="Dire que c’est remis").click()
    expect(page.get_by_role("status")).to_contain_text("La remise est notée")
    expect(page.get_by_text("recu.pdf")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("button", name="Télécharger la preuve").click()
    download.value.save_as(tmp_path / "copie.pdf")
    assert (tmp_path / "copie.pdf").read_bytes() == PDF

    public = people.arrive(javascript)
    public.goto(petition)
    card = public.get_by_role("complementary", name="État de la pétition")
    expect(card).to_contain_text(f"en main propre, à : Claire Vasseur, Maire de {town}".replace(" :", "\u202f:"))
    expect(card).to_contain_text("s’effacent le")

    page.get_by_text("Demander qu’un lien soit envoyé").first.click()
    page.get_by_label("Page où se trouve l’adresse officielle").first.fill("https://mairie.example/contact")
    page.get_by_role("button", name="Demander le lien").first.click()
    expect(page.get_by_role("status")).to_contain_text("Votre demande est faite")
    page.goto("/administration/remises")
    page.get_by_role("link", name=f"Claire Vasseur, Maire de {town}").click()
    section = page.get_by_role("region", name=f"Claire Vasseur, Maire de {town}")
    section.get_by_text("Envoyer le lien").first.click()
    section.get_by_label("Adresse officielle", exact=True).fill(f"cabinet@{town.lower()}.example")
    section.get_by_role("button", name="Envoyer le lien").click()
    expect(
        page.get_by_role("link", name="Lisez l’adresse sur la page officielle, puis cochez cette case.")
    ).to_be_visible()
    section.get_by_label("J’ai lu cette adresse").check()
    section.get_by_role("button", name="Envoyer le lien").click()
    expect(page.get_by_role("status")).to_contain_text("Le lien est parti")

    recipient = people.arrive(javascript)
    open_mail(recipient, f"cabinet@{town.lower()}.example", "/destinataire/")
    recipient.get_by_role("button", name="J’en accuse réception").click()
    expect(recipient.get_by_role("status")).to_contain_text("Merci")
    recipient.get_by_label("Votre réponse", exact=True).fill("Le kiosque sera **bâti** avant la fête de la musique.")
    recipient.get_by_role("button", name="Envoyer ma réponse").click()
    expect(recipient.get_by_role("status")).to_contain_text("relit avant qu’elle paraisse")
    expect(recipient.get_by_role("button", name="Changer ma réponse")).to_be_visible()
    public.reload()
    expect(card).to_contain_text("Réception confirmée le")


def test_an_organiser_takes_the_pack_away(people: People, demo: Demo, tmp_path: Path) -> None:
    petition = demo.petition("mediatheque")
    page = people.arrive(javascript=False)
    sign_in(page, "organisatrice@demo.test", f"/organisation{petition}/remise")
    with page.expect_download() as download:
        page.get_by_role("button", name="Télécharger le dossier").click()
    download.value.save_as(tmp_path / "dossier.zip")
    with zipfile.ZipFile(tmp_path / "dossier.zip") as archive:
        (listed,) = [name for name in archive.namelist() if name.endswith(".csv")]
        assert archive.read(listed).count(b"\r\n") == demo.count(petition) + 1
    page.reload()
    expect(page.get_by_text("Dernière liste faite le")).to_be_visible()
