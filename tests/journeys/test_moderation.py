"""A moderator signs in, publishes one comment, refuses another under an article with a passage."""

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.journeys.people import Demo, People, decide, sign_in, signed

javascript = pytest.mark.parametrize("javascript", [True, False], ids=["javascript", "no-javascript"])
MODERATOR = "moderateur@demo.test"


def choose(page: Page, words: str) -> None:
    """Open the waiting comment that says *words*."""
    page.goto("/moderation")
    page.locator('main a[href*="/moderation"]').filter(has_text=words).first.click()
    expect(page.locator("main .subject, main .comment").filter(has_text=words).first).to_be_visible()


def button(page: Page, decision: str) -> Locator:
    """By the form of interface.md, not by the words on its button."""
    return page.locator(f'button[name="decision"][value="{decision}"]:not([formaction])').first


@javascript
def test_one_is_published_and_one_refused_with_its_reasons(people: People, demo: Demo, javascript: bool) -> None:
    petition, author, rude = (
        demo.petition("passages"),
        f"aimable-{javascript}@exemple.test",
        f"rude-{javascript}@exemple.test",
    )
    good = f"Devant l’école, ma fille attend trois feux. ({javascript})"
    bad = f"Ce maire est un parfait crétin. ({javascript})"
    citizen, public, page = people.arrive(javascript), people.arrive(javascript), people.arrive(javascript)
    signed(citizen, petition, author, comment=good, given_name="Rose", family_name="Aimable")
    signed(citizen, petition, rude, comment=bad)
    public.goto(petition)
    expect(public.locator("#commentaires")).not_to_contain_text(good)

    sign_in(page, MODERATOR, "/moderation")
    choose(page, good)
    decide(page, button(page, "publish"))
    public.reload()
    expect(public.locator("#commentaires")).to_contain_text(good)
    expect(public.locator("#commentaires")).to_contain_text("Rose Aimable")

    choose(page, bad)
    page.locator('[name="article"]').first.select_option("")
    page.locator('[name="passage"]').first.fill("")
    button(page, "refuse").click()  # without a reason: asked again
    expect(page.locator("#erreurs")).to_be_focused()
    page.locator('[name="article"]').first.select_option("1")
    page.locator('[name="passage"]').first.fill("un parfait crétin")
    page.locator('[name="explanation"]').first.fill("Parlez de ses décisions.")
    decide(page, button(page, "refuse"))
    page.goto("/moderation")
    expect(page.locator("main")).not_to_contain_text(bad)
    public.reload()
    expect(public.locator("main")).not_to_contain_text("crétin")


def test_the_second_of_two_moderators_is_told(people: People, demo: Demo) -> None:
    words = "Trois minutes pour traverser, c’est long."
    citizen, first, second = people.arrive(), people.arrive(), people.arrive()
    signed(citizen, demo.petition("passages"), "traverse@exemple.test", comment=words)
    sign_in(first, MODERATOR)
    sign_in(second, MODERATOR)
    choose(first, words)
    choose(second, words)
    decide(first, button(first, "publish"))
    button(second, "publish").click()
    expect(second.get_by_role("heading", level=1)).to_have_text("Ce commentaire a déjà sa décision")


def test_signing_in_fails_in_words_and_ends_when_asked(people: People, demo: Demo) -> None:
    page = people.arrive()
    page.goto("/connexion")
    page.get_by_label("Adresse e-mail").fill(MODERATOR)
    page.get_by_label("Mot de passe").fill("ce n’est pas cela")
    page.get_by_role("button", name="Se connecter").click()
    expect(page.locator("#erreurs")).to_be_focused()
    expect(page.get_by_label("Adresse e-mail")).to_have_value(MODERATOR)
    expect(page.get_by_label("Mot de passe")).to_have_value("")
    sign_in(page, MODERATOR)
    with page.expect_navigation():
        page.get_by_role("button", name="Se déconnecter").click()
    page.goto("/moderation")
    expect(page.get_by_role("heading", level=1)).to_have_text("Connexion")
