"""A signer asks for a link, sees, corrects, hides, withdraws.

Without JavaScript, but for the countdown of what can be undone (tests/test_architecture.py keeps the list).
"""

import json
import re
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from tests.journeys.people import Demo, People, mails_to, open_mail, sign, signed


def ask_for_the_link(page: Page, email: str) -> None:
    page.goto("/")
    page.get_by_role("link", name="Mes signatures").first.click()
    page.get_by_label("Adresse e-mail").fill(email)
    page.get_by_role("button", name="Recevoir le lien").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Consultez votre boîte")


def open_my_signatures(page: Page, email: str) -> None:
    ask_for_the_link(page, email)
    open_mail(page, email, "/mes-signatures/")
    page.get_by_role("button", name="Voir mes signatures").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Mes signatures")


def correct(page: Page, **values: str) -> Locator:
    """Change these fields of the only signature; gives its sheet."""
    line = page.locator("article")
    if not line.locator("details").evaluate("details => details.open"):
        line.locator("summary").click()
    for name, value in values.items():
        control = line.locator(f'[name="{name}"]')
        control.select_option(value) if name == "display" else control.fill(value)
    line.get_by_role("button", name="Enregistrer").click()
    return line


def test_see_correct_hide_and_withdraw(people: People, demo: Demo) -> None:
    petition, email = demo.petition("parc"), "moi@exemple.test"
    page, public = people.arrive(javascript=False), people.arrive()
    newest = public.locator("[data-live-list] tr").first
    signed(page, petition, email, given_name="Ninon", family_name="Dubuc", display="initial", postal_code="44000")
    count = demo.count(petition)
    public.goto(petition)
    expect(newest).to_contain_text("Ninon D.")

    open_my_signatures(page, email)
    line = page.locator("article")
    expect(line).to_contain_text("Ninon D. · 44")
    expect(line).to_contain_text("au plus tard le")

    correct(page, family_name="https://exemple.test")
    expect(page.locator("#erreurs")).to_be_focused()
    expect(line.locator('[name="family_name"]')).to_have_value("https://exemple.test")
    correct(page, family_name="Dubourg", postal_code="44100", display="full")
    expect(line.locator("dd strong").first).to_have_text("Ninon Dubourg · 44100")
    public.reload()
    expect(newest).to_contain_text("Ninon Dubourg")
    expect(newest).to_contain_text("44100")

    correct(page, display="hidden")
    expect(line.locator("dd strong").first).to_have_text("Anonyme")  # the form has the word too
    public.reload()
    expect(newest).to_contain_text("Anonyme")
    expect(newest).not_to_contain_text("44100")

    line.get_by_role("link", name="Retirer ma signature").click()
    expect(page.locator("main")).to_contain_text("la liste publique montre « Anonyme »")
    page.get_by_role("button", name="Retirer ma signature").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("C’est retiré")
    assert demo.count(petition) == count - 1
    page.get_by_role("main").get_by_role("link", name="Mes signatures").click()
    expect(page.get_by_text("Nous ne gardons aucune signature de cette adresse.")).to_be_visible()


def test_a_withdrawal_is_undone_and_the_next_is_not(people: People, demo: Demo) -> None:
    petition, email = demo.petition("parc"), "je-me-ravise@exemple.test"
    page, public = people.arrive(), people.arrive()
    signed(page, petition, email, given_name="Oona", family_name="Ravel", display="full")
    count = demo.count(petition)
    open_my_signatures(page, email)
    page.clock.install()  # the countdown's, not the server's; by a script, which a frame of mail would refuse
    for last in (False, True):
        page.get_by_role("link", name="Retirer ma signature").click()
        page.get_by_role("button", name="Retirer ma signature").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("C’est retiré")
        expect(page.locator("[data-undo-left]")).to_contain_text(re.compile(r"Encore \d+ s\."))
        assert demo.count(petition) == count - 1
        public.goto(petition)
        expect(public.locator("[data-live-list]")).not_to_contain_text("Oona Ravel")
        if last:
            page.clock.fast_forward(61_000)
            expect(page.get_by_role("status")).to_have_text("La minute est passée : c’est effacé pour de bon.")
            expect(page.get_by_role("button", name="Annuler")).to_have_count(0)
        else:
            page.get_by_role("button", name="Annuler").click()
            expect(page.get_by_role("heading", level=1)).to_have_text("C’est annulé")
            assert demo.count(petition) == count
            public.goto(petition)
            expect(public.locator("[data-live-list] tr").first).to_contain_text("Oona Ravel")
            page.get_by_role("main").get_by_role("link", name="Mes signatures").click()
    assert demo.count(petition) == count - 1


def test_the_session_is_kept_to_its_own_pages_and_ends(people: People, demo: Demo) -> None:
    petition, email = demo.petition("parc"), "seance@exemple.test"
    page = people.arrive(javascript=False)
    signed(page, petition, email)
    open_my_signatures(page, email)
    assert page.context.cookies(f"{demo.url}{petition}") == []
    assert all(cookie["httpOnly"] for cookie in page.context.cookies(f"{demo.url}/mes-signatures/liste"))
    page.get_by_role("button", name="Fermer cette page").click()
    expect(page.get_by_role("button", name="Recevoir le lien")).to_be_visible()
    assert page.context.cookies(f"{demo.url}/mes-signatures/liste") == []
    page.goto("/mes-signatures/liste")
    expect(page.get_by_text(email)).to_have_count(0)


def test_one_downloads_what_is_known_of_oneself(people: People, demo: Demo, tmp_path: Path) -> None:
    email = "copie@exemple.test"
    page = people.arrive(javascript=False)
    signed(page, demo.petition("parc"), email, given_name="Zoé", family_name="Copie")
    open_my_signatures(page, email)
    with page.expect_download() as download:
        page.get_by_role("link", name="Télécharger (JSON)").click()
    download.value.save_as(tmp_path / "mine.json")
    known = json.loads((tmp_path / "mine.json").read_text())
    assert known["adresse"] == email
    assert [line["family_name"] for line in known["signatures"]] == ["Copie"]
    with page.expect_download() as download:
        page.get_by_role("link", name="Télécharger (CSV)").click()
    download.value.save_as(tmp_path / "mine.csv")
    assert "Zoé;Copie" in (tmp_path / "mine.csv").read_text("utf-8-sig")


def test_stopping_one_mailing(people: People, demo: Demo) -> None:
    petition, email = demo.petition("parc"), "arret@exemple.test"
    page = people.arrive(javascript=False)
    signed(page, petition, email, consent_updates="on", consent_newsletter="on")
    count = demo.count(petition)
    open_my_signatures(page, email)
    consents = page.locator("article li")
    updates, newsletter = consents.filter(has_text="Suites"), consents.filter(has_text="Lettre")
    updates.get_by_role("button", name="Arrêter").click()
    expect(updates).to_contain_text("arrêté le")
    expect(updates.get_by_role("button")).to_have_count(0)
    expect(newsletter.get_by_role("button", name="Arrêter")).to_be_visible()
    assert demo.count(petition) == count


def test_a_scanner_that_runs_scripts_and_follows_links_confirms_nothing(people: People, demo: Demo) -> None:
    """As a mail filter does: it opens the mailed link, lets scripts run, and goes wherever a link leads."""
    petition, email = demo.petition("parc"), "filtre@exemple.test"
    page, scanner = people.arrive(), people.arrive()
    sign(page, petition, email)
    count = demo.count(petition)
    open_mail(page, email, "/confirmer/")
    mailed = page.url
    scanner.goto(mailed)
    links = scanner.locator("main a[href]")
    assert links.count() > 0
    for n in range(links.count()):
        scanner.evaluate("document.querySelectorAll('details').forEach(folded => { folded.open = true; })")
        links.nth(n).click()
        scanner.wait_for_load_state("networkidle")
        scanner.goto(mailed)
    assert demo.count(petition) == count
    page.reload()
    page.get_by_role("button", name="Confirmer ma signature").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Votre signature est comptée")
    assert demo.count(petition) == count + 1


def test_erasing_everything(people: People, demo: Demo) -> None:
    petition, email = demo.petition("parc"), "tout@exemple.test"
    page = people.arrive(javascript=False)
    signed(page, petition, email)
    count = demo.count(petition)
    open_my_signatures(page, email)
    page.get_by_role("link", name="Tout effacer").click()
    page.get_by_role("button", name="Tout effacer maintenant").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Tout est effacé")
    assert demo.count(petition) == count - 1


def test_an_address_that_never_signed_gets_the_same_answer_and_no_mail(people: People, demo: Demo) -> None:
    stranger, witness = people.arrive(), people.arrive()
    email = "temoin@exemple.test"
    signed(witness, demo.petition("parc"), email)
    ask_for_the_link(stranger, "jamais@exemple.test")
    said = stranger.locator("main").inner_text()
    ask_for_the_link(witness, email)
    assert witness.locator("main").inner_text() == said
    open_mail(witness, email, "/mes-signatures/")  # asked after the stranger's
    assert mails_to(witness, "jamais@exemple.test").count() == 0


def test_two_clicks_from_the_mail_to_the_erasure(people: People, demo: Demo) -> None:
    petition, email = demo.petition("parc"), "deux-clics@exemple.test"
    page = people.arrive(javascript=False)
    signed(page, petition, email)
    count = demo.count(petition)
    ask_for_the_link(page, email)
    open_mail(page, email, "/mes-signatures/")
    page.get_by_role("link", name="Tout effacer sans ouvrir").click()
    page.get_by_role("button", name="Tout effacer maintenant").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Tout est effacé")
    assert demo.count(petition) == count - 1
