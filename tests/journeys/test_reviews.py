"""Authors and moderators around one petition: refused then published, corrected twice, contested."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.people import Demo, People, open_mail, sign_in
from tests.journeys.reviews import JUDGE, MODERATOR, ORGANISER, open_review, propose, refuse, written

javascript = pytest.mark.parametrize("javascript", [True, False], ids=["javascript", "no-javascript"])


def remark(page: Page, block: str, text: str) -> None:
    """Without JavaScript too: the room under a block opens by itself."""
    room = page.locator("details.remark").filter(has=page.locator(f'[name="remark-{block}"]'))
    room.locator("summary").click()
    room.locator("textarea").fill(text)


def ask_for_corrections(page: Page) -> None:
    page.locator("#decision").get_by_role("button", name="Demander des corrections").click()
    page.wait_for_url("**/moderation")


@javascript
def test_refused_then_published(people: People, demo: Demo, tmp_path: Path, javascript: bool) -> None:
    town = f"Valbrume{'' if javascript else 'ux'}"
    desk = written(demo, tmp_path, town)
    author, moderator, public = people.arrive(javascript), people.arrive(javascript), people.arrive(javascript)
    sign_in(author, ORGANISER)
    sign_in(moderator, MODERATOR)
    propose(author, desk)
    author.get_by_role("link", name="Voir la page telle que proposée").click()
    expect(author.locator(".proof")).to_contain_text("trois seaux au plafond")
    open_review(moderator, town)
    refuse(moderator, "trois seaux au plafond", "Dites qui est concerné.")
    author.goto(desk)
    expect(author.locator("main")).to_contain_text("Pétition refusée le")
    expect(author.locator("main")).to_contain_text("Dites qui est concerné.")
    with author.expect_navigation():
        author.get_by_role("button", name="Proposer à nouveau").click()
    open_review(moderator, town)
    expect(moderator.locator("main")).to_contain_text("Rien n’a changé depuis.")
    moderator.locator("#champ-decision").click()
    moderator.wait_for_url("**/moderation")
    public.goto(desk.removeprefix("/organisation"))
    expect(public.get_by_role("heading", level=1)).to_contain_text(town)
    author.goto(f"{desk}/relecture")
    expect(author.locator("main")).to_contain_text("Cette pétition est publiée.")


@javascript
def test_corrections_twice_with_remarks_beside_the_text(
    people: People, demo: Demo, tmp_path: Path, javascript: bool
) -> None:
    town = f"Montclair{'' if javascript else 'et'}"
    desk = written(demo, tmp_path, town)
    author, moderator = people.arrive(javascript), people.arrive(javascript)
    sign_in(author, ORGANISER)
    sign_in(moderator, MODERATOR)
    propose(author, desk)
    open_review(moderator, town)
    remark(moderator, "1", "Depuis quel jour ?")
    remark(moderator, "sources", "Le lien ne mène à rien.")
    if javascript:
        moderator.locator(".words").filter(has_text="sous un parapluie").click()
        expect(moderator.locator('[name="remark-4"]')).to_be_focused()
        moderator.keyboard.press("Escape")
        expect(moderator.locator('[name="remark-4"]')).not_to_be_visible()
        moderator.keyboard.press("Enter")  # the focus is on what opens it
        expect(moderator.locator('[name="remark-4"]')).to_be_focused()
        moderator.keyboard.type("Qui est-elle ?")
        expect(
            moderator.locator("#decision").get_by_role("button", name="Demander des corrections (3)")
        ).to_be_visible()
    ask_for_corrections(moderator)
    author.goto(desk)
    expect(author.locator("main")).to_contain_text("Corrections demandées le")
    author.get_by_role("link", name="Lire les remarques").click()
    first = author.locator(".block-read").first
    expect(first).to_contain_text("trois seaux au plafond")
    expect(first).to_contain_text("Depuis quel jour ?")
    expect(author.get_by_role("link", name="Corriger le texte")).to_have_attribute("href", f"{desk}/texte")
    with author.expect_navigation():
        author.get_by_role("button", name="Proposer à nouveau").click()
    open_review(moderator, town)
    remark(moderator, "1", "La date manque toujours.")
    ask_for_corrections(moderator)
    author.goto(f"{desk}/relecture")
    expect(first).to_contain_text("La date manque toujours.")
    expect(author.get_by_role("button", name="Proposer à nouveau")).to_be_visible()


@javascript
def test_a_refusal_contested_from_the_page_is_judged_by_another(
    people: People, demo: Demo, tmp_path: Path, javascript: bool
) -> None:
    town = f"Saint-Aubry{'' if javascript else '-le-Vieux'}"
    desk = written(demo, tmp_path, town)
    author, moderator, judge = people.arrive(javascript), people.arrive(javascript), people.arrive(javascript)
    for page, who in ((author, ORGANISER), (moderator, MODERATOR), (judge, JUDGE)):
        sign_in(page, who)
    propose(author, desk)
    open_review(moderator, town)
    refuse(moderator, "trois seaux au plafond")
    author.goto(desk)
    author.get_by_role("link", name="Relire, ou contester").click()
    author.get_by_role("button", name="Envoyer le recours").click()
    expect(author.locator("#erreurs")).to_be_focused()
    author.get_by_label("Pourquoi cette décision est à revoir").fill("La fuite est dans trois journaux.")
    author.get_by_role("button", name="Envoyer le recours").click()
    expect(author.locator("#recours")).to_contain_text("Une autre personne que celle qui a décidé va relire")
    judge.goto("/moderation")
    judge.locator('main a[href*="/moderation/recours/"]').filter(has_text="trois journaux").first.click()
    expect(judge.locator(".proof")).to_contain_text("sous un parapluie")
    judge.get_by_label("Ce texte peut être publié").check()
    judge.get_by_label("Pourquoi").fill("La demande est claire.")
    judge.get_by_role("button", name="Donner mon avis et voir la décision").click()
    judge.get_by_label("Annuler la décision").check()
    judge.get_by_label("Raisons, qui seront envoyées").fill("La demande est claire, et datée.")
    judge.get_by_role("button", name="Juger").click()
    judge.wait_for_url("**/moderation")
    public = people.arrive(javascript)
    public.goto(desk.removeprefix("/organisation"))
    expect(public.get_by_role("heading", level=1)).to_contain_text(town)


def test_the_mail_leads_to_the_page_under_review(people: People, demo: Demo, tmp_path: Path) -> None:
    desk = written(demo, tmp_path, "Pontarlac")
    author = people.arrive()
    sign_in(author, ORGANISER)
    propose(author, desk)
    open_mail(author, ORGANISER, f"{desk}/relecture")
    expect(author.locator(".proof")).to_contain_text("Pontarlac")
