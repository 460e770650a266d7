"""An account of one's own: by password and code without JavaScript on a telephone, by passkey in one gesture."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import pyotp
import pytest
from playwright.sync_api import Browser, Page, expect

from app import clock
from tests.journeys.people import PHONE, Demo, People, open_mail, sign_in

PASSWORD = "une phrase de passe"


def invited(people: People, email: str) -> None:
    """What the last step of /lancer mails, an administrator can mail, too."""
    page = people.arrive()
    sign_in(page, "admin@demo.test", "/administration/comptes")
    page.get_by_label("Adresse à inviter").fill(email)
    page.get_by_role("button", name="Inviter").click()
    expect(page.get_by_role("status")).to_contain_text("L’invitation est partie")


def application(page: Page) -> pyotp.TOTP:
    """The secret as somebody types it from the page."""
    return pyotp.TOTP(page.locator(".seed code").inner_text().replace(" ", ""))


def code(totp: pyotp.TOTP, steps: int = 0) -> str:
    return totp.at(int(clock.now().timestamp()) + 30 * steps)


def test_from_the_mail_to_the_first_page_on_a_telephone_without_javascript(people: People, demo: Demo) -> None:
    email = "telephone@exemple.test"
    invited(people, email)
    page = people.arrive(javascript=False, **PHONE)
    open_mail(page, email, "/compte/creer/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Créer votre compte")
    expect(page.get_by_role("button", name="clé d’accès")).to_have_count(0)
    page.get_by_label("Mot de passe").fill(PASSWORD)
    page.get_by_label("Code à six chiffres").fill("000000")
    page.get_by_role("button", name="Créer mon compte").click()
    expect(page.locator("#erreurs")).to_contain_text("Ce code ne convient pas")
    totp = application(page)
    page.get_by_label("Mot de passe").fill(PASSWORD)
    page.get_by_label("Code à six chiffres").fill(code(totp))
    page.get_by_role("button", name="Créer mon compte").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Votre compte est créé")
    expect(page.locator(".codes code")).to_have_count(10)
    codes = page.locator(".codes code").all_inner_texts()
    assert len(set(codes)) == 10
    expect(page.get_by_role("link", name="Continuer")).to_have_attribute("href", "/lancer")

    # The telephone is lost: one of the codes instead.
    again = people.arrive(javascript=False, **PHONE)
    again.goto("/connexion?suite=/compte")
    again.get_by_label("Adresse e-mail").fill(email)
    again.get_by_label("Mot de passe").fill(PASSWORD)
    again.get_by_role("button", name="Se connecter").click()
    again.get_by_text("Je n’ai pas mon téléphone").click()
    again.get_by_label("Code de secours").fill(codes[4])
    again.get_by_role("button", name="Entrer avec ce code").click()
    expect(again.get_by_role("heading", level=1)).to_have_text("Mon compte")
    expect(again.locator("main")).to_contain_text("il vous en reste 9")


@pytest.fixture
def named(browser: Browser, demo: Demo) -> Iterator[People]:
    """People who come by the name of this machine: browsers keep no passkey for numbers."""
    crowd = People(browser, replace(demo, url=demo.url.replace("127.0.0.1", "localhost")))
    yield crowd
    crowd.close()
    assert crowd.complaints() == []


def authenticator(page: Page, **options: Any) -> None:
    """A telephone that its owner has just unlocked."""
    cdp = page.context.new_cdp_session(page)
    cdp.send("WebAuthn.enable")
    kind = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
            "isUserVerified": True, "automaticPresenceSimulation": True}  # fmt: skip
    cdp.send("WebAuthn.addVirtualAuthenticator", {"options": kind | options})


def mailed(page: Page, email: str, path: str) -> str:
    """The path of the link, to be opened by another name of this machine."""
    open_mail(page, email, path)
    return urlsplit(page.url).path


def an_hour_ago(demo: Demo) -> None:
    with closing(sqlite3.connect(demo.folder / "signons.db", timeout=30)) as database, database:
        database.execute("UPDATE staff_session SET proved_at = '2026-01-01 00:00:00.000000'")


def test_a_passkey_makes_the_account_and_opens_it_in_one_gesture(people: People, named: People, demo: Demo) -> None:
    email = "cle@exemple.test"
    invited(people, email)
    path = mailed(people.arrive(), email, "/compte/creer/")
    page = named.arrive()
    authenticator(page)
    page.goto(path)
    page.get_by_role("button", name="Créer mon compte avec une clé d’accès").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Votre compte est créé")
    page.goto("/compte")
    expect(page.locator("main")).to_contain_text("aucun : vos clés d’accès suffisent")
    with page.expect_navigation():
        page.get_by_role("button", name="Se déconnecter").click()

    page.get_by_role("button", name="Entrer avec une clé d’accès").click()
    expect(page.get_by_role("button", name="Se déconnecter")).to_be_visible()

    # A second one needs a proof; the first gives it, and both are in the list.
    an_hour_ago(demo)
    page.goto("/compte")
    page.get_by_role("button", name="Ajouter une clé d’accès").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("C’est bien vous\u202f?")
    page.get_by_role("button", name="Montrer une clé d’accès").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Ajouter une clé d’accès")
    page.get_by_role("button", name="Faire la clé").click()
    expect(page.get_by_role("alert")).to_have_text("Cet appareil a déjà une clé d’accès pour ce compte.")
    authenticator(page, transport="usb")
    page.get_by_label("Nom de cette clé").fill("clé du bureau")
    page.get_by_role("button", name="Faire la clé").click()
    expect(page.get_by_role("status")).to_contain_text("Votre clé d’accès est ajoutée")
    expect(page.locator("main")).to_contain_text("clé du bureau")

    # One goes; the last one stays.
    page.get_by_role("button", name=re.compile("Retirer la clé d’accès")).first.click()
    expect(page.get_by_role("status")).to_contain_text("retirée")
    page.get_by_role("button", name=re.compile("Retirer la clé d’accès")).click()
    expect(page.locator("main")).to_contain_text("la seule façon d’entrer")


def test_a_gesture_that_is_not_made_says_so(named: People) -> None:
    page = named.arrive()
    authenticator(page)
    page.goto("/connexion")
    page.get_by_role("button", name="Entrer avec une clé d’accès").click()
    expect(page.get_by_role("alert")).to_contain_text("Rien n’a été fait")
    expect(page.get_by_role("button", name="Entrer avec une clé d’accès")).to_be_enabled()


def test_an_unlocked_authenticator_that_does_not_verify_opens_nothing(named: People) -> None:
    page = named.arrive()
    authenticator(page, isUserVerified=False)
    sign_in(page, "organisatrice@demo.test", "/connexion?suite=/compte")
    page.get_by_role("button", name="Ajouter une clé d’accès").click()
    page.get_by_role("button", name="Faire la clé").click()
    expect(page.get_by_role("alert")).to_contain_text("Rien n’a été fait")


def test_by_its_numbers_the_demo_says_where_passkeys_work(people: People) -> None:
    page = people.arrive()
    sign_in(page, "organisatrice@demo.test", "/connexion?suite=/compte")
    expect(page.get_by_role("link", name="http://localhost:")).to_be_visible()
