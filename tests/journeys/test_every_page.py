"""Every page and state, for each kind of visitor: accessible, fitting, still, quiet.

Pages are found by following links, so that a new one cannot be forgotten; states are made by hand.
"""

import re
from collections.abc import Callable, Iterator
from urllib.parse import urljoin, urlsplit

import pyotp
import pytest
from playwright.sync_api import Browser, BrowserType, Page, expect

from app import clock
from tests.journeys.people import (
    PERSON,
    Demo,
    People,
    choose,
    fill,
    form_of,
    mails_to,
    open_mail,
    sign,
    sign_in,
)
from tests.journeys.reviews import JUDGE, MODERATOR, ORGANISER, open_review, propose, refuse, written
from tests.journeys.survey import COUNT_SHIFTS, TOO_WIDE, Survey
from tests.services import chromium

POST = """([to, fields]) => {
  const form = Object.assign(document.createElement("form"), {method: "post", action: to});
  for (const [name, value] of Object.entries(fields))
    form.append(Object.assign(document.createElement("input"), {name, value}));
  document.body.append(form);
  form.submit();
}"""
LINKS = """() => [...document.querySelectorAll("a[href]:not([download])")].map(a => a.getAttribute("href"))"""


def shape(path: str) -> str:
    """Pages made by one template look alike: /petitions/x and /petitions/y are one."""
    url = urlsplit(path)
    generic = re.sub(
        r"(/(?:petitions|widget|fraude|organisations)/)(?!nouvelle$)[^/]+", r"\1*", re.sub(r"\d+", "0", url.path)
    )
    return generic + "?" + ",".join(sorted(re.findall(r"(\w+)=", url.query)))


def follow(page: Page, survey: Survey, *starts: str, within: tuple[str, ...] = ("/",), most: int = 60) -> None:
    """Look at every kind of page that links reach."""
    todo, known = list(starts), set(map(shape, starts))
    while todo and len(survey.seen) < most:
        answer = page.goto(todo.pop(0))
        assert answer is not None
        assert answer.status == 200, page.url
        survey.look(page)
        for link in page.evaluate(LINKS):
            url = urlsplit(urljoin(page.url, link))
            path = url.path + (f"?{url.query}" if url.query else "")
            here = url.netloc == urlsplit(page.url).netloc and url.path.startswith(within)
            if here and not re.search(r"\.\w+$", url.path) and shape(path) not in known:
                known.add(shape(path))
                todo.append(path)


def found(survey: Survey, *pages: str) -> None:
    """Links led to these too: their addresses begin so."""
    for page in pages:
        assert any(f"{seen}?".startswith(page) for seen in survey.seen), (page, survey.seen)


def send(page: Page) -> None:
    page.locator("main").get_by_role("button").first.click()


def citizen(page: Page, demo: Demo, survey: Survey) -> None:
    petition = demo.petition("nuit")
    follow(page, survey, "/", f"/widget/{petition.removeprefix('/petitions/')}", "/?q=introuvable", "/boite-locale")
    found(survey, "/charte?", "/transparence?", "/transparence/journal?")
    for form in ("signaler", "droit-de-reponse"):
        assert any(re.search(rf"^/petitions/.+/{form}\b", seen) for seen in survey.seen), (form, survey.seen)
    assert any(re.search(r"^/commentaires/\d+/signaler", seen) for seen in survey.seen), survey.seen
    amended = demo.petition("pietons")
    page.goto(f"{amended}/versions")
    survey.look(page, "two versions")
    page.get_by_role("link", name="Lire cette version en entier").last.click()
    survey.look(page, "a version in full")
    for etat in ("ouvertes", "closes", "victoires"):
        page.goto(f"/petitions?etat={etat}")
        survey.look(page)
    page.goto("/petitions?etat=victoires&q=introuvable")
    survey.look(page, "no victory found")
    page.goto(demo.petition("fontaine"))
    survey.look(page, "a petition that was won")
    page.goto(petition)
    with page.expect_navigation():  # the script asks first whether a proof is wanted
        form_of(page).get_by_role("button", name="Signer").click()
    expect(page.locator("#erreurs")).to_be_visible()
    survey.look(page, "the petition, refused")

    sign(page, petition, "toutes.pages@exemple.test")
    survey.look(page)
    page.get_by_role("button", name="Confirmer avec ce code").click()
    survey.look(page, "the code, refused")
    page.get_by_text("Corriger l’adresse").click()
    page.get_by_text("Le message n’arrive pas ?").click()
    survey.look(page, "the inbox, all open")
    page.get_by_label("Adresse e-mail").fill("toutes.pages@gmial.com")
    page.get_by_role("button", name="Envoyer à cette adresse").click()
    expect(page.get_by_role("button", name="Non, garder mon adresse")).to_be_visible()
    survey.look(page, "the inbox, a likely slip")
    page.goto("/en" + petition + "/verifier")
    survey.look(page, "the inbox of a browser that has sent nothing")
    open_mail(page, "toutes.pages@exemple.test", "/confirmer/")
    survey.look(page, "confirm")
    mailed = page.url
    page.get_by_role("link", name="Ce n’est pas moi").click()
    survey.look(page, "not me")
    page.goto(mailed)
    page.get_by_role("button", name="Confirmer ma signature").click()
    survey.look(page, "thanks")
    mails_to(page, "toutes.pages@exemple.test").first.get_by_role("link").click()
    survey.look(page, "a mail")
    page.goto(mailed.replace("/confirmer/", "/pas-moi/"))
    send(page)
    survey.look(page, "erased as not me")
    page.goto(mailed)
    survey.look(page, "410, a link that has served")


def errors(page: Page, demo: Demo, survey: Survey) -> None:
    petition = demo.petition("nuit")
    for path in ("/nulle-part", "/confirmer/abc", "/petitions/absente", "/mes-signatures/abc", "/desabonnement/abc"):
        answer = page.goto(path)
        assert answer is not None
        assert answer.status in {404, 410}, path
        survey.look(page)
    page.goto(petition)
    form_of(page).evaluate("form => { form.action = location.pathname; form.submit() }")
    expect(page.locator(".error-page .status")).to_contain_text("405")
    survey.look(page, "405")
    page.goto(petition)
    fill(form_of(page), email="x@exemple.test", **PERSON)
    form_of(page).locator('[name="consent_texts"]').evaluate("input => { input.value = '999' }")
    with page.expect_navigation():  # the script asks first whether a proof is wanted
        form_of(page).get_by_role("button").click()
    survey.look(page, "a wording that has changed")


def signer(page: Page, demo: Demo, survey: Survey) -> None:
    petition, email = demo.petition("nuit"), "signataire@exemple.test"
    sign(page, petition, email)
    open_mail(page, email, "/confirmer/")
    choose(page, consent_updates="on", consent_newsletter="on", comment="Je prenais ce train.")
    page.locator('main [name="consent_texts"]').evaluate("input => { input.value = '999' }")
    page.get_by_role("button", name="Confirmer ma signature").click()
    survey.look(page, "confirm, refused")
    page.get_by_role("button", name="Confirmer ma signature").click()
    survey.look(page, "thanks with a comment")
    page.get_by_text("Changer ce que le public voit").click()
    survey.look(page, "thanks, choices unfolded")
    page.locator("#choix").get_by_role("button", name="Enregistrer").click()
    survey.look(page, "thanks, choices saved")
    page.goto("/mes-signatures")
    page.get_by_role("button", name="Recevoir le lien").click()
    survey.look(page, "asking for the link, refused")
    page.get_by_label("Adresse e-mail").fill(email)
    page.get_by_role("button", name="Recevoir le lien").click()
    survey.look(page)
    open_mail(page, email, "/mes-signatures/")
    survey.look(page, "opening my signatures")
    page.get_by_role("button", name="Voir mes signatures").click()
    page.locator("article details summary").first.click()
    survey.look(page)
    page.locator('article [name="postal_code"]').fill("?")
    page.get_by_role("button", name="Enregistrer").click()
    survey.look(page, "a correction, refused")
    page.get_by_role("link", name="Retirer ma signature").click()
    survey.look(page, "withdrawing")
    page.get_by_role("button", name="Retirer ma signature").click()
    survey.look(page, "withdrawn, to be undone")
    page.get_by_role("button", name="Annuler").click()
    survey.look(page, "undone")
    page.get_by_role("main").get_by_role("link", name="Mes signatures").click()
    page.get_by_role("link", name="Retirer ma signature").click()
    page.get_by_role("button", name="Retirer ma signature").click()
    page.get_by_role("main").get_by_role("link", name="Mes signatures").click()
    survey.look(page, "no signature left")
    page.get_by_role("link", name="Tout effacer").click()
    survey.look(page, "erasing")
    page.get_by_role("button", name="Tout effacer maintenant").click()
    survey.look(page, "erased")


def visitor_of_staff(page: Page, demo: Demo, survey: Survey) -> None:
    email = "code@demo.test"
    demo.command("account", "create", email, "--role", "moderator", typed="une phrase de passe\n")
    page.goto("/connexion")
    survey.look(page)
    page.get_by_label("Adresse e-mail").fill(email)
    page.get_by_role("link", name="Recevoir un lien de connexion").click()
    survey.look(page)
    page.get_by_label("Adresse e-mail").fill(email)
    page.get_by_role("button", name="Recevoir le lien").click()
    survey.look(page, "a sign-in link, sent")
    open_mail(page, email, "/connexion/lien/")
    survey.look(page, "signing in by the link")
    page.goto("/connexion")
    page.get_by_label("Adresse e-mail").fill(email)
    page.get_by_label("Mot de passe").fill("non")
    page.get_by_role("button", name="Se connecter").click()
    survey.look(page, "signing in, refused")
    page.get_by_label("Mot de passe").fill("une phrase de passe")
    page.get_by_role("button", name="Se connecter").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Code de connexion")
    survey.look(page, "the code")
    page.get_by_label("Code à six chiffres").fill("000000")
    page.get_by_role("button", name="Entrer", exact=True).click()
    survey.look(page, "the code, refused")
    page.get_by_text("Je n’ai pas mon téléphone").click()
    page.get_by_label("Code de secours").fill("non")
    page.get_by_role("button", name="Entrer avec ce code").click()
    survey.look(page, "a recovery code, refused")
    for way, button in (("mot-de-passe", "Changer"), ("second-facteur", "Changer")):
        page.goto(f"/connexion/{way}".replace("passe", "passe-oublie"))
        survey.look(page)
        page.get_by_label("Adresse e-mail").fill(email)
        page.get_by_role("button", name="Recevoir le lien").click()
        survey.look(page, f"{way}: sent")
        open_mail(page, email, f"/connexion/{way}/")
        survey.look(page, f"{way}: the page of the link")
        page.get_by_role("button", name=button).click()
        survey.look(page, f"{way}: refused")
    for what in ("mot-de-passe", "second-facteur", "adresse", "adresse-gardee", "compte"):
        page.goto(f"/connexion/fait/{what}")
        survey.look(page)


def newcomer(page: Page, demo: Demo, survey: Survey) -> None:
    email = "nouvelle.venue@demo.test"
    sign_in(page, "admin@demo.test", "/administration/comptes")
    page.get_by_role("button", name="Inviter").click()
    survey.look(page, "an invitation, refused")
    page.get_by_label("Adresse à inviter").fill(email)
    page.get_by_role("button", name="Inviter").click()
    survey.look(page, "an invitation, sent")
    with page.expect_navigation():
        page.get_by_role("button", name="Se déconnecter").click()
    open_mail(page, email, "/compte/creer/")
    link = page.url
    survey.look(page, "making an account")
    page.get_by_role("button", name="Créer mon compte", exact=True).click()
    survey.look(page, "making an account, refused")
    totp = pyotp.TOTP(page.locator(".seed code").inner_text().replace(" ", ""))
    page.get_by_label("Mot de passe").fill("une phrase de passe")
    page.get_by_label("Code à six chiffres").fill(totp.at(int(clock.now().timestamp())))
    page.get_by_role("button", name="Créer mon compte", exact=True).click()
    survey.look(page, "the ten codes")
    page.goto(link)
    survey.look(page, "an account made already, here")
    for path in ("/en/compte", "/en/connexion/mot-de-passe-oublie"):
        page.goto(path)
        survey.look(page)
    page.goto("/compte/adresse")
    survey.look(page)
    page.get_by_label("Nouvelle adresse").fill(email)
    page.get_by_role("button", name="Envoyer le lien").click()
    survey.look(page, "a change of address, refused")
    page.get_by_label("Nouvelle adresse").fill("autre." + email)
    page.get_by_role("button", name="Envoyer le lien").click()
    survey.look(page, "a change of address, asked")
    open_mail(page, "autre." + email, "/connexion/adresse/")
    survey.look(page, "a change of address, to confirm")
    with page.expect_navigation():
        page.get_by_role("button", name="Confirmer").click()
    open_mail(page, email, "/connexion/adresse-refusee/")
    survey.look(page, "a change of address, to refuse")
    with page.expect_navigation():
        page.get_by_role("button", name="Refuser").click()
    page.goto(link)
    survey.look(page, "an account made already")


def organiser(page: Page, demo: Demo, survey: Survey) -> None:
    sign_in(page, "organisatrice@demo.test")
    petition = demo.petition("mediatheque")
    page.goto(f"/organisation{petition}/exports")
    page.get_by_label("Seulement les nouvelles").check()
    page.get_by_role("button", name="Voir un aperçu").click()
    survey.look(page, "a choice of export, refused")
    page.get_by_label("Toutes").check()
    page.get_by_role("button", name="Voir un aperçu").click()
    survey.look(page, "an export before it leaves")
    page.get_by_role("button", name="Exporter", exact=True).click()
    survey.look(page, "an export without a reason, refused")
    page.get_by_label("Votre motif").fill("Remise en mairie le 12 mars.")
    page.get_by_role("button", name="Exporter", exact=True).click()
    survey.look(page, "an export that waits")
    with page.expect_download():
        page.get_by_role("button", name="Télécharger le fichier").click()
    expect(page.get_by_text("Le fichier est allé au bout")).to_be_visible()
    page.reload()
    survey.look(page, "an export that was fetched")
    follow(page, survey, "/organisation", f"/organisation{petition}", within=("/organisation",))
    found(survey, f"/organisation{petition}/version?", f"/organisation{petition}/modifier?")
    page.goto(f"/organisation{petition}/modifier")
    page.get_by_label("Objectif").fill("beaucoup")
    page.get_by_role("button", name="Enregistrer et publier").click()
    survey.look(page, "settings, refused")
    page.get_by_label("Objectif").fill("2 500")
    page.get_by_role("button", name="Enregistrer et publier").click()
    survey.look(page, "settings, with their line")
    page.goto(f"/organisation{petition}/version")
    text = page.get_by_label("Texte", exact=True)
    text.fill(text.input_value().replace("a jauni", "a jaunni"))
    page.get_by_role("button", name="Voir ce qui change").click()
    survey.look(page, "a slip")
    page.get_by_role("button", name="Publier la correction").click()
    text.fill(text.input_value().replace("six semaines", "sept semaines"))
    page.get_by_role("button", name="Voir ce qui change").click()
    survey.look(page, "no slip")
    page.get_by_role("button", name="Proposer cet amendement").click()
    survey.look(page, "an amendment without reasons, refused")
    page.get_by_label("Vos raisons").fill("Les travaux ont duré une semaine de plus.")
    page.get_by_role("button", name="Proposer cet amendement").click()
    survey.look(page, "an amendment that waits")
    page.goto(f"{petition}/versions")
    survey.look(page, "versions with their lines")
    news(page, petition, survey)
    page.goto("/compte/fermeture")
    survey.look(page)
    page.goto("/moderation")
    survey.look(page, "not for organisers")
    members(page, demo, survey)
    page.context.clear_cookies()
    sign_in(page, "moderateur@demo.test", "/connexion")
    page.goto("/moderation")
    page.locator('a[href^="/moderation/amendements/"]').click()
    survey.look(page, "an amendment")
    page.get_by_role("button", name="Refuser l’amendement").click()
    survey.look(page, "a refusal without explanation")
    page.goto("/moderation")
    page.locator('a[href^="/moderation/nouvelles/"]').first.click()
    survey.look(page, "news to be read")
    page.get_by_role("button", name="Refuser la nouvelle").click()
    survey.look(page, "a refusal of news without an article")


def news(page: Page, petition: str, survey: Survey) -> None:
    """A draft, what it lacks, how it will look, and where it waits."""
    page.goto(f"/organisation{petition}/nouvelles")
    page.get_by_role("button", name="Écrire une nouvelle").click()
    survey.look(page, "empty news")
    page.get_by_role("button", name="Relire et envoyer").click()
    survey.look(page, "news that lack everything")
    page.get_by_label("Titre").fill("Le conseil nous reçoit")
    page.get_by_label("Texte", exact=True).fill("Rendez-vous **jeudi** à dix-huit heures.")
    page.get_by_role("button", name="Relire et envoyer").click()
    survey.look(page, "news before they leave")
    page.get_by_role("button", name=re.compile("Publier|Envoyer à")).first.click()
    survey.look(page, "news that wait")
    page.goto(f"/organisation{petition}/nouvelles")
    survey.look(page, "news of a petition")
    page.goto(f"{petition}/nouvelles")
    survey.look(page, "a timeline")


def members(page: Page, demo: Demo, survey: Survey) -> None:
    """What their pages say when something is refused, and an invitation from end to end."""
    found(survey, *(f"/organisation/organisations{end}?" for end in ("", "/nouvelle")))
    page.goto("/organisation/organisations/nouvelle")
    page.get_by_role("button", name="Créer l’organisation").click()
    survey.look(page, "an organisation, refused")
    page.goto("/organisation/organisations/collectif-couchettes")
    page.get_by_role("button", name="Inviter").click()
    survey.look(page, "an invitation, refused")
    page.get_by_label("Adresse e-mail").fill("nouvelle.venue@demo.test")
    page.get_by_label("Gérer les membres", exact=True).check()
    page.get_by_role("button", name="Inviter").click()
    page.locator("table details summary").first.click()
    survey.look(page, "members, one awaited, one to be removed")
    page.get_by_text("Je veux quitter cette organisation").click()
    page.get_by_role("button", name="Quitter").click()
    survey.look(page, "leaving, refused")
    page.goto("/organisation" + demo.petition("parc") + "/porteur")
    page.get_by_role("button", name="La confier").click()
    survey.look(page, "entrusting, refused")
    page.goto("/organisation" + demo.petition("fontaine"))
    survey.look(page, "a closing that can be undone")
    page.goto("/organisation" + demo.petition("parc") + "/issue")
    page.get_by_role("button", name="Proposer cette issue").click()
    survey.look(page, "an outcome, refused")
    page.get_by_role("banner").get_by_role("button", name="Se déconnecter").click()
    open_mail(page, "nouvelle.venue@demo.test", "/invitation/")
    survey.look(page, "an invitation")
    invitation = urlsplit(page.url).path
    page.goto(f"/en{invitation}")
    survey.look(page, "an invitation in English")
    sign_in(page, "benevole@demo.test", f"/organisation{invitation.replace('invitation', 'invitations')}")
    survey.look(page, "an invitation to another address")
    page.goto("/organisation/organisations/collectif-couchettes")
    survey.look(page, "members, for whoever does not manage them")
    page.goto("/organisation" + demo.petition("nuit"))
    survey.look(page, "a petition, for a member without exports")


def moderator(page: Page, demo: Demo, survey: Survey) -> None:
    sign_in(page, "moderateur@demo.test")
    follow(page, survey, "/moderation", within=("/moderation",))
    found(survey, *(f"/moderation/{path}?" for path in ("urgences", "indices", "moi")))
    page.goto("/moderation?etat=commentaires&tri=recents")
    page.locator(".pick input").first.check()
    page.locator(".batch summary").click()
    survey.look(page, "a batch, beside its boxes")
    page.goto("/moderation")
    page.locator('[name="passage"]').first.fill("")
    page.locator('button[name="decision"][value="refuse"]:not([formaction])').first.click()
    expect(page.locator("#erreurs")).to_be_visible()
    survey.look(page, "a decision, refused")
    page.get_by_role("link", name="Mon compte").click()
    survey.look(page, "one's own account")
    page.get_by_role("link", name="Changer de mot de passe").click()
    survey.look(page)
    page.get_by_role("button", name="Changer").click()
    survey.look(page, "a password, refused")
    page.goto("/compte")
    page.get_by_role("button", name="En faire dix").click()
    survey.look(page, "ten new codes")
    page.goto("/compte")
    page.get_by_role("button", name="Ajouter un code").click()
    survey.look(page, "a code, added")
    page.get_by_role("button", name="Ajouter").click()
    survey.look(page, "a code, refused")
    page.goto("/compte/fermeture")
    page.get_by_role("button", name="Fermer mon compte").click()
    survey.look(page, "closing an account, refused")


def review(page: Page, demo: Demo, survey: Survey) -> None:
    """One petition, seen by its author, by who reviews it and by who judges."""
    desk = written(demo, demo.folder, "Grandval")

    def become(who: str, start: str = "/connexion") -> None:
        page.context.clear_cookies()
        sign_in(page, who, start)

    become(ORGANISER, desk)
    survey.look(page, "a draft")
    propose(page, desk)
    survey.look(page, "a petition under review")
    page.get_by_role("link", name="Voir la page telle que proposée").click()
    survey.look(page, "the page under review")
    become(MODERATOR)
    open_review(page, "Grandval")
    survey.look(page, "a review")
    page.locator(".words").first.click()
    survey.look(page, "a review, a remark being written")
    page.get_by_role("button", name="Demander des corrections").click()
    expect(page.locator("#erreurs")).to_be_visible()
    survey.look(page, "a review, refused")
    page.locator(".words").first.click()
    page.locator('[name="remark-1"]').fill("Depuis quel jour ?")
    page.locator('[name="remark-whole"]').fill("Presque prête.")
    page.get_by_role("button", name="Demander des corrections").click()
    become(ORGANISER, desk)
    survey.look(page, "corrections asked")
    page.get_by_role("link", name="Lire les remarques").click()
    survey.look(page, "remarks beside the text")
    page.get_by_role("button", name="Proposer à nouveau").click()
    survey.look(page, "one's petitions")
    become(MODERATOR)
    open_review(page, "Grandval")
    survey.look(page, "a second review")
    reviewed = page.url
    refuse(page, "trois seaux au plafond", "Dites qui est concerné.")
    page.goto(reviewed)
    survey.look(page, "a review that is over")
    late = {"decision": "correct", "version": "2", "remark-1": "Et la date ?"}
    page.evaluate(POST, [f"{reviewed}/decision", late])
    expect(page.locator("main")).to_contain_text("Et la date ?")
    survey.look(page, "a review, decided meanwhile")
    become(ORGANISER, desk)
    survey.look(page, "a refusal")
    page.get_by_role("link", name="Relire, ou contester").click()
    page.get_by_role("button", name="Envoyer le recours").click()
    survey.look(page, "an appeal, refused")
    page.get_by_label("Pourquoi cette décision est à revoir").fill("Elle est claire.")
    page.get_by_role("button", name="Envoyer le recours").click()
    survey.look(page, "an appeal, made")
    become(JUDGE, "/moderation")
    page.locator('main a[href*="/moderation/recours/"]').filter(has_text="Elle est claire").first.click()
    survey.look(page, "an appeal to judge")


def administrator(page: Page, demo: Demo, survey: Survey) -> None:
    sign_in(page, "admin@demo.test")
    follow(page, survey, "/administration", within=("/administration",))
    found(
        survey,
        *(
            f"/administration/{path}"
            for path in (
                "fraude?",
                "fraude/",
                "comptes?",
                "themes?",
                "journal?",
                "demandes?",
                "charte?",
                "courriels?",
                "conservation?",
            )
        ),
    )
    page.goto("/administration/fraude" + demo.petition("pietons").removeprefix("/petitions"))
    page.locator("article summary").first.click()
    page.get_by_role("button", name="Mettre de côté").first.click()
    survey.look(page, "a lot, refused")
    page.locator("article table [type=checkbox]").first.check()
    page.locator("article select").first.select_option("other")
    page.get_by_role("button", name="Mettre de côté").first.click()
    survey.look(page, "a signature set aside")
    page.get_by_role("button", name="Remettre").click()
    survey.look(page, "nothing ticked")
    page.get_by_role("checkbox", name="La ligne ci-dessus").check()
    page.get_by_role("button", name="Remettre").click()
    survey.look(page, "a signature put back")
    page.goto("/administration/comptes")
    page.get_by_role("button", name="Créer le compte").click()
    survey.look(page, "an account, refused")
    page.get_by_label("Adresse e-mail").fill("nouvelle@demo.test")
    page.locator("#champ-role").select_option("organiser")
    page.get_by_role("button", name="Créer le compte").click()
    survey.look(page, "the secrets of a new account")
    page.goto("/administration/comptes")
    page.locator("tr details summary").first.click()
    survey.look(page, "closing somebody's sessions")
    page.get_by_text("Désactiver", exact=True).first.click()
    survey.look(page, "disabling an account")
    page.goto("/administration/comptes?q=personne&role=organiser&tri=-vue")
    survey.look(page, "no account of that kind")
    page.goto("/administration/themes")
    page.locator("tr details summary").first.click()
    survey.look(page, "changing a theme")
    page.locator("tr details").first.get_by_label("Nom").fill("Culture")
    page.get_by_role("button", name="Renommer").first.click()
    survey.look(page, "a theme, refused beside another")
    page.get_by_label("Nom").last.fill("transport")
    page.get_by_role("button", name="Ajouter").click()
    survey.look(page, "a theme, there already")
    page.goto("/administration/lettre")
    page.get_by_role("button", name="Relire").click()
    survey.look(page, "a letter, refused")
    page.get_by_label("Objet").fill("Des nouvelles de la plateforme")
    page.get_by_label("Texte").fill("Bonjour,\n\n## Ce mois-ci\n\nUn **export** en classeur.")
    page.get_by_role("button", name="Relire").click()
    survey.look(page, "a letter, read again")
    page.get_by_role("button", name="Envoyer").click()
    survey.look(page, "a letter, sent")


def writer(page: Page, demo: Demo, survey: Survey) -> None:
    """A draft, empty, then full to the brim: a long title in Arabic, forty thousand signs, twelve sources."""
    page.goto("/en/lancer")
    survey.look(page)
    page.goto("/lancer")
    survey.look(page)
    page.get_by_label("Que demandez-vous ?").fill(("أنقذوا المكتبة العامة " * 10)[:200])
    with page.expect_navigation():
        page.get_by_role("button", name="Commencer").click()
    draft = urlsplit(page.url).path.rpartition("/")[0]
    steps = ("demande", "destinataires", "histoire", "image", "sources", "reglages")
    for step in steps:
        page.goto(f"{draft}/{step}?verifier=oui")
        survey.look(page, f"a draft: {step}, empty")
    page.goto(f"{draft}/relire")
    survey.look(page, "a draft: what is missing")
    page.goto(f"{draft}/histoire")
    page.get_by_label("Texte", exact=True).fill("## Pourquoi\n\n" + "Chaque matin, cent vélos sous la pluie. " * 1000)
    page.get_by_role("button", name="Continuer").click()
    for n in range(1, 5):
        page.goto(f"{draft}/destinataires?ligne=oui")
        page.get_by_label("Nom").last.fill(f"Claire-Apolline Vasseur de Montfleur {n}")
        page.get_by_label("Fonction").last.fill("Présidente du syndicat mixte des transports")
        page.get_by_role("button", name="Enregistrer", exact=True).click()
    for n in range(1, 13):
        page.goto(f"{draft}/sources?ligne=oui")
        page.get_by_label("Titre").last.fill(f"Les vélos trempés, chapitre {n}")
        page.get_by_label("Publiée par").last.fill("La Gazette")
        page.get_by_role("button", name="Enregistrer", exact=True).click()
    page.goto(f"{draft}/reglages")
    page.get_by_label("Qui la lance").fill("Collectif des pédales")
    page.get_by_label("Lieu").fill("Rennes")
    for theme in ("Transports", "Culture", "Santé"):
        page.get_by_label(theme, exact=True).check()
    page.get_by_label("Objectif").fill("2 000")
    page.get_by_role("button", name="Continuer").click()
    for step in (*steps, "relire"):
        for language in ("", "/en"):
            page.goto(f"{language}{draft}/{step}")
            survey.look(page, f"a draft{language}: {step}, full")
    page.goto(f"{draft}/relire")
    page.get_by_label("Votre adresse e-mail").fill("pas une adresse")
    page.get_by_role("button", name="Recevoir le lien").click()
    survey.look(page, "an author's address, refused")
    page.get_by_label("Votre adresse e-mail").fill("lea.longue@exemple.test")
    page.get_by_role("button", name="Recevoir le lien").click()
    survey.look(page, "an author's address, to be confirmed")
    sign_in(page, "benevole@demo.test", "/organisation")
    page.goto(f"{draft}/relire")
    survey.look(page, "a draft, signed in")
    page.get_by_role("button", name="Plus tard").click()
    survey.look(page, "a draft, kept")
    page.goto("/organisation")
    survey.look(page, "the desk, with a draft")


WALKS: list[Callable[[Page, Demo, Survey], None]] = [
    citizen, errors, signer, visitor_of_staff, newcomer, writer, organiser, moderator, review,
    administrator,
]  # fmt: skip


# Each walk is made once, by the process that looks at all that was found on it.
@pytest.fixture(
    scope="package",
    params=[pytest.param(walk, id=walk.__name__, marks=pytest.mark.xdist_group(walk.__name__)) for walk in WALKS],
)
def survey(request: pytest.FixtureRequest, browser: Browser, demo: Demo) -> Survey:
    people, found = People(browser, demo), Survey()
    page = people.arrive()
    page.add_init_script(COUNT_SHIFTS)
    request.param(page, demo, found)
    people.close()
    found.heard = people.complaints()
    return found


def test_axe_finds_nothing(survey: Survey) -> None:
    assert "\n".join(survey.axe) == ""


def test_nothing_scrolls_sideways_on_small_screens(survey: Survey) -> None:
    assert "\n".join(survey.width) == ""


def test_nothing_shifts_after_load(survey: Survey) -> None:
    assert "\n".join(survey.shift) == ""


def test_no_page_asks_a_stranger_or_complains(survey: Survey) -> None:
    assert "\n".join(survey.heard) == ""


@pytest.fixture(scope="package")
def big_text(browser: Browser) -> Iterator[Page]:
    """Somebody who has set their browser's text to twice its size."""
    kind: BrowserType = browser.browser_type
    twice = ["--blink-settings=defaultFontSize=32,defaultFixedFontSize=26"]
    running = kind.launch(executable_path=chromium().path, args=chromium().args + twice)
    yield running.new_page()
    running.close()


@pytest.mark.xdist_group("big text")
@pytest.mark.parametrize("width", [360, 768, 1440])
@pytest.mark.parametrize("path", ["/", "the petition", "/charte", "/mes-signatures", "/connexion", "/confidentialite"])
def test_twice_as_big_a_text_fits(big_text: Page, demo: Demo, path: str, width: int) -> None:
    big_text.set_viewport_size({"width": width, "height": 900})
    big_text.goto(demo.url + (demo.petition("nuit") if path == "the petition" else path))
    assert big_text.evaluate("getComputedStyle(document.documentElement).fontSize") == "32px"
    assert big_text.evaluate(TOO_WIDE) == []
