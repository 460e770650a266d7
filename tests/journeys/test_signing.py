"""A citizen reads, signs, confirms; what they see when something is wrong."""

import re
from pathlib import Path
from time import monotonic
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, Request, expect

from tests.journeys.people import (
    PERSON,
    PHONE,
    Demo,
    People,
    choose,
    confirm,
    fill,
    form_of,
    mails_to,
    number,
    open_mail,
    sign,
    signed,
)
from tests.site import PETITION

javascript = pytest.mark.parametrize("javascript", [True, False], ids=["javascript", "no-javascript"])


@javascript
def test_from_the_petition_to_the_thanks_on_a_phone(people: People, demo: Demo, javascript: bool) -> None:
    petition, email = demo.petition("nuit"), f"telephone-{javascript}@exemple.test"
    before = demo.count(petition)
    page = people.arrive(javascript, **PHONE)
    page.goto("/")
    page.locator(f'a[href="{petition}"]').click()
    page.locator(".summary").get_by_role("link", name="Signer").click()
    form = form_of(page)
    expect(form.locator('[name="given_name"]')).to_be_in_viewport()
    fill(form, given_name="Solène", family_name="Kerouac", email=email, postal_code="35000")
    fill(form, consent_signature="on", age_declared="on")
    form.get_by_role("button", name="Signer la pétition").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Consultez votre boîte")
    assert email not in page.url
    confirm(page, email)
    assert number(page.locator(".place")) == before + 1
    assert demo.count(petition) == before + 1
    assert only_of_the_inbox(page, petition)
    assert page.evaluate("localStorage.length + sessionStorage.length") == 0


@javascript
def test_errors_are_summed_up_and_what_was_typed_stays(people: People, demo: Demo, javascript: bool) -> None:
    page = people.arrive(javascript, **PHONE)
    page.goto(demo.petition("nuit"))
    typed = {"given_name": "Solène", "email": "solene@", "postal_code": "3500"}
    fill(form_of(page), **typed)
    expect(form_of(page).locator('[name="single_name"]')).to_have_count(0)
    form_of(page).get_by_role("button", name="Signer la pétition").click()
    summary = page.locator("#erreurs")
    expect(summary).to_be_focused()
    expect(summary).to_be_in_viewport()
    form = form_of(page)
    for name, value in typed.items():
        expect(form.locator(f'[name="{name}"]')).to_have_value(value)
    expect(form.get_by_label("Je n’ai qu’un nom")).not_to_be_checked()  # who has one name only may say so
    links = summary.get_by_role("link")
    wrong = ["family_name", "email", "postal_code", "consent_signature", "age_declared"]
    expect(links).to_have_count(len(wrong))
    for n, name in enumerate(wrong):
        links.nth(n).click()
        field = form.locator(f'[name="{name}"]')
        expect(field).to_be_focused()
        expect(field).to_be_in_viewport()
        assert field.get_attribute("aria-describedby")


@javascript
def test_each_public_line_is_shown_before_it_is_chosen(people: People, demo: Demo, javascript: bool) -> None:
    petition, email = demo.petition("nuit"), f"lignes-{javascript}@exemple.test"
    page = people.arrive(javascript)
    name = {"given_name": "Marie", "family_name": "’t Hooft"}
    sign(page, petition, email, **name, country="RE", postal_code="97400 Saint-Denis")
    open_mail(page, email, "/confirmer/")
    lines = page.get_by_role("group", name="Votre ligne dans la liste publique")
    assert lines.locator("label strong").all_inner_texts() == ["Anonyme", "Marie T. · 974", "Marie ’t Hooft · 97400"]
    expect(lines.get_by_role("radio").first).to_be_checked()
    choose(page, display="initial", comment="Pour ma grand-mère.", consent_updates="on")
    page.get_by_role("button", name="Confirmer ma signature").click()
    main = page.locator("main")
    expect(main).to_contain_text("Marie T. · 974")
    expect(main).to_contain_text("Votre commentaire est en attente de relecture")
    page.get_by_text("Changer ce que le public voit").click()
    expect(page.locator('[name="consent_updates"]')).to_be_checked()
    fill(page.locator("#choix"), display="full", consent_updates="")
    page.locator("#choix").get_by_role("button", name="Enregistrer").click()
    expect(page.get_by_role("status").filter(has_text="C’est enregistré")).to_be_visible()
    expect(main).to_contain_text("Marie ’t Hooft · 97400")
    page.goto(petition)
    expect(page.locator("[data-live-list]")).to_contain_text("Marie ’t Hooft")


def test_saying_why_once_it_is_signed(people: People, demo: Demo) -> None:
    page = people.arrive(**PHONE)
    signed(page, demo.petition("nuit"), "pourquoi@exemple.test")
    page.get_by_label("Pourquoi signez-vous ?").fill("Parce que mon fils y travaille.")
    page.locator("#choix").get_by_role("button", name="Enregistrer").click()
    expect(page.locator("main")).to_contain_text("Votre commentaire est en attente de relecture")
    expect(page.get_by_label("Pourquoi signez-vous ?")).to_have_count(0)


def test_the_word_beside_the_live_count_agrees_with_it(people: People, demo: Demo, tmp_path: Path) -> None:
    (tmp_path / "nouvelle.md").write_text(PETITION)
    petition = urlsplit(demo.command("petition", "import", str(tmp_path / "nouvelle.md"), "--publish").split()[-1]).path
    reader, citizen = people.arrive(), people.arrive()
    reader.goto(petition)
    expect(reader.locator(".petition")).to_have_class(re.compile("is-live"))
    words = reader.locator("[data-live-word]")
    assert set(words.all_inner_texts()) == {"signature"}  # French counts none as one
    for n, word in ((1, "signature"), (2, "signatures")):
        sign(citizen, petition, f"accord{n}@exemple.test")
        confirm(citizen, f"accord{n}@exemple.test")
        expect(reader.locator(".sign-card [data-live-count]")).to_have_text(str(n))
        assert {text.strip() for text in words.all_text_contents()} == {word}


def test_another_reader_sees_the_count_and_the_new_line_within_two_seconds(people: People, demo: Demo) -> None:
    petition = demo.petition("nuit")
    reader, citizen = people.arrive(reduced_motion="no-preference"), people.arrive()
    reader.goto(petition)
    expect(reader.locator(".petition")).to_have_class(re.compile("is-live"))
    count, button = reader.locator(".sign-card [data-live-count]"), reader.locator("[data-live-more]")
    before, newest = number(count), reader.locator("[data-live-list] tr").first
    first_line = newest.inner_text()
    moved = "n => document.querySelector('.sign-card [data-live-count]').textContent.replace(/\\D/g, '') == n"

    sign(citizen, petition, "direct@exemple.test", given_name="Aglaé", family_name="Vif", postal_code="29200")
    confirm(citizen, "direct@exemple.test")
    confirmed = monotonic()
    reader.wait_for_function(moved, arg=before + 1)
    expect(button).to_be_visible()
    assert monotonic() - confirmed < 2

    expect(button).to_have_text(re.compile("^1 nouvelle signature"))
    assert newest.inner_text() == first_line  # nothing moved under the reader's eyes
    button.click()
    expect(newest).to_contain_text("Aglaé Vif")
    expect(newest).to_contain_text("29200")
    expect(button).to_be_hidden()
    expect(reader.get_by_role("heading", name="Signatures récentes")).to_be_focused()
    assert {number(each) for each in reader.locator("[data-live-count]").all() if each.is_visible()} == {before + 1}


def test_a_reader_who_comes_back_is_offered_what_came_meanwhile(people: People, demo: Demo) -> None:
    petition = demo.petition("nuit")
    reader, citizen = people.arrive(), people.arrive()
    reader.goto(petition)
    expect(reader.locator(".petition")).to_have_class(re.compile("is-live"))
    reader.evaluate("dispatchEvent(new PageTransitionEvent('pagehide'))")
    expect(reader.locator(".petition")).not_to_have_class(re.compile("is-live"))
    before = number(reader.locator(".sign-card [data-live-count]"))
    for name in ("Perle", "Ambre"):
        sign(citizen, petition, f"{name}@exemple.test", given_name=name, family_name="Poche")
        confirm(citizen, f"{name}@exemple.test")
    reader.evaluate("dispatchEvent(new PageTransitionEvent('pageshow'))")
    button = reader.locator("[data-live-more]")
    expect(button).to_have_text(re.compile("^2 nouvelles signatures"))
    expect(reader.locator(".sign-card [data-live-count]")).to_have_text(str(before + 2))
    button.click()
    lines = reader.locator("[data-live-list] tr")
    expect(lines).to_contain_text(["Ambre Poche", "Perle Poche"])
    expect(lines).to_have_count(10)
    expect(button).to_be_hidden()


def _posts(page: Page) -> list[str]:
    sent: list[str] = []

    def note(request: Request) -> None:
        if request.method == "POST":
            sent.append(request.url)

    page.on("request", note)
    return sent


@javascript
def test_double_click_makes_one_signature(people: People, demo: Demo, javascript: bool) -> None:
    petition, email = demo.petition("nuit"), f"double-{javascript}@exemple.test"
    before = demo.count(petition)
    page = people.arrive(javascript)
    posts = _posts(page)
    page.goto(petition)
    fill(form_of(page), given_name="Léo", family_name="Double", email=email, postal_code="59000")
    fill(form_of(page), consent_signature="on", age_declared="on")
    form_of(page).get_by_role("button", name="Signer la pétition").dblclick()
    expect(page.get_by_role("heading", level=1)).to_have_text("Consultez votre boîte")
    if javascript:
        assert len(posts) == 1
    confirm(page, email)
    assert demo.count(petition) == before + 1
    assert mails_to(page, email).count() <= 2


@javascript
def test_back_button_then_the_same_form_again(people: People, demo: Demo, javascript: bool) -> None:
    petition, email = demo.petition("nuit"), f"retour-{javascript}@exemple.test"
    before = demo.count(petition)
    page = people.arrive(javascript)
    sign(page, petition, email)
    page.go_back()
    button = form_of(page).get_by_role("button", name="Signer la pétition")
    expect(button).to_be_enabled()
    fill(form_of(page), given_name="Léo", family_name="Retour", email=email, postal_code="59000")
    fill(form_of(page), consent_signature="on", age_declared="on")
    button.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Consultez votre boîte")
    confirm(page, email)
    page.go_back()
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("Votre signature est comptée")
    assert demo.count(petition) == before + 1


def test_confirming_in_a_second_tab_changes_nothing(people: People, demo: Demo) -> None:
    petition, email = demo.petition("nuit"), "onglets@exemple.test"
    page = people.arrive()
    sign(page, petition, email)
    other = page.context.new_page()
    confirm(other, email)
    count = demo.count(petition)
    confirmed = other.url
    page.goto(confirmed)
    expect(page.get_by_role("heading", level=1)).to_have_text("Votre signature est comptée")
    assert demo.count(petition) == count


def test_the_code_of_the_mail_confirms_without_a_link(people: People, demo: Demo) -> None:
    petition, email = demo.petition("nuit"), "code@exemple.test"
    page, mailbox = people.arrive(), people.arrive()
    sign(page, petition, email)

    mails = mails_to(mailbox, email)
    while mails.count() == 0:
        mails = mails_to(mailbox, email)
    mails.first.get_by_role("link").click()
    code = re.search(r"\b\d{4}[\s\u202f\u00a0-]?\d{4}\b", mailbox.locator(".mail-text").inner_text())
    assert code
    expect(page.get_by_label("Code reçu dans le message")).to_be_focused()
    page.keyboard.type(code[0])
    page.get_by_role("button", name="Confirmer avec ce code").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Votre signature est comptée")


@javascript
def test_an_address_is_asked_about_corrected_and_sent_to_again(people: People, demo: Demo, javascript: bool) -> None:
    """One tap each, nothing typed twice."""
    petition, who = demo.petition("nuit"), f"zoe.{javascript}".lower()
    wrong, right = f"{who}@exemple.tset", f"{who}@exemple.test"
    page, mailbox = people.arrive(javascript, **PHONE), people.arrive()
    page.goto(petition)
    fill(form_of(page), **{**PERSON, "email": f"{who}@gmial.con", "given_name": "Zoé"})
    form_of(page).get_by_role("button").click()
    page.get_by_role("button", name="Non, garder mon adresse").click()
    expect(page.locator(".mailbox")).to_have_text(f"{who}@gmial.con")
    expect(page.get_by_label("Code reçu dans le message")).to_be_focused()
    expect(page.locator(".mailbox")).to_be_in_viewport()
    page.get_by_text("Corriger l’adresse").click()
    page.get_by_label("Adresse e-mail").fill(f"{who}@gmial.com")
    page.get_by_role("button", name="Envoyer à cette adresse").click()
    page.get_by_role("button", name=f"Oui, {who}@gmail.com").click()
    expect(page.locator(".mailbox")).to_have_text(f"{who}@gmail.com")
    expect(page.get_by_role("link", name="Ouvrir Gmail")).to_be_visible()
    for email in (wrong, right):
        page.get_by_text("Corriger l’adresse").click()
        page.get_by_label("Adresse e-mail").fill(email)
        page.get_by_role("button", name="Envoyer à cette adresse").click()
        expect(page.locator(".mailbox")).to_have_text(email)
    page.get_by_role("button", name="Renvoyer").click()
    expect(page.get_by_role("status")).to_contain_text("Nouvel envoi demandé")
    before = demo.count(petition)
    confirm(mailbox, right)
    assert demo.count(petition) == before + 1
    assert mails_to(mailbox, wrong).count() == 0


def only_of_the_inbox(page: Page, petition: str) -> bool:
    """What was just typed, for the one page after the form: no other cookie."""
    kept = [(cookie["name"], cookie["path"], cookie["httpOnly"]) for cookie in page.context.cookies()]
    return kept == [("inbox", f"{petition}/verifier", True)]


def test_public_pages_set_no_cookie(people: People, demo: Demo) -> None:
    """Neither their answers nor their scripts."""
    petition = demo.petition("nuit")
    page = people.arrive()
    around = ["", "/signatures", "/commentaires", "/partager", "/verifier"]
    apart = ["/", "/?q=parc", "/charte", "/confidentialite", "/mentions-legales", "/accessibilite", "/transparence",
             "/contact", "/comptage", "/mes-signatures", "/connexion", "/nulle-part"]  # fmt: skip
    for path in [*(petition + end for end in around), petition.replace("/petitions/", "/widget/"), *apart]:
        page.goto(path)
        assert page.context.cookies() == [], path


def test_signing_twice_looks_the_same_and_counts_once(people: People, demo: Demo) -> None:
    petition, email = demo.petition("nuit"), "deux.fois@exemple.test"
    page = people.arrive()
    signed(page, petition, email)
    count = demo.count(petition)
    sign(page, petition, email)
    assert demo.count(petition) == count
