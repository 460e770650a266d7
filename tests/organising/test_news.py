"""News stand on the petition's page, where form and mail say they do, and are read rendered everywhere."""

import re

import pytest

from tests.organising.telling import tell, write
from tests.site import FORM, Site, text_of

pytestmark = pytest.mark.databases("sqlite")

FACTS = {"outcome": {"kind": "obtained", "at": "2026-11-20", "source_title": "Arrêté du maire", "source_url": ""}}
TITLE = "La mairie nous reçoit <mardi>"
TEXT = (
    "# Rendez-vous\n\nNous serons **douze** ; venez !\n\n- à 18 h\n- devant la [mairie](https://mairie.fr/plan)\n\n"
    "1. d’abord\n2. ensuite <script>alert(1)</script>\n\n[Notre page](/charte)\n"
)


def news_of(html: str) -> str:
    found = re.search(r'<section[^>]* id="nouvelles".*?</section>', html, re.DOTALL)
    return found[0] if found else ""


def test_the_page_has_no_empty_block_for_news_and_yet_the_place_that_mails_name(site: Site) -> None:
    slug = site.publish()
    page = site.client.get(f"/petitions/{slug}").text
    assert re.findall(r'id="([^"]+)"', page).count("nouvelles") == 1
    assert "Nouvelles" not in text_of(page)
    assert "Pas encore de nouvelle" in text_of(site.client.get(f"/petitions/{slug}/nouvelles").text)


@pytest.mark.typed("des nouvelles en Markdown", "rendues sous #nouvelles, et dans le courriel")
def test_news_are_rendered_on_the_page_at_the_place_that_the_mail_names(site: Site) -> None:
    slug = site.publish()
    site.confirmed(slug, consent_updates="on")
    site.client.get(f"/petitions/{slug}")  # the page is kept, until there is news
    number = tell(site, slug, TITLE, TEXT)
    link = site.mails()[-1].link(f"/petitions/{slug}")
    path, _, place = link.partition("#")
    assert link == f"/petitions/{slug}/nouvelles?s=nouvelle#n{number}"
    whole = site.client.get(path).text
    for prefix in ("", "/en"):
        for page in (site.client.get(f"{prefix}/petitions/{slug}").text, site.client.get(prefix + path).text):
            assert f'id="{place}"' in page
            news = news_of(page) or page[page.index('id="contenu"') :]
            assert "La mairie nous reçoit &lt;mardi&gt;" in news
            assert "<strong>douze</strong>" in news
            assert 'href="https://mairie.fr/plan"' in news
            assert "<script>alert" not in news
    # Below the title of the news, which is below "Nouvelles".
    assert "<h4>Rendez-vous</h4>" in site.client.get(f"/petitions/{slug}").text
    assert "<h3>Rendez-vous</h3>" in whole


def test_the_newest_comes_first_and_the_others_stay(site: Site) -> None:
    slug = site.publish()
    tell(site, slug, TITLE, TEXT)
    site.later(days=1)
    tell(site, slug, "Le maire a répondu", mail=False)
    news = news_of(site.client.get(f"/petitions/{slug}").text)
    assert news.index("Le maire a répondu") < news.index("La mairie nous reçoit")
    assert news.count("<article") == news.count("<details") == 1


def test_every_kind_is_one_timeline_with_its_label_and_facts(site: Site) -> None:
    slug = site.publish()
    for kind in ("news", "answer", "delivery", "outcome"):
        tell(site, slug, f"Titre {kind}", kind=kind, facts=FACTS.get(kind), mail=False)
    for path in (f"/petitions/{slug}", f"/petitions/{slug}/nouvelles"):
        page = text_of(site.client.get(path).text)
        places = [page.index(f"Titre {kind}") for kind in ("outcome", "delivery", "answer", "news")]
        assert places == sorted(places), "the newest first"
        for label in ("Nouvelle", "Réponse", "Remise", "Obtenue"):
            assert label in page
        assert page.count("Rapportée par l’auteur de la pétition.") == 2


def test_news_of_a_closed_petition_are_still_read(site: Site) -> None:
    slug = site.publish()
    tell(site, slug, TITLE, TEXT)
    site.later(days=400)
    assert "douze" in news_of(site.client.get(f"/petitions/{slug}").text)


def test_the_mail_is_rendered_and_its_text_has_no_marks(site: Site) -> None:
    slug = site.publish()
    site.confirmed(slug, consent_updates="on")
    tell(site, slug, TITLE, TEXT)
    mail = site.mails()[-1]
    assert "<strong>douze</strong>" in mail.html
    assert "<li>à 18 h</li>" in mail.html
    assert "<script>alert" not in mail.html
    assert "La mairie nous reçoit &lt;mardi&gt;" in mail.html
    assert re.findall("<h([1-6])", mail.html) == ["1", "2"]
    assert 'href="http://127.0.0.1:8000/charte"' in mail.html, "a link within the site is one from a mailbox too"
    assert re.findall('href="(?!https?://)', mail.html) == []
    text = mail.text.replace("\u202f", " ")
    assert (
        "Rendez-vous\n\nNous serons douze ; venez !\n\n- à 18 h\n- devant la mairie (https://mairie.fr/plan)\n\n"
        "1. d’abord\n2. ensuite <script>alert(1)</script>\n" in text
    )
    assert "**" not in mail.text
    assert "# Rendez-vous" not in mail.text


@pytest.mark.parametrize(("locale", "stop"), [("", "Ne plus recevoir"), ("/en", "Stop")])
def test_a_locked_screen_says_nothing_of_the_cause(site: Site, locale: str, stop: str) -> None:
    """Neither the subject nor the first words; then why it comes, and how it stops in one click."""
    slug = site.publish()
    answer = site.client.post(f"{locale}/petitions/{slug}/signatures", data=FORM | {"consent_updates": "on"})
    assert answer.status_code == 303
    assert site.client.post(site.mails()[-1].link(f"{locale}/confirmer/")).status_code == 303
    tell(site, slug, TITLE, TEXT)
    mail = site.mails()[-1]
    for first in (mail.subject, mail.text.strip()[:110], text_of(mail.html.partition("<body>")[2])[:110]):
        assert not re.search("biblioth|Montfleur|mairie", first), first
    assert mail.message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert mail.link(f"{locale}/desabonnement/")
    assert mail.link(f"{locale}/petitions/{slug}/nouvelles?s=nouvelle#n")
    assert '<h1 dir="auto">' in mail.html.partition('<div lang="fr">')[2]
    assert stop in mail.text


def test_text_of_news_is_what_the_page_says(site: Site) -> None:
    """The two renderings say the same words."""
    slug = site.publish()
    site.confirmed(slug, consent_updates="on")
    tell(site, slug, TITLE, TEXT)
    mail = site.mails()[-1]
    for words in ("Nous serons douze", "à 18 h", "d’abord", "ensuite <script>alert(1)</script>"):
        assert words in text_of(mail.html)
        assert words in mail.text


def test_the_letter_has_no_marks_either(site: Site) -> None:
    site.confirmed(site.publish(), consent_newsletter="on")
    letter = {"title": "La lettre", "text": TEXT, "act": "send"}
    assert site.staff("admin").post("/administration/lettre", data=letter).status_code == 303
    mail = write(site)[-1]
    assert "<strong>douze</strong>" in mail.html
    assert "devant la mairie (https://mairie.fr/plan)" in mail.text
    assert "**" not in mail.text
