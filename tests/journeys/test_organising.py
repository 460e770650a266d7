"""An organiser sees the figures, takes the file away, closes the comments, without JavaScript: no page has any."""

import hashlib
from pathlib import Path

from playwright.sync_api import expect

from tests.journeys.people import Demo, People, confirm, form_of, number, sign, sign_in

ORGANISER = "organisatrice@demo.test"


def test_figures_export_and_its_line_in_the_journal(people: People, demo: Demo, tmp_path: Path) -> None:
    petition = demo.petition("mediatheque")
    page = people.arrive(javascript=False)
    sign_in(page, ORGANISER)
    page.goto("/organisation")
    page.locator(f'a[href="/organisation{petition}"]').click()
    expect(page.get_by_role("img", name="Signatures confirmées, jour par jour")).to_be_visible()
    assert number(page.locator(".tiles div").filter(has_text="Confirmées").first.locator("dd")) == demo.count(petition)
    page.get_by_text("Voir les chiffres en tableau").click()
    assert sum(number(cell) for cell in page.locator(".chart tbody td").all()) == demo.count(petition)

    page.get_by_label("Contrôle").check()
    with page.expect_download() as download:
        page.get_by_role("button", name="Télécharger").click()
    file = tmp_path / "export.csv"
    download.value.save_as(file)
    assert download.value.suggested_filename.endswith(".csv")
    content = file.read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")
    page.reload()
    expect(page.get_by_role("region", name="Journal des exports")).to_contain_text(hashlib.sha256(content).hexdigest())


def test_closing_and_opening_the_comments(people: People, demo: Demo) -> None:
    petition = demo.petition("parc")
    page, public = people.arrive(), people.arrive()
    sign_in(page, ORGANISER, f"/organisation{petition}")
    page.get_by_role("button", name="Fermer les commentaires").click()
    expect(page.get_by_role("button", name="Ouvrir les commentaires")).to_be_visible()
    public.goto(petition)
    expect(public.get_by_text("Les commentaires sont fermés.")).to_be_visible()
    expect(form_of(public).locator('[name="comment"]')).to_have_count(0)
    page.get_by_role("button", name="Ouvrir les commentaires").click()
    expect(page.get_by_role("button", name="Fermer les commentaires")).to_be_visible()
    public.reload()
    expect(form_of(public).locator('[name="comment"]')).to_be_visible()


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
    expect(page.get_by_role("region", name="Tableau des liens")).not_to_contain_text("Affiche")
    with page.expect_download() as download:
        page.get_by_role("link", name="Jour par jour, en CSV").click()
    file = tmp_path / "jours.csv"
    download.value.save_as(file)
    lines = file.read_bytes().decode("utf-8-sig").splitlines()
    assert sum(int(line.split(";")[1]) for line in lines[1:]) == demo.count(petition)
