"""The same, with the keyboard alone."""

from playwright.sync_api import Page, expect

from tests.journeys.people import Demo, People, form_of, mails_to
from tests.services import wait_for

FOCUSED = """() => {
  const at = document.activeElement, style = getComputedStyle(at), box = at.getBoundingClientRect();
  const ring = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
  return {name: at.name || "", value: at.value || "", text: at.textContent.trim(), href: at.getAttribute("href") || "",
          tag: at.tagName, ring, seen: box.width > 0 && box.bottom > 0 && box.top < innerHeight};
}"""


def tab_to(page: Page, **wanted: str) -> None:
    """Press Tab until the focus is there; each stop on the way is visible and has its ring."""
    for _ in range(150):
        page.keyboard.press("Tab")
        here = page.evaluate(FOCUSED)
        assert here["tag"] == "BODY" or (here["ring"] and here["seen"]), here
        if all(value in here[key] for key, value in wanted.items()):
            return
    raise AssertionError(f"Tab never reached {wanted}")


def type_into(page: Page, name: str, text: str) -> None:
    tab_to(page, name=name)
    page.keyboard.type(text)


def test_the_first_stop_skips_to_the_content(people: People, demo: Demo) -> None:
    page = people.arrive()
    page.goto(demo.petition("nuit"))
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Aller au contenu")).to_be_focused()
    expect(page.get_by_role("link", name="Aller au contenu")).to_be_in_viewport()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.querySelector('main').contains(document.activeElement)")


def test_signing_with_the_keyboard_alone(people: People, demo: Demo) -> None:
    petition, email = demo.petition("nuit"), "clavier@exemple.test"
    before = demo.count(petition)
    page = people.arrive()
    page.goto(petition)
    type_into(page, "given_name", "Ada")
    type_into(page, "family_name", "Clavier")
    type_into(page, "email", email)
    type_into(page, "postal_code", "31000")
    tab_to(page, name="consent_signature")
    page.keyboard.press("Space")
    page.keyboard.press("Enter")  # too early: the age is not declared

    expect(page.locator("#erreurs")).to_be_focused()
    tab_to(page, href="#champ-age_declared")
    page.keyboard.press("Enter")
    expect(form_of(page).locator('[name="age_declared"]')).to_be_focused()
    page.keyboard.press("Space")
    tab_to(page, tag="BUTTON", text="Signer la pétition")
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", level=1)).to_have_text("Consultez votre boîte")
    tab_to(page, href="/boite-locale")
    page.keyboard.press("Enter")
    page.wait_for_url("**/boite-locale")
    wait_for(lambda: mails_to(page, email).count() == 1, "the mail", 20)
    tab_to(page, href="/boite-locale/")
    page.keyboard.press("Enter")
    page.wait_for_url("**/boite-locale/*")
    tab_to(page, href="/confirmer/")
    page.keyboard.press("Enter")
    page.wait_for_url("**/confirmer/*")
    tab_to(page, name="display")
    page.keyboard.press("ArrowDown")
    tab_to(page, text="Dire pourquoi je signe")
    page.keyboard.press("Enter")
    type_into(page, "comment", "Sans souris.")
    tab_to(page, text="Confirmer ma signature")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Votre signature est comptée")
    expect(page.locator("main")).to_contain_text("Ada C. · 31")
    assert demo.count(petition) == before + 1


def test_every_stop_of_the_petition_page_is_visible(people: People, demo: Demo) -> None:
    page = people.arrive()
    page.goto(demo.petition("nuit"))
    tab_to(page, href="/contact")


def test_nothing_is_hidden_behind_the_foot_bar_on_a_phone(people: People, demo: Demo) -> None:
    page = people.arrive(viewport={"width": 360, "height": 640})
    page.goto(demo.petition("nuit"))
    covered = """() => {
      const at = document.activeElement.getBoundingClientRect();
      const bar = document.querySelector("[data-foot-bar]");
      if (getComputedStyle(bar).visibility === "hidden" || bar.contains(document.activeElement)) return false;
      return at.top >= bar.getBoundingClientRect().top;
    }"""
    for _ in range(80):
        page.keyboard.press("Tab")
        assert not page.evaluate(covered), page.evaluate(FOCUSED)
