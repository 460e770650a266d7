"""The form is one screen of a phone."""

import pytest
import yaml
from playwright.sync_api import expect

from app.consents.actions import TEXTS
from tests.journeys.people import PHONE, Demo, People, form_of

# From the top of the first field, label included, to the bottom of the button.
HIGH = """form => form.querySelector("button[type=submit]").getBoundingClientRect().bottom
  - form.querySelector(".field").getBoundingClientRect().top"""
ONE_LINE = """form => new Set(["given_name", "family_name", "postal_code", "country"].map(
  name => form.elements[name].getBoundingClientRect().top)).size"""
LIMIT = 720
LONG = {"recipient": "Jeanne-Apolline de La Tour et 12 autres", "controller": "Association Signons"}


@pytest.mark.parametrize("locale", ["fr", "en"])
def test_the_form_fits_a_phone_s_screen(people: People, demo: Demo, locale: str) -> None:
    page = people.arrive(**PHONE)
    page.goto(("" if locale == "fr" else "/en") + demo.petition("nuit"))
    form = form_of(page)
    assert form.evaluate(HIGH) <= LIMIT
    assert form.evaluate(ONE_LINE) == 2, "the names beside each other, the country beside the postal code"
    # What is asked of everybody, and nothing else.
    visible = [
        each.get_attribute("name")
        for each in form.locator(":is(input, select, textarea):not([inert] *)").all()
        if each.is_visible()
    ]
    assert visible == [
        "given_name", "family_name", "email", "postal_code", "country", "consent_signature", "age_declared",
    ]  # fmt: skip
    for text in yaml.safe_load(TEXTS.read_text()):
        if text["purpose"] == "sign" and text["locale"] == locale:
            label = text["body"].split("\n")[0].format(**LONG)
            form.locator('label[for="champ-consent_signature"]').evaluate("(at, text) => at.textContent = text", label)
            assert form.evaluate(HIGH) <= LIMIT, label


def test_the_full_text_is_one_tap_away(people: People, demo: Demo) -> None:
    page = people.arrive(False, **PHONE)
    page.goto(demo.petition("nuit"))
    full = form_of(page).get_by_text("RGPD, article 9.2.a")
    expect(full).to_be_hidden()
    form_of(page).get_by_text("Texte complet de cet accord").click()
    expect(full).to_be_visible()
