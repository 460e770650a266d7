"""Somebody whom nobody knows launches a petition: from the home page to "proposée", then online."""

import re
from collections.abc import Callable
from pathlib import Path

import pyotp
import pytest
from playwright.sync_api import Page, Response, expect

from app import clock
from tests.journeys.people import PHONE, Demo, People, form_of, open_mail, sign_in

# Of whoever has the text ready to paste.
MOST = 40
TEXT = """Chaque matin, cent vélos dorment sous la pluie devant la gare.

## Ce que nous demandons

1. **Un abri** couvert, éclairé.
2. **Dix arceaux** de plus.
"""
WORD = """<p class=MsoNormal><b>Chaque matin</b>, cent vélos dorment sous la pluie.</p><h1>Ce que nous demandons</h1>
<p class=MsoListParagraph style='mso-list:l0 level1 lfo1'><span style='mso-list:Ignore'>1.&nbsp;</span>Un abri</p>
<p class=MsoListParagraph style='mso-list:l0 level1 lfo1'><span style='mso-list:Ignore'>2.&nbsp;</span>Dix arceaux</p>
<p>Voir <a href='https://exemple.fr/a(b)'>l’article</a>, page 2 * 3.</p>"""


class Hand:
    """Counts what it does."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.gestures = 0

    def __call__(self, gesture: Callable[..., object], *words: str) -> None:
        gesture(*words)
        self.gestures += 1

    def fill(self, label: str, words: str) -> None:
        self(self.page.get_by_label(label, exact=True).fill, words)

    def press(self, name: str) -> None:
        self(self.page.get_by_role("button", name=name, exact=True).click)


def write(hand: Hand, title: str) -> str:
    """The six steps; gives the draft's address."""
    page = hand.page
    page.goto("/")
    hand(page.get_by_role("navigation").first.get_by_role("link", name="Lancer une pétition").click)
    hand.fill("Que demandez-vous ?", title)
    hand.press("Commencer")
    hand.fill("Nom", "Claire Vasseur")
    hand.fill("Fonction", "Maire de Montfleur")
    hand.press("Continuer")
    hand.fill("Texte", TEXT)
    hand.press("Continuer")
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile("Une image"))
    hand.press("Continuer")
    hand.press("Continuer")  # no source
    hand.fill("Qui la lance", "Collectif des pédales")
    hand(page.get_by_label("Transports", exact=True).check)
    hand.fill("Objectif de signatures", "2 000")
    hand.press("Continuer")
    expect(page.get_by_text("Voici votre page, telle qu’elle sera publiée.")).to_be_visible()
    return page.url.rpartition("/")[0]


def make_account(hand: Hand, email: str) -> None:
    """By the mailed link, with a password and a code; ends where one was."""
    page = hand.page
    hand.fill("Votre adresse e-mail", email)
    hand.press("Recevoir le lien")
    expect(page.get_by_role("heading", level=1)).to_have_text("Consultez votre boîte")
    hand(lambda: open_mail(page, email, "/compte/creer/"))
    totp = pyotp.TOTP(page.locator(".seed code").inner_text().replace(" ", ""))
    hand.fill("Mot de passe", "une phrase de passe")
    hand.fill("Code à six chiffres", totp.at(int(clock.now().timestamp())))
    hand.press("Créer mon compte")
    hand(page.get_by_role("link", name="Continuer").click)


@pytest.mark.parametrize("javascript", [True, False], ids=["scripts", "no-scripts"])
def test_alone_from_the_home_page_to_a_published_petition(people: People, demo: Demo, javascript: bool) -> None:
    title = f"Un abri pour les vélos de la gare {'Nord' if javascript else 'Sud'}"
    email = f"lea.{'avec' if javascript else 'sans'}@exemple.test"
    hand = Hand(people.arrive(javascript, **PHONE))
    page = hand.page
    draft = write(hand, title)
    make_account(hand, email)
    expect(page).to_have_url(re.compile(f"{re.escape(draft)}/relire"))
    hand.press("Proposer à la relecture")
    expect(page.get_by_role("heading", level=1)).to_have_text(title)
    expect(page.get_by_text(re.compile("En relecture depuis"))).to_be_visible()
    assert hand.gestures <= MOST

    moderator = people.arrive()
    sign_in(moderator, "moderateur@demo.test", "/moderation")
    moderator.locator("a", has_text=title).first.click()
    with moderator.expect_navigation():
        moderator.get_by_role("button", name="Publier la pétition").click()
    public = people.arrive()
    public.goto("/")
    public.get_by_role("link", name=title).click()
    expect(public.get_by_text("Claire Vasseur", exact=True)).to_be_visible()
    expect(form_of(public).get_by_role("button")).to_be_visible()


def saved(answer: Response) -> bool:
    """A page that saves itself was answered."""
    return answer.request.method == "POST" and answer.url.endswith("/histoire")


def test_a_text_pasted_from_word_saves_and_shows_itself(people: People) -> None:
    page = people.arrive()
    page.goto("/lancer")
    page.get_by_label("Que demandez-vous ?").fill("Un abri pour les vélos")
    with page.expect_navigation():
        page.get_by_role("button", name="Commencer").click()
    draft = page.url.rpartition("/")[0]
    page.goto(f"{draft}/histoire")
    text = page.get_by_label("Texte", exact=True)
    text.focus()
    page.evaluate(
        """html => {
          const data = new DataTransfer();
          data.setData("text/html", html);
          const paste = new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true });
          document.activeElement.dispatchEvent(paste);
        }""",
        WORD,
    )
    expect(text).to_have_value(
        "**Chaque matin**, cent vélos dorment sous la pluie.\n\n## Ce que nous demandons\n\n1. Un abri\n2. Dix arceaux"
        "\n\nVoir [l’article](https://exemple.fr/a%28b%29), page 2 \\* 3."
    )
    preview = page.get_by_role("region", name="Aperçu")
    expect(preview.get_by_role("heading", name="Ce que nous demandons")).to_be_visible()
    expect(preview.get_by_role("listitem")).to_have_count(2)
    expect(page.get_by_text(re.compile(r"Enregistré à \d\d:\d\d"))).to_be_visible()
    text.press("End")
    with page.expect_response(saved):
        page.get_by_role("button", name="Citation").click()
    expect(text).to_have_value(re.compile(r"> Voir \[l’article\]"))
    expect(page.get_by_text(re.compile(r"\d+ mots, 1 min de lecture"))).to_be_visible()

    other = page.context.new_page()
    other.goto(f"{draft}/histoire")
    with other.expect_response(saved):
        other.get_by_label("Texte", exact=True).fill("Une autre version, plus courte.")
    text.fill("La première fenêtre ne sait pas.")
    expect(page.get_by_text("depuis une autre fenêtre")).to_be_visible()
    other.reload()
    expect(other.get_by_label("Texte", exact=True)).to_have_value("Une autre version, plus courte.")


def test_a_picture_is_sent_as_soon_as_it_is_chosen_and_its_heart_is_touched(people: People, tmp_path: Path) -> None:
    from PIL import Image

    Image.linear_gradient("L").resize((1800, 1200)).convert("RGB").save(tmp_path / "photo.jpg")
    page = people.arrive()
    page.goto("/lancer")
    page.get_by_label("Que demandez-vous ?").fill("Un abri pour les vélos")
    with page.expect_navigation():
        page.get_by_role("button", name="Commencer").click()
    draft = page.url.rpartition("/")[0]
    page.goto(f"{draft}/image")
    with page.expect_navigation():  # sent, shown, and listening
        page.get_by_label("Choisir une image").set_input_files(tmp_path / "photo.jpg")
    shown = page.get_by_role("img", name="Votre image")
    shown.click(position={"x": 48, "y": 32})
    expect(page.get_by_label("Depuis la gauche")).to_have_value("10")
    expect(page.get_by_label("Depuis le haut")).to_have_value("10")
    page.get_by_role("button", name="Continuer").click()
    expect(page.get_by_role("group", name="2 réponses sont à corriger")).to_be_visible()
    page.get_by_label("Description").fill("Un dégradé gris")
    page.get_by_label("Je peux publier cette image").check()
    page.get_by_role("button", name="Continuer").click()
    page.goto(f"{draft}/relire")
    expect(page.get_by_role("img", name="Un dégradé gris")).to_be_visible()
