"""An organisation of two: made, one invited, who tells the news and may not export until that right is given."""

from playwright.sync_api import expect

from app.demo import PASSWORD
from tests.journeys.people import Demo, People, open_mail, sign_in

MAKER, SECOND = "organisatrice@demo.test", "benevole@demo.test"
NAME = "Les Amis de la médiathèque"


def test_an_organisation_of_two(people: People, demo: Demo) -> None:
    """Who is invited has no JavaScript."""
    petition = demo.petition("mediatheque")
    maker, second, public = people.arrive(), people.arrive(javascript=False), people.arrive()
    sign_in(maker, MAKER, "/organisation/organisations")
    maker.get_by_role("link", name="Créer une organisation").click()
    maker.get_by_label("Nom de l’organisation").fill(NAME)
    maker.get_by_label("Présentation").fill("Nous lisons ensemble.")
    maker.get_by_label("Site").fill("mediatheque.exemple.test")
    maker.get_by_role("button", name="Créer l’organisation").click()
    expect(maker.get_by_role("heading", level=1)).to_have_text(NAME)
    desk = maker.url
    maker.get_by_label("Adresse e-mail").fill(SECOND)
    maker.get_by_label("Donner des nouvelles", exact=True).check()
    maker.get_by_role("button", name="Inviter").click()
    expect(maker.get_by_role("status")).to_contain_text("L’invitation part")
    maker.goto(f"/organisation{petition}")
    maker.get_by_role("link", name="Qui la porte").click()
    maker.get_by_label("Organisation", exact=True).select_option(label=NAME)
    maker.get_by_role("button", name="La confier").click()
    expect(maker.get_by_role("row").filter(has_text=NAME)).to_be_visible()

    public.goto(petition)
    public.get_by_role("link", name=NAME).click()
    expect(public.get_by_role("heading", level=1)).to_have_text(NAME)
    expect(public.locator(f'article a[href="{petition}"]')).to_be_visible()

    open_mail(second, SECOND, "/invitation/")
    second.get_by_role("link", name="Se connecter et voir l’invitation").click()
    second.get_by_label("Adresse e-mail").fill(SECOND)
    second.get_by_label("Mot de passe").fill(PASSWORD)
    second.get_by_role("button", name="Se connecter").click()
    second.get_by_role("button", name="Rejoindre l’organisation").click()
    expect(second.get_by_role("status")).to_contain_text("Vous voilà membre")
    second.goto("/organisation")
    second.locator(f'a[href="/organisation{petition}"]').click()
    expect(second.get_by_role("heading", name="Chiffres")).to_be_visible()
    for hidden in ("Clore maintenant", "Fermer les commentaires"):
        expect(second.get_by_role("button", name=hidden)).to_have_count(0)
    expect(second.get_by_role("link", name="Exports")).to_have_count(0)
    second.get_by_role("link", name="Nouvelles", exact=True).click()
    second.get_by_role("button", name="Écrire une nouvelle").click()
    second.get_by_label("Titre").fill("Le conseil nous reçoit jeudi")
    second.get_by_label("Texte", exact=True).fill("Rendez-vous à dix-huit heures devant la mairie.")
    second.get_by_role("button", name="Relire et envoyer").click()
    second.get_by_role("button", name="Publier", exact=True).click()
    expect(second.get_by_role("heading", name="Le conseil nous reçoit jeudi")).to_be_visible()

    maker.goto(desk)
    maker.get_by_label(f"{SECOND} peut exporter les signatures").check()
    maker.get_by_role("button", name=f"Enregistrer les droits de {SECOND}").click()
    expect(maker.get_by_role("status")).to_contain_text("Les droits sont changés")
    open_mail(second, SECOND, "/organisation/organisations/")
    expect(second.get_by_role("heading", level=1)).to_have_text(NAME)
    second.goto(f"/organisation{petition}")
    second.get_by_role("link", name="Exports").click()
    second.get_by_label("Contrôle").check()
    second.get_by_role("button", name="Voir un aperçu").click()
    second.get_by_label("Votre motif").fill("Le compte est contesté.")
    second.get_by_role("button", name="Exporter", exact=True).click()
    with second.expect_download() as download:
        second.get_by_role("button", name="Télécharger le fichier").click()
    assert download.value.suggested_filename.endswith(".csv")
    second.reload()
    expect(second.get_by_role("table", name="Journal des exports")).to_contain_text(SECOND)

    maker.goto(desk)
    maker.get_by_text("Je veux quitter cette organisation").click()
    maker.get_by_role("button", name="Quitter").click()
    expect(maker.get_by_role("alert")).to_contain_text("garde toujours quelqu’un")
