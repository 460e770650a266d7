"""News stand on the petition's page, where form and mail say they do, and are read rendered everywhere."""

import re

import pytest

from app.updates import jobs
from tests.site import Received, Site, text_of

pytestmark = pytest.mark.databases("sqlite")

NEWS = {
    "title": "La mairie nous reçoit <mardi>",
    "text": "# Rendez-vous\n\nNous serons **douze** ; venez !\n\n- à 18 h\n- devant la [mairie](https://mairie.fr/plan)\n\n"
    "1. d’abord\n2. ensuite <script>alert(1)</script>\n",
}


def tell(site: Site, slug: str, **changes: str) -> None:
    organiser = site.staff("organiser", slug, email=f"o{len(site.mails())}-{len(changes)}@exemple.test")
    answer = organiser.post(f"/organisation/petitions/{slug}/nouvelles", data=NEWS | changes)
    assert answer.status_code == 303


def sent(site: Site) -> Received:
    jobs.send_updates(site.database, site.settings.origin)
    return site.mails()[-1]


def news_of(html: str) -> str:
    found = re.search(r'<section[^>]* id="nouvelles".*?</section>', html, re.DOTALL)
    return found[0] if found else ""


def test_the_page_has_no_empty_place_for_news(site: Site) -> None:
    slug = site.publish()
    assert "nouvelles" not in re.findall(r'id="([^"]+)"', site.client.get(f"/petitions/{slug}").text)


@pytest.mark.typed("des nouvelles en Markdown", "rendues sous #nouvelles, et dans le courriel")
def test_news_are_rendered_on_the_page_at_the_place_that_the_mail_names(site: Site) -> None:
    slug = site.publish()
    site.confirmed(slug, consent_updates="on")
    site.client.get(f"/petitions/{slug}")  # the page is kept, until there is news
    tell(site, slug)
    link = sent(site).link(f"/petitions/{slug}")
    assert link == f"/petitions/{slug}#nouvelles"
    for prefix in ("", "/en"):
        news = news_of(site.client.get(prefix + link.partition("#")[0]).text)
        assert "La mairie nous reçoit &lt;mardi&gt;" in news
        assert "<strong>douze</strong>" in news
        assert "<h4>Rendez-vous</h4>" in news  # below the title of the news, which is below "Nouvelles"
        assert 'href="https://mairie.fr/plan"' in news
        assert "<script>" not in news


@pytest.mark.databases("sqlite", "postgresql")
def test_the_newest_comes_first_and_the_others_stay(site: Site) -> None:
    slug = site.publish()
    tell(site, slug)
    tell(site, slug, title="Le maire a répondu")
    news = news_of(site.client.get(f"/petitions/{slug}").text)
    assert news.index("Le maire a répondu") < news.index("La mairie nous reçoit")
    assert news.count("<article") == news.count("<details") == 1


def test_news_of_a_closed_petition_are_still_read(site: Site) -> None:
    slug = site.publish()
    tell(site, slug)
    site.later(days=400)
    assert "douze" in news_of(site.client.get(f"/petitions/{slug}").text)


def test_the_mail_is_rendered_and_its_text_has_no_marks(site: Site) -> None:
    slug = site.publish()
    site.confirmed(slug, consent_updates="on")
    tell(site, slug)
    mail = sent(site)
    assert "<strong>douze</strong>" in mail.html
    assert "<li>à 18 h</li>" in mail.html
    assert "<script>" not in mail.html
    assert "La mairie nous reçoit &lt;mardi&gt;" in mail.html
    text = mail.text.replace("\u202f", " ")
    assert (
        "Rendez-vous\n\nNous serons douze ; venez !\n\n- à 18 h\n- devant la mairie (https://mairie.fr/plan)\n\n"
        "1. d’abord\n2. ensuite <script>alert(1)</script>\n" in text
    )
    assert "**" not in mail.text
    assert "# Rendez-vous" not in mail.text


def test_the_letter_has_no_marks_either(site: Site) -> None:
    site.confirmed(site.publish(), consent_newsletter="on")
    letter = {"title": "La lettre", "text": NEWS["text"], "act": "send"}
    assert site.staff("admin").post("/administration/lettre", data=letter).status_code == 303
    mail = sent(site)
    assert "<strong>douze</strong>" in mail.html
    assert "devant la mairie (https://mairie.fr/plan)" in mail.text
    assert "**" not in mail.text


def test_text_of_news_is_what_the_page_says(site: Site) -> None:
    """The two renderings say the same words."""
    slug = site.publish()
    site.confirmed(slug, consent_updates="on")
    tell(site, slug)
    mail = sent(site)
    for words in ("Nous serons douze", "à 18 h", "d’abord", "ensuite <script>alert(1)</script>"):
        assert words in text_of(mail.html)
        assert words in mail.text
