"""Sign, receive the mail, confirm, be counted."""

import re
from typing import Any

import pytest
from sqlalchemy import text

from app import clock
from app.db import Base
from app.petitions import jobs
from app.petitions.models import Petition
from app.privacy import counting
from tests.site import FORM, Site, text_of

pytestmark = pytest.mark.databases("sqlite")


def everything(site: Site) -> dict[str, list[Any]]:
    """Every row of every table."""
    with site.database.read() as session:
        return {
            table.name: sorted(map(tuple, session.execute(table.select()).all()), key=repr)
            for table in Base.metadata.sorted_tables
        }


def waiting(site: Site, slug: str, **changes: str) -> str:
    """Sign; gives the path of the mailed link."""
    assert site.sign(slug, **changes).status_code == 303
    return site.mails()[-1].link("/confirmer/")


def change(site: Site, slug: str, **changes: Any) -> None:
    with site.database.write() as session:
        petition = session.query(Petition).filter_by(slug=slug).one()
        for name, value in changes.items():
            setattr(petition, name, value)
    site.app.state.signing_cache.clear()


def test_a_valid_form_leads_to_a_page_that_names_nobody_to_others(site: Site) -> None:
    slug = site.publish()
    response = site.sign(slug)
    assert response.status_code == 303
    assert response.headers["location"] == f"/petitions/{slug}/verifier"
    page = site.browser().get(response.headers["location"])
    assert page.status_code == 200
    assert "Consultez votre boîte" in page.text
    assert not re.search(r"marie@|Durand", page.text)


def test_the_mail_is_text_and_html_and_carries_link_code_and_way_out(site: Site) -> None:
    slug = site.publish()
    site.sign(slug)
    (mail,) = site.mails()
    assert mail.to == "marie@exemple.test"
    for body in (mail.text, mail.html):
        assert "Bonjour Marie" in re.sub("<[^>]+>", "", body)
        assert "Rouvrir la bibliothèque de Montfleur" in body
        assert f"{site.settings.origin}/confirmer/" in body
        assert f"{site.settings.origin}/pas-moi/" in body
        assert re.search(r"\b\d{8}\b", body)
    assert mail.message["Auto-Submitted"] == "auto-generated"
    assert not re.search(r"<img|<script|https?://(?!127\.0\.0\.1:8000)", mail.html)


def test_the_cause_is_not_on_a_lock_screen(site: Site) -> None:
    slug = site.publish()
    site.sign(slug)
    mail = site.mails()[-1]
    first_words = text_of(mail.html)[:60]
    for seen in (mail.subject, str(mail.message["From"]), first_words):
        assert not re.search(r"biblioth|Montfleur|sign(ez|ature|er)|pétition", seen, re.IGNORECASE), seen


def test_a_domain_with_accents_is_written_as_mail_servers_read_it(site: Site) -> None:
    slug = site.publish()
    site.sign(slug, email="marie@éxemple.fr")
    assert str(site.mails()[-1].message["To"]) == "marie@xn--xemple-9ua.fr"


def test_opening_mailed_links_changes_nothing(site: Site) -> None:
    slug = site.publish()
    link = waiting(site, slug, comment="Mon avis")
    before = everything(site)
    for path in (link, link.replace("/confirmer/", "/pas-moi/")):
        for method in ("GET", "HEAD", "OPTIONS"):
            for prefix in ("", "/en"):
                assert site.client.request(method, prefix + path).status_code in {200, 405}
    assert everything(site) == before


def test_the_confirmation_page_shows_what_will_be_signed_and_one_button(site: Site) -> None:
    slug = site.publish()
    link = waiting(
        site, slug, display="initial", comment="Mon avis", consent_updates="on", country="BE", postal_code="1000"
    )
    html = site.client.get(link).text
    shown = text_of(html)
    for typed in (
        "Rouvrir la bibliothèque",
        "Marie Durand",
        "marie@exemple.test",
        "1000 Belgique",
        "Marie D. · Belgique",
        "Mon avis",
    ):
        assert typed in shown, typed
    ticked = {tag.partition('name="')[2].partition('"')[0] for tag in html.split("<input") if " checked" in tag}
    assert ticked == {"display", "consent_updates"}
    assert re.search(r'value="initial"\s+checked', html)
    assert html.count("<form") == 1
    assert html.count("<button") == 1
    assert f'action="{link}"' in html


@pytest.mark.databases("sqlite", "postgresql")
def test_confirming_counts_once_and_thanks_with_the_place(site: Site) -> None:
    slug = site.publish()
    site.confirmed(slug, email="premier@exemple.test")
    link = waiting(site, slug)
    assert site.count(slug) == 1
    response = site.client.post(link)
    assert (response.status_code, response.headers["location"]) == (303, link)
    thanks = site.client.get(link)
    assert thanks.status_code == 200
    assert re.search(r'<p class="place">\s*2\s*</p>', thanks.text)
    assert site.count(slug) == 2
    assert [row.state for row in site.signatures()] == ["confirmed", "confirmed"]


@pytest.mark.databases("sqlite", "postgresql")
def test_a_double_click_two_tabs_and_the_back_button_confirm_once(site: Site) -> None:
    slug = site.publish()
    link = waiting(site, slug)
    assert [site.client.post(link).status_code for _ in range(3)] == [303, 303, 303]
    assert site.count(slug) == 1
    site.confirmed(slug, email="autre@exemple.test")
    assert re.search(r'<p class="place">\s*1\s*</p>', site.client.get(link).text)


def test_it_works_in_english_from_the_page_to_the_thanks(site: Site) -> None:
    slug = site.publish()
    response = site.client.post(f"/en/petitions/{slug}/signatures", data=FORM)
    assert response.headers["location"] == f"/en/petitions/{slug}/verifier"
    link = site.mails()[-1].link("/en/confirmer/")
    assert site.client.post(link).headers["location"] == link
    page = site.client.get(link).text
    assert '<html lang="en">' in page
    assert site.count(slug) == 1


@pytest.mark.databases("sqlite", "postgresql")
def test_what_a_signer_wrote_is_not_readable_in_the_database(site: Site) -> None:
    slug = site.publish()
    waiting(site, slug, comment="Mon avis secret", family_name="Zyxwvut")
    with site.database.read() as session:
        columns = session.execute(
            text("SELECT family_name_sealed, email_sealed, comment_sealed, email_key FROM signature")
        )
        raw = b"".join(bytes(value) for row in columns for value in row)
    assert not re.search(rb"Zyxwvut|marie|exemple|secret", raw)


@pytest.mark.databases("sqlite", "postgresql")
def test_counts_are_the_rows_before_and_after_folding(site: Site) -> None:
    slug, other = site.publish(), site.publish()
    for n in range(3):
        site.confirmed(slug, email=f"a{n}@exemple.test")
    link = site.confirmed(other)
    site.sign(slug, email="attend@exemple.test")
    for fold in (False, True):
        if fold:
            jobs.fold_counts(site.database)
        with site.database.read() as session:
            assert counting.differences(session) == []
        assert (site.count(slug), site.count(other)) == (3, 1)
    site.client.post(link.replace("/confirmer/", "/pas-moi/"))
    with site.database.read() as session:
        assert counting.differences(session) == []
    assert site.count(other) == 0


def test_a_petition_that_closed_meanwhile_takes_no_form(site: Site) -> None:
    slug = site.publish(closes_at=None)
    change(site, slug, closes_at=clock.now(), state="open")
    response = site.sign(slug)
    assert response.status_code == 409
    assert "La pétition a été close entre-temps" in response.text
    assert site.signatures() == []


def test_a_form_sent_before_the_end_may_be_confirmed_for_two_days(site: Site) -> None:
    slug = site.publish()
    link = waiting(site, slug)
    site.later(minutes=1)
    change(site, slug, state="closed", closed_at=clock.now())
    site.later(hours=47)
    assert "Confirmer ma signature" in site.client.get(link).text
    assert site.client.post(link).status_code == 303
    assert site.count(slug) == 1


def test_after_two_days_it_is_too_late_and_said(site: Site) -> None:
    slug = site.publish()
    link = waiting(site, slug)
    site.later(minutes=1)
    change(site, slug, state="closed", closed_at=clock.now())
    site.later(hours=48)
    page = site.client.get(link)
    assert page.status_code == 410
    assert "close entre-temps" in page.text
    assert site.client.post(link).status_code in {410, 422}
    assert site.count(slug) == 0


def test_a_confirmed_signer_may_still_see_the_thanks_after_the_end(site: Site) -> None:
    slug = site.publish()
    link = site.confirmed(slug)
    change(site, slug, state="closed", closed_at=clock.now())
    site.later(days=3)
    assert "Votre signature est comptée" in site.client.get(link).text


@pytest.mark.databases("sqlite", "postgresql")
def test_it_was_not_me_erases_a_signature_that_waits(site: Site) -> None:
    slug = site.publish()
    link = waiting(site, slug, comment="Mon avis")
    not_me = link.replace("/confirmer/", "/pas-moi/")
    assert "Effacer cette signature" in site.client.get(not_me).text
    assert site.client.post(not_me).status_code == 303
    assert site.signatures() == []
    assert "C’est effacé" in site.client.get(not_me).text
    assert site.client.get(link).status_code == 410
    assert site.client.post(link).status_code == 410
    assert site.count(slug) == 0


@pytest.mark.databases("sqlite", "postgresql")
def test_it_was_not_me_erases_a_signature_that_counts_with_its_comment(site: Site) -> None:
    slug = site.publish()
    link = site.confirmed(slug, comment="Mon avis")
    not_me = link.replace("/confirmer/", "/pas-moi/")
    assert [site.client.post(not_me).status_code for _ in range(2)] == [303, 303]
    assert site.signatures() == []
    assert site.count(slug) == 0
    with site.database.read() as session:
        assert session.scalar(text("SELECT count(*) FROM comment WHERE state = 'waiting'")) == 0


@pytest.mark.databases("sqlite", "postgresql")
def test_whoever_was_erased_may_sign_again(site: Site) -> None:
    slug = site.publish()
    link = site.confirmed(slug)
    site.client.post(link.replace("/confirmer/", "/pas-moi/"))
    site.confirmed(slug)
    assert site.count(slug) == 1


def test_one_person_signs_two_petitions_and_nothing_joins_them(site: Site) -> None:
    first, second = site.publish(), site.publish()
    site.confirmed(first)
    site.confirmed(second)
    one, two = site.signatures()
    assert (site.count(first), site.count(second)) == (1, 1)
    assert one.email_key != two.email_key


def test_an_unknown_petition_cannot_be_signed(site: Site) -> None:
    assert site.sign("inconnue").status_code == 404
