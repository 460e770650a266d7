"""What an organiser may change once a petition is published: a slip at once, the rest by an amendment, dated lines."""

import re
from datetime import timedelta
from html import unescape
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from app import clock
from app.petitions import actions as petition_actions
from app.petitions import importing, queries
from app.zone import day_of, last_day_before
from tests.drafting.test_pictures import photo
from tests.petitions.amended import AMENDED, REASON, TEXT, TITLE, petition, propose
from tests.site import PETITION, Site, text_of

pytestmark = pytest.mark.databases("sqlite")
SLIP = TEXT.replace("est fermée", "est fermee")
SETTINGS = {"goal": "500", "closes_on": "", "name-1": "Claire Vasseur", "role-1": "Maire de Montfleur"}


@pytest.fixture
def slug(site: Site) -> str:
    return site.publish()


@pytest.fixture
def organiser(site: Site, slug: str) -> TestClient:
    return site.staff("organiser", slug)


def post(organiser: TestClient, slug: str, act: str, **changes: str) -> tuple[int, str]:
    form = {"act": act, "title": TITLE, "text": TEXT} | changes
    answer = organiser.post(f"/organisation/petitions/{slug}/version", data=form)
    return answer.status_code, text_of(answer.text)


@pytest.mark.databases("sqlite", "postgresql")
def test_a_slip_is_published_at_once_with_what_it_changes(site: Site, slug: str, organiser: TestClient) -> None:
    site.confirmed(slug)
    assert "C’est une coquille" in post(organiser, slug, "look", text=SLIP)[1]
    assert "est fermée" in site.client.get(f"/petitions/{slug}").text, "looking changes nothing"
    assert post(organiser, slug, "correct", text=SLIP)[0] == 303
    page = text_of(site.client.get(f"/petitions/{slug}").text)
    assert "est fermee" in page
    assert "version 1." in page
    history = text_of(site.client.get(f"/petitions/{slug}/versions").text)
    assert "coquille corrigée, 2 caractères" in history
    assert "[supprimé : fermée fin] [ajouté : fermee fin]" in history
    assert post(organiser, slug, "correct", text=SLIP.replace("personne de métier", "personne du métiers"))[0] == 303
    assert f"/petitions/{slug}" in site.client.get("/?q=metiers").text


def test_slips_add_up_and_the_page_says_how_many_are_left(site: Site, slug: str, organiser: TestClient) -> None:
    assert post(organiser, slug, "correct", text=SLIP)[0] == 303
    page = organiser.get(f"/organisation/petitions/{slug}/version").text
    assert "18 caractères sur 20" in text_of(page)
    other = SLIP.replace("Depuis janvier", "Alors que janvier passe")
    status, said = post(organiser, slug, "correct", text=other)
    assert status == 422
    assert "20 caractères au plus depuis la publication" in said


def test_what_is_no_slip_says_why_and_offers_the_amendment(site: Site, slug: str, organiser: TestClient) -> None:
    form = {"act": "correct", "title": TITLE, "text": AMENDED}
    answer = organiser.post(f"/organisation/petitions/{slug}/version", data=form)
    assert answer.status_code == 422
    said = text_of(answer.text)
    assert "ne touche pas à un nombre : « trois ». Proposez plutôt un amendement." in said
    assert 'value="amend">Proposer cet amendement' in answer.text
    assert "[supprimé : trois fin] [ajouté : cinq fin]" in said
    assert "au moins cinq jours" in unescape(answer.text)
    assert "au moins trois jours" in text_of(site.client.get(f"/petitions/{slug}").text)


@pytest.mark.databases("sqlite", "postgresql")
def test_one_amendment_waits_at_a_time_and_its_author_may_take_it_back(
    site: Site, slug: str, organiser: TestClient
) -> None:
    assert propose(organiser, slug) == 303
    assert propose(organiser, slug) == 409
    status, said = post(organiser, slug, "correct", text=SLIP)
    assert (status, "attend déjà la modération" in said) == (409, True)
    page = text_of(organiser.get(f"/organisation/petitions/{slug}/version").text)
    assert "Votre amendement attend la modération" in page
    assert "[ajouté : cinq fin]" in page
    back = f"/organisation/petitions/{slug}/version/reprise"
    assert organiser.post(back).status_code == 303
    assert organiser.post(back).status_code == 409
    assert propose(organiser, slug) == 303


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"text": ""}, "en 50 caractères au moins"),
        ({"title": "🙏"}, "titre de 5 à 200"),
        ({"title": "\u200b\u2060\u3164"}, "titre de 5 à 200"),
        ({"text": "a" * 50_001}, "50000 caractères au plus"),
        ({"text": AMENDED}, "Dites pourquoi"),
        ({"text": AMENDED, "reasons": "\u3164 \u200b"}, "Dites pourquoi"),
        ({"text": AMENDED, "reasons": "a" * 1001}, "Dites pourquoi"),
        ({"reasons": REASON}, "Rien n’a changé"),
    ],
)
def test_each_fault_says_what_is_wrong(
    site: Site, slug: str, organiser: TestClient, changes: dict[str, str], said: str
) -> None:
    status, page = post(organiser, slug, "amend", **changes)
    assert (status, said in page.replace("\u202f", "").replace("\u00a0", " ")) == (422, True)
    assert organiser.post(f"/organisation/petitions/{slug}/version").status_code == 422


def test_nobody_elses_text_changes(site: Site, slug: str, organiser: TestClient) -> None:
    stranger = site.staff("organiser", email="autre@exemple.test")
    for path in ("version", "modifier", "version/reprise"):
        assert stranger.post(f"/organisation/petitions/{slug}/{path}", data={"act": "amend"}).status_code == 404
    assert site.staff("moderator").get(f"/organisation/petitions/{slug}/version").status_code == 404


def test_a_petition_that_closed_meanwhile_changes_no_more(site: Site, slug: str, organiser: TestClient) -> None:
    assert organiser.post(f"/organisation/petitions/{slug}/cloture").status_code == 303
    assert propose(organiser, slug) == 409
    status, said = post(organiser, slug, "correct", text=SLIP)
    assert (status, "n’est pas ouverte à la signature" in said) == (409, True)
    answer = organiser.post(f"/organisation/petitions/{slug}/modifier", data=SETTINGS | {"goal": "900"})
    assert answer.status_code == 409
    assert petition(site, slug).goal == 500


@pytest.mark.databases("sqlite", "postgresql")
def test_what_else_changes_is_a_dated_line_for_everybody(site: Site, slug: str, organiser: TestClient) -> None:
    site.confirmed(slug)
    last = day_of(clock.now()) + timedelta(days=30)
    changed = {"goal": "1 200", "closes_on": last.isoformat(), "name-1": "Jean Roux", "role-1": "Préfet"}
    assert organiser.post(f"/organisation/petitions/{slug}/modifier", data=SETTINGS | changed).status_code == 303
    history = text_of(site.client.get(f"/petitions/{slug}/versions").text).replace("\u202f", " ")
    assert "objectif de 500 à 1 200 signatures" in history
    assert "« Claire Vasseur, Maire de Montfleur » à « Jean Roux, Préfet »" in history
    assert "dernier jour du " in history
    page = text_of(site.client.get(f"/petitions/{slug}").text)
    assert "Jean Roux" in page
    assert "Claire Vasseur" not in page
    closes_at = petition(site, slug).closes_at
    assert closes_at is not None
    assert last_day_before(closes_at) == last
    assert f"/petitions/{slug}" in site.client.get("/?q=prefet").text
    english = text_of(site.client.get(f"/en/petitions/{slug}/versions").text)
    assert "goal from 500 to 1,200 signatures" in english


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "Rien n’a changé"),
        ({"goal": "99999999999999999999"}, "nombre de signatures"),
        ({"goal": "0"}, "nombre de signatures"),
        ({"closes_on": "2020-01-01"}, "Cette date est passée"),
        ({"closes_on": "2100-12-31"}, "un an après l’ouverture"),
        ({"closes_on": "9999-12-31"}, "un an après l’ouverture"),
        ({"closes_on": "2026-02-30"}, "Indiquez un jour"),
        ({"name-1": "", "role-1": ""}, "un à vingt"),
        ({"role-1": ""}, "Indiquez sa fonction"),
    ],
)
def test_settings_out_of_bounds_are_told(
    site: Site, slug: str, organiser: TestClient, changes: dict[str, str], said: str
) -> None:
    answer = organiser.post(f"/organisation/petitions/{slug}/modifier", data=SETTINGS | changes)
    assert (answer.status_code, said in text_of(answer.text)) == (422, True), text_of(answer.text)
    assert "Aucune ligne" not in answer.text
    assert petition(site, slug).goal == 500


def test_what_is_said_of_a_picture_is_a_line_too(site: Site, slug: str, organiser: TestClient) -> None:
    pictured = site.publish(image="a.webp", image_alt="Une porte", image_width=9, image_height=9)
    other = site.staff("organiser", pictured, email="image@exemple.test")
    form = SETTINGS | {"image_alt": "Une porte fermée", "image_caption": "", "image_credit": "Paul <b>"}
    assert other.post(f"/organisation/petitions/{pictured}/modifier", data=form).status_code == 303
    history = site.client.get(f"/petitions/{pictured}/versions").text
    assert "description de l’image, de « Une porte » à « Une porte fermée »" in text_of(history)
    assert "<b>" not in history
    without = other.post(f"/organisation/petitions/{pictured}/modifier", data=form | {"image_alt": ""})
    assert (without.status_code, "Décrivez l’image" in text_of(without.text)) == (422, True)


@pytest.mark.databases("sqlite", "postgresql")
def test_saving_a_draft_makes_no_version_and_its_address_follows_its_title(site: Site) -> None:
    with site.database.write() as session:
        file = importing.parse(PETITION, "essai.md")
        slug = petition_actions.create(session, file, folder=None, image_store=Path("unused")).slug
    organiser, moderator = site.staff("organiser", slug), site.staff("moderator")
    for n in range(4):
        with site.database.write() as session:
            title = f"Deux abris pour les vélos, essai {n}"
            file = importing.parse(PETITION.replace(TITLE, title), "essai.md")
            row = queries.by_slug(session, slug)
            assert row is not None
            petition_actions.rewrite(session, row, file)
    assert organiser.post(f"/organisation/petitions/{slug}/proposer").status_code == 303
    path = f"/moderation/petitions/{petition(site, slug).id}/decision"
    assert moderator.post(path, data={"decision": "publish"}).status_code == 303
    now = "deux-abris-pour-les-velos-essai-3"
    assert "version 1." in text_of(site.client.get(f"/petitions/{now}").text)
    assert site.client.get(f"/petitions/{slug}").headers["location"] == f"/petitions/{now}"
    desk = organiser.get(f"/organisation/petitions/{slug}")
    assert (desk.status_code, desk.headers["location"]) == (308, f"/organisation/petitions/{now}")
    assert site.staff("organiser", email="x@exemple.test").get(f"/organisation/petitions/{slug}").status_code == 404


def test_another_picture_is_a_dated_line(site: Site, slug: str, organiser: TestClient) -> None:
    at, words = f"/organisation/petitions/{slug}/image", {"alt": "Une porte fermée", "rights": "on"}
    for files, changes, said in (
        ({}, {}, "Choisissez une image"),
        ({"file": ("x.svg", b"<svg/>", "image/svg+xml")}, {}, "ne convient pas"),
        ({"file": ("x.jpg", photo(), "image/jpeg")}, {"alt": ""}, "Décrivez l’image"),
        ({"file": ("x.jpg", photo(), "image/jpeg")}, {"rights": ""}, "Confirmez"),
    ):
        answer = organiser.post(at, data=words | changes, files=files)
        assert (answer.status_code, said in text_of(answer.text)) == (422, True), text_of(answer.text)
    assert petition(site, slug).image is None
    files = {"file": ("x.jpg", photo(), "image/jpeg")}
    assert organiser.post(at, data=words, files=files).status_code == 303
    assert petition(site, slug).image_alt == "Une porte fermée"
    assert "une autre image : « Une porte fermée »" in text_of(site.client.get(f"/petitions/{slug}/versions").text)
    assert organiser.post(f"/organisation/petitions/{slug}/cloture").status_code == 303
    assert organiser.post(at, data=words, files=files).status_code == 409


def test_a_correction_from_an_old_page_takes_nothing_back(site: Site, slug: str, organiser: TestClient) -> None:
    at = f"/organisation/petitions/{slug}/version"
    page = organiser.get(at).text
    seen = re.findall(r'name="seen" value="([0-9a-f]{16})"', page)[0]
    assert post(organiser, slug, "correct", text=SLIP, seen=seen)[0] == 303
    other = SLIP.replace("Recruter", "Recruterr")
    status, said = post(organiser, slug, "correct", text=other, seen=seen)
    assert (status, "a changé depuis que vous avez ouvert" in said) == (409, True)
    assert post(organiser, slug, "amend", text=AMENDED, reasons=REASON, seen=seen)[0] == 409
