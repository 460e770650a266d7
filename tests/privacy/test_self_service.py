"""A person sees, corrects, hides, withdraws, downloads and erases what is theirs, without an account."""

import json

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from app.consents.models import ConsentEvent
from app.subscriptions.models import Subscription
from app.updates import jobs as update_jobs
from tests.site import Site, text_of

pytestmark = pytest.mark.databases("sqlite")


def opened(site: Site, email: str = "marie@exemple.test") -> TestClient:
    """A browser in whose self-service this address is open."""
    assert site.client.post("/mes-signatures", data={"email": email}).status_code == 303
    path = site.mails()[-1].link("/mes-signatures/")
    browser = site.browser()
    assert browser.get(path).status_code == 200
    assert browser.post(path).headers["location"] == "/mes-signatures/liste"
    return browser


def line(browser: TestClient) -> str:
    """The path of the only line's forms."""
    data = json.loads(browser.get("/mes-signatures/donnees.json").text)
    return f"/mes-signatures/ligne/{data['signatures'][0]['id']}"


@pytest.mark.parametrize(
    ("act", "data", "said"),
    [
        ("retirer", {}, "ne compte plus"),
        ("arreter", {"purpose": "updates"}, "Votre signature ne change pas"),
        (
            "corriger",
            {
                "given_name": "Marie",
                "family_name": "Le Gall",
                "postal_code": "35000",
                "country": "FR",
                "display": "hidden",
            },
            "C’est corrigé",
        ),
    ],
)
def test_each_act_is_confirmed_in_words(site: Site, act: str, data: dict[str, str], said: str) -> None:
    site.confirmed(site.publish(), consent_updates="on")
    browser = opened(site)
    assert said not in text_of(browser.get("/mes-signatures/liste").text)
    done = browser.post(f"{line(browser)}/{act}", data=data)
    assert said in text_of(browser.get(done.headers["location"]).text)
    assert 'role="status"' not in browser.get("/mes-signatures/liste?fait=<b>autre").text


def test_the_answer_is_the_same_for_every_address(site: Site) -> None:
    site.confirmed(site.publish())
    known = site.client.post("/mes-signatures", data={"email": "marie@exemple.test"})
    unknown = site.client.post("/mes-signatures", data={"email": "personne@exemple.test"})
    assert (known.status_code, known.headers["location"]) == (unknown.status_code, unknown.headers["location"])
    assert [mail.to for mail in site.mails()].count("personne@exemple.test") == 0


def test_an_alias_finds_the_same_signatures(site: Site) -> None:
    site.confirmed(site.publish(), email="jean.petit@gmail.com")
    browser = opened(site, "jeanpetit+lettre@gmail.com")
    assert "Bibliothèque" in text_of(browser.get("/mes-signatures/liste").text).title()


@pytest.mark.databases("sqlite", "postgresql")
def test_everything_kept_is_shown(site: Site) -> None:
    slug = site.publish()
    site.confirmed(slug, display="full", consent_updates="on", comment="Vivement la réouverture.")
    page = text_of(opened(site).get("/mes-signatures/liste").text)
    for expected in (
        "Marie Durand",
        "35000",
        "version 1",
        "Vivement la réouverture",
        "Suites de cette pétition",
        "effac",
    ):
        assert expected in page


def test_getting_the_link_changes_nothing_and_sets_no_cookie(site: Site) -> None:
    site.confirmed(site.publish())
    site.client.post("/mes-signatures", data={"email": "marie@exemple.test"})
    path = site.mails()[-1].link("/mes-signatures/")
    for response in (site.client.get(path), site.client.head(path)):
        assert response.status_code == 200
        assert "set-cookie" not in response.headers
    assert site.client.get("/mes-signatures/liste").status_code == 410


def test_the_session_ends_after_thirty_minutes(site: Site) -> None:
    site.confirmed(site.publish())
    browser = opened(site)
    site.later(minutes=31)
    assert browser.get("/mes-signatures/liste").status_code == 410


@pytest.mark.parametrize("damage", ["", "x", "A" * 60])
def test_a_damaged_link_opens_nothing(site: Site, damage: str) -> None:
    site.confirmed(site.publish())
    site.client.post("/mes-signatures", data={"email": "marie@exemple.test"})
    path = site.mails()[-1].link("/mes-signatures/")
    assert site.client.post(path[:-4] + damage).status_code == 404


def test_a_link_expires_after_a_day(site: Site) -> None:
    site.confirmed(site.publish())
    site.client.post("/mes-signatures", data={"email": "marie@exemple.test"})
    path = site.mails()[-1].link("/mes-signatures/")
    site.later(hours=25)
    assert site.client.post(path).status_code == 410


def test_a_confirmation_link_does_not_open_the_self_service(site: Site) -> None:
    token = site.confirmed(site.publish()).removeprefix("/confirmer/")
    assert site.client.post(f"/mes-signatures/{token}").status_code == 404
    assert site.client.post(f"/mes-signatures/retirer/{token}").status_code == 404


@pytest.mark.databases("sqlite", "postgresql")
def test_a_correction_is_public_at_once(site: Site) -> None:
    slug = site.publish()
    site.confirmed(slug, display="full")
    assert "Marie Durand" in site.client.get(f"/petitions/{slug}").text
    browser = opened(site)
    form = {"given_name": "Maria", "family_name": "Durant", "postal_code": "75011", "country": "FR", "display": "full"}
    assert browser.post(line(browser) + "/corriger", data=form).status_code == 303
    page = site.client.get(f"/petitions/{slug}").text
    assert "Maria Durant" in page
    assert "Marie Durand" not in page


@pytest.mark.parametrize(
    ("code", "country", "place"), [("75011", "FR", "75"), ("20000", "FR", "2A"), ("1050", "BE", "")]
)
def test_a_corrected_place_is_counted_where_it_is(site: Site, code: str, country: str, place: str) -> None:
    site.confirmed(site.publish())
    browser = opened(site)
    form = {"given_name": "Marie", "family_name": "Durand", "postal_code": code, "country": country}
    assert browser.post(line(browser) + "/corriger", data=form | {"display": "hidden"}).status_code == 303
    (row,) = site.signatures()
    assert (row.postal_code, row.country, row.departement) == (code, country, place)


def test_a_comment_that_waits_with_its_signature_is_shown_to_its_author(site: Site) -> None:
    slug = site.publish()
    site.sign(slug, comment="Un brouillon à moi.")
    browser = opened(site)
    (signature,) = json.loads(browser.get("/mes-signatures/donnees.json").text)["signatures"]
    assert [(comment["state"], comment["text"]) for comment in signature["comments"]] == [
        ("draft", "Un brouillon à moi.")
    ]
    assert "Un brouillon à moi." in text_of(browser.get("/mes-signatures/liste").text)


@pytest.mark.parametrize("name", ["donnees.json", "donnees.csv"])
def test_a_download_is_a_file_that_no_cache_keeps(site: Site, name: str) -> None:
    site.confirmed(site.publish())
    answer = opened(site).get(f"/mes-signatures/{name}")
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-disposition"] == f'attachment; filename="mes-{name}"'


def test_a_wrong_correction_keeps_what_was_typed(site: Site) -> None:
    site.confirmed(site.publish())
    browser = opened(site)
    form = {"given_name": "Maria", "family_name": "", "postal_code": "xx", "country": "FR", "display": "full"}
    response = browser.post(line(browser) + "/corriger", data=form)
    assert response.status_code == 422
    assert 'value="Maria"' in response.text
    assert 'value="xx"' in response.text


@pytest.mark.databases("sqlite", "postgresql")
def test_hiding_is_a_consent_that_ends_and_showing_one_that_begins(site: Site) -> None:
    slug = site.publish()
    site.confirmed(slug, display="full")
    browser = opened(site)
    path = line(browser)
    form = {"given_name": "Marie", "family_name": "Durand", "postal_code": "35000", "country": "FR"}
    browser.post(path + "/corriger", data=form | {"display": "hidden"})
    assert "Marie Durand" not in site.client.get(f"/petitions/{slug}").text
    consent = _consent(browser, "public_name")
    assert consent["active"] is False
    browser.post(path + "/corriger", data=form | {"display": "initial"})
    assert "Marie D." in site.client.get(f"/petitions/{slug}").text
    assert _consent(browser, "public_name")["active"] is True


def _consent(browser: TestClient, purpose: str) -> dict[str, object]:
    data = json.loads(browser.get("/mes-signatures/donnees.json").text)
    return next(c for c in data["signatures"][0]["consents"] if c["purpose"] == purpose)


@pytest.mark.databases("sqlite", "postgresql")
def test_stopping_one_mailing_leaves_the_other_and_the_signature(site: Site) -> None:
    slug = site.publish()
    site.confirmed(slug, consent_updates="on", consent_newsletter="on")
    browser = opened(site)
    browser.post(line(browser) + "/arreter", data={"purpose": "updates"})
    assert _consent(browser, "updates")["active"] is False
    assert _consent(browser, "newsletter")["active"] is True
    assert site.count(slug) == 1


def test_withdrawing_takes_two_clicks_from_a_mail(site: Site) -> None:
    slug = site.publish()
    site.confirmed(slug, display="full", comment="Bravo.")
    site.sign(slug)
    path = site.mails()[-1].link("/mes-signatures/retirer/")
    assert site.client.get(path).status_code == 200
    assert site.count(slug) == 1
    assert site.client.post(path).status_code == 303
    assert site.count(slug) == 0
    assert "Marie Durand" not in site.client.get(f"/petitions/{slug}").text
    assert site.client.get(path).status_code == 200
    assert site.client.post(path).status_code == 303


def test_withdrawing_leaves_the_newsletter_as_it_was(site: Site) -> None:
    """It belongs to no petition: who leaves one has not left the letter."""
    slug = site.publish()
    site.confirmed(slug, consent_newsletter="on", consent_updates="on")
    browser = opened(site)
    assert browser.post(line(browser) + "/retirer").status_code == 303
    assert site.count(slug) == 0
    with site.database.read() as session:
        assert session.scalars(select(Subscription.purpose)).all() == ["newsletter"]
        said = select(ConsentEvent.purpose).where(ConsentEvent.kind == "withdrawn")
        assert sorted(session.scalars(said)) == ["sign", "updates"]
    letter = {"title": "La lettre d’octobre", "text": "Bonjour à toutes et à tous.", "act": "send"}
    assert site.staff("admin").post("/administration/lettre", data=letter).status_code == 303
    update_jobs.send_updates(site.database, site.settings.origin)
    assert [mail.to for mail in site.mails() if mail.subject == letter["title"]] == ["marie@exemple.test"]


def test_somebody_elses_line_does_not_exist(site: Site) -> None:
    slug = site.publish()
    site.confirmed(slug)
    theirs = line(opened(site))
    site.confirmed(slug, email="autre@exemple.test")
    browser = opened(site, "autre@exemple.test")
    assert browser.post(theirs + "/retirer").status_code == 404
    assert site.count(slug) == 2


@pytest.mark.databases("sqlite", "postgresql")
def test_erasing_everything_leaves_no_row(site: Site) -> None:
    first, second = site.publish(), site.publish()
    site.confirmed(first, consent_newsletter="on", consent_updates="on")
    site.confirmed(second, comment="À relire.")
    browser = opened(site)
    answer = browser.post("/mes-signatures/effacer")
    assert answer.headers["location"].startswith("/mes-signatures/annuler/")
    assert "Path=/mes-signatures;" in answer.headers["set-cookie"]  # where it was set, or it would stay
    assert site.signatures() == []
    assert site.count(first) == site.count(second) == 0
    assert browser.get("/mes-signatures/liste").status_code == 410


def test_an_organiser_sees_what_to_pass_on(site: Site) -> None:
    slug = site.publish()
    site.confirmed(slug)
    organiser = site.staff("organiser", slug)
    exported = organiser.post(f"/organisation/petitions/{slug}/exports", data={"purpose": "delivery"}).text
    browser = opened(site)
    browser.post(line(browser) + "/retirer")
    site.later(seconds=61)
    page = text_of(organiser.get(f"/organisation/petitions/{slug}/exports").text)
    assert "répercuter" in page
    reference = exported.splitlines()[1].split(";")[0]
    assert reference in page
    assert "Durand" not in page


def test_signing_again_after_withdrawing_is_possible(site: Site) -> None:
    slug = site.publish()
    site.confirmed(slug)
    browser = opened(site)
    browser.post(line(browser) + "/retirer")
    site.later(days=1)
    site.confirmed(slug)
    assert site.count(slug) == 1


def test_link_pages_are_not_kept_and_tell_no_other_site(site: Site) -> None:
    path = site.confirmed(site.publish())
    response = site.client.get(path)
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["referrer-policy"] == "no-referrer, same-origin"
