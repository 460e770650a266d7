"""A grave act asks who it is, in the middle of it, and goes on by itself once that is proved."""

import sqlite3
from contextlib import closing

from playwright.sync_api import expect

from app.demo import PASSWORD
from tests.journeys.people import Demo, People, sign_in


def test_what_was_typed_is_sent_again_after_the_proof(people: People, demo: Demo) -> None:
    page = people.arrive()
    sign_in(page, "admin@demo.test", "/administration/comptes")
    with closing(sqlite3.connect(demo.folder / "signons.db", timeout=30)) as database, database:  # an hour ago
        database.execute("UPDATE staff_session SET proved_at = '2026-01-01 00:00:00.000000'")
    page.locator("#champ-email").fill("renfort@demo.test")
    page.locator("#champ-role").select_option("admin")
    page.get_by_role("button", name="Créer le compte").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("C’est bien vous\u202f?")
    page.get_by_label("Mot de passe").fill("pas le bon du tout")
    page.get_by_role("button", name="Continuer").click()
    expect(page.locator("#erreurs")).to_contain_text("Ce n’est pas votre mot de passe.")
    page.get_by_label("Mot de passe").fill(PASSWORD)
    page.get_by_role("button", name="Continuer").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Compte créé")
    expect(page.locator("main")).to_contain_text("renfort@demo.test")
    page.get_by_role("link", name="Mon compte").click()
    expect(page.get_by_text("c’est celle-ci")).to_be_visible()
