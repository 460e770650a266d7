"""An organiser sees the figures, takes the file away, closes the comments, with and without JavaScript."""

import hashlib
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from playwright.sync_api import expect

from app.demo import PASSWORD
from tests.journeys.people import Demo, People, confirm, form_of, number, sign, sign_in

ORGANISER = "organisatrice@demo.test"


def test_figures(people: People, demo: Demo) -> None:
    petition = demo.petition("mediatheque")
    page = people.arrive(javascript=False)
    sign_in(page, ORGANISER)
    page.goto("/organisation")
    page.locator(f'a[href="/organisation{petition}"]').click()
    expect(page.get_by_role("img", name="Signatures confirmées, jour par jour")).to_be_visible()
    assert number(page.locator(".tiles div").filter(has_text="Confirmées").first.locator("dd")) == demo.count(petition)
    page.get_by_text("Voir les chiffres en tableau").click()
    assert sum(number(cell) for cell in page.locator(".chart tbody td").all()) == demo.count(petition)


@pytest.mark.parametrize("javascript", [True, False])
def test_export_chosen_seen_explained_proved_fetched_and_in_the_journal(
    people: People, demo: Demo, tmp_path: Path, javascript: bool
) -> None:
    petition = demo.petition("mediatheque")
    page = people.arrive(javascript=javascript)
    sign_in(page, ORGANISER, f"/organisation{petition}")
    page.get_by_role("link", name="Exports").click()
    page.get_by_label("Remise").check()
    page.get_by_label("Classeur Excel ou LibreOffice").check()
    page.get_by_role("button", name="Voir un aperçu").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Aperçu de l’export")
    lines = page.get_by_role("region", name="Ses premières lignes")
    expect(lines.get_by_role("row")).to_have_count(6)
    _leave_it_for_eleven_minutes(demo)
    reason = "Remise en mairie." if javascript else "Remise à la région."
    page.get_by_label("Votre motif").fill(reason)
    page.get_by_role("button", name="Exporter", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("C’est bien vous ?")
    page.get_by_label("Mot de passe").fill(PASSWORD)
    page.get_by_role("button", name="Continuer").click()
    journal = page.get_by_role("table", name="Journal des exports")
    line = journal.get_by_role("row").nth(1)
    expect(line).to_contain_text(reason)
    expect(line).to_contain_text("à télécharger")
    with page.expect_download() as download:
        page.get_by_role("button", name="Télécharger le fichier").click()
    file = tmp_path / "export.xlsx"
    download.value.save_as(file)
    assert download.value.suggested_filename.endswith(".xlsx")
    if not javascript:  # with it, the line is completed by itself
        page.get_by_role("link", name="Voir sa ligne").click()
    expect(line).to_contain_text(hashlib.sha256(file.read_bytes()).hexdigest())
    expect(page.get_by_text("Le fichier est allé au bout")).to_be_visible()
    expect(page.get_by_role("button", name="Télécharger le fichier")).to_have_count(0)


def _leave_it_for_eleven_minutes(demo: Demo) -> None:
    """What a session last proved is that old now."""
    with closing(sqlite3.connect(demo.folder / "signons.db", timeout=30)) as database:
        database.execute("UPDATE staff_session SET proved_at = datetime(proved_at, '-11 minutes')")
        database.commit()


def test_closing_and_opening_the_comments(people: People, demo: Demo) -> None:
    petition = demo.petition("parc")
    page, public = people.arrive(), people.arrive()
    sign_in(page, ORGANISER, f"/organisation{petition}")
    page.get_by_role("button", name="Fermer les commentaires").click()
    expect(page.get_by_role("button", name="Ouvrir les commentaires")).to_be_visible()
    public.goto(petition)
    expect(public.get_by_text("Les commentaires sont fermés.")).to_be_visible()
    page.get_by_role("button", name="Ouvrir les commentaires").click()
    expect(page.get_by_role("button", name="Fermer les commentaires")).to_be_visible()
    public.reload()
    expect(public.get_by_text("Les commentaires sont fermés.")).to_have_count(0)


def test_a_petition_closed_while_one_was_typing(people: People, demo: Demo, tmp_path: Path) -> None:
    file = tmp_path / "banc.md"
    file.write_text(
        '---\ntitle: "Un banc place du Marché"\nauthor: "Les assis"\nrecipients:\n  - {name: "Mairie", role: "Ville"}'
        '\ngoal: 100\ntheme: "Ville"\n---\n'
        "Un banc, s’il vous plaît, pour s’asseoir à l’ombre du tilleul en attendant l’autobus du soir.\n"
    )
    petition = demo.command("petition", "import", str(file), "--publish").split()[-1].removeprefix(demo.url)
    citizen, page = people.arrive(), people.arrive()
    citizen.goto(petition)
    for name in ("given_name", "family_name"):
        form_of(citizen).locator(f'[name="{name}"]').fill("Aline")
    form_of(citizen).locator('[name="email"]').fill("trop.tard@exemple.test")
    form_of(citizen).locator('[name="postal_code"]').fill("35000")
    for name in ("consent_signature", "age_declared"):
        form_of(citizen).locator(f'[name="{name}"]').check()
    sign_in(page, "admin@demo.test", f"/organisation{petition}")
    page.get_by_text("Clore la pétition").click()
    page.get_by_role("button", name="Clore maintenant").click()
    expect(page.get_by_text("Clore la pétition")).to_have_count(0)
    with citizen.expect_response(lambda answer: answer.request.method == "POST") as answer:
        form_of(citizen).get_by_role("button").click()
    assert answer.value.status == 409
    expect(citizen.locator("main")).to_contain_text("close")
    assert demo.count(petition) == 0


def test_from_a_shared_link_to_the_organiser_s_numbers(people: People, demo: Demo, tmp_path: Path) -> None:
    petition = demo.petition("pietons")
    reader, page = people.arrive(), people.arrive(javascript=False)
    sign_in(page, ORGANISER, f"/organisation{petition}")
    sent = page.locator(".funnel li").filter(has_text="Formulaires envoyés").locator("strong")
    before = number(sent)
    reader.goto(f"{petition}?s=affiche")
    # Refused once: the page that comes back has no word in its address, and the form keeps it.
    with reader.expect_navigation():
        form_of(reader).get_by_role("button", name="Signer").click()
    expect(reader.locator('input[name="s"]')).to_have_value("affiche")
    sign(reader, f"{petition}?s=affiche", "par.affiche@exemple.test")
    confirm(reader, "par.affiche@exemple.test")
    page.reload()
    assert number(sent) == before + 1
    for curve in ("48 heures", "Semaines", "Jours"):
        page.get_by_role("link", name=curve, exact=True).click()
        expect(page.get_by_role("img", name="Signatures confirmées")).to_be_visible()
    # One is too few to be told: it is with those who came by no link.
    expect(page.get_by_role("table", name="Tableau des liens")).not_to_contain_text("Affiche")
    with page.expect_download() as download:
        page.get_by_role("link", name="Jour par jour, en CSV").click()
    file = tmp_path / "jours.csv"
    download.value.save_as(file)
    lines = file.read_bytes().decode("utf-8-sig").splitlines()
    assert sum(int(line.split(";")[1]) for line in lines[1:]) == demo.count(petition)
