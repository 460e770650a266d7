"""Six steps without an account: kept as they are typed, told what they lack, lost to nobody."""

import threading
from html import unescape
from pathlib import Path

import pytest
from sqlalchemy import select

from app.drafting.models import Draft
from tests.conftest import settings_for
from tests.drafting.writing import STEPS, begun, saved, written
from tests.site import Site, text_of

pytestmark = pytest.mark.databases("sqlite")


def test_a_stranger_begins_with_a_title_and_no_account(site: Site) -> None:
    base = begun(site.client)
    assert len(base.removeprefix("/lancer/")) == 22
    page = text_of(site.client.get(f"{base}/destinataires").text)
    assert "Étape 2 sur" in page
    cookie = site.client.post("/lancer", data={"title": "Autre chose"}).headers["set-cookie"]
    assert "Path=/lancer" in cookie
    assert "HttpOnly" in cookie
    assert "Max-Age=2592000" in cookie
    assert "Le reprendre" in site.client.get("/lancer").text
    assert "Le reprendre" not in site.browser().get("/lancer").text


def test_looking_begins_nothing(site: Site) -> None:
    site.client.get("/lancer")
    with site.database.read() as session:
        assert session.query(Draft).count() == 0


def test_whatever_is_typed_is_kept_and_each_step_says_what_it_lacks(site: Site) -> None:
    base = begun(site.client)
    response = saved(site.client, base, "destinataires", **{"role-2": ""})
    assert response.headers["location"] == f"{base}/destinataires?verifier=oui"
    page = site.client.get(response.headers["location"]).text
    assert 'href="#champ-role-2"' in page
    assert "Jean Roux" in page
    assert "à compléter" in text_of(page)
    whole = text_of(site.client.get(f"{base}/relire").text)
    assert "Il manque encore" in whole
    assert "Recevoir le lien" not in whole


@pytest.mark.parametrize(
    ("step", "field", "typed", "said"),
    [
        ("histoire", "text", "a" * 50_001, "50000 caractères au plus, il en compte 50001"),
        ("histoire", "text", "trop court", "50 caractères au moins"),
        ("demande", "title", "\u3164" * 10, "titre de 5 à 200"),
        ("demande", "title", "W" * 201, "titre de 5 à 200"),
        ("reglages", "author", "Ѕіgnоns", "plateforme"),
        ("reglages", "author", "ev1l.gg", "adresse de site"),
        ("reglages", "author", "\u202e", "Remplissez ce champ"),
        ("reglages", "author", "W" * 61, "60 caractères au plus"),
        ("destinataires", "name-1", "W" * 301, "300 caractères au plus"),
        ("destinataires", "role-1", "\u2800", "Indiquez sa fonction"),
        ("sources", "title-1", "W" * 301, "300 caractères au plus"),
        ("sources", "date-1", "9999-12-31", "date est à venir"),
        ("sources", "date-1", "hier", "un jour comme 2026-02-03"),
        ("sources", "url-1", "javascript:alert(1)", "commence par https://"),
        ("reglages", "goal", "99999999999999999999", "nombre de signatures"),
        ("reglages", "closes_on", "0001-01-01", "Indiquez un jour"),
    ],
)
def test_each_fault_stands_by_its_field_and_loses_nothing(
    site: Site, step: str, field: str, typed: str, said: str
) -> None:
    base = begun(site.client)
    response = saved(site.client, base, step, seen="1" if step == "demande" else "0", **{field: typed})
    page = site.client.get(response.headers["location"]).text
    assert said in text_of(page).replace("\u202f", "").replace("\u00a0", " ")
    assert f'href="#champ-{field}"' in page
    assert typed in unescape(page)
    for other, value in STEPS[step].items():
        assert other == field or value in unescape(page)


def test_rows_are_added_one_at_a_time_and_empty_ones_go(site: Site) -> None:
    base = begun(site.client)
    response = saved(site.client, base, "destinataires", go="ligne", **{"name-1": "", "role-1": ""})
    assert response.headers["location"] == f"{base}/destinataires?ligne=oui#ligne-2"
    page = site.client.get(f"{base}/destinataires?ligne=oui").text
    assert 'name="name-2"' in page
    assert 'name="name-3"' not in page
    assert page.index("Jean Roux") < page.index('name="name-2"')


def test_a_page_that_saves_itself_is_told_when_and_what_it_has_seen(site: Site) -> None:
    base = begun(site.client)
    answer = site.client.post(
        f"{base}/histoire", data={"text": "Un", "seen": "0"}, headers={"accept": "application/json"}
    )
    assert answer.json()["seen"] == 1
    assert len(answer.json()["saved_at"]) == 5
    assert "Un" in site.client.get(f"{base}/histoire").text


def test_of_two_windows_the_second_is_told_and_overwrites_nothing(site: Site) -> None:
    base = begun(site.client)
    assert saved(site.client, base, "histoire", text="De la première fenêtre.", go="ici").status_code == 303
    late = saved(site.client, base, "histoire", text="De la seconde fenêtre.", go="ici")
    assert late.status_code == 409
    assert "depuis une autre fenêtre" in text_of(late.text)
    assert "De la seconde fenêtre." in late.text
    assert "De la première fenêtre." in site.client.get(f"{base}/histoire").text
    by_itself = site.client.post(
        f"{base}/histoire", data={"text": "Encore.", "seen": "0"}, headers={"accept": "application/json"}
    )
    assert by_itself.status_code == 409
    assert "autre fenêtre" in by_itself.json()["error"]
    # Another step is nobody's business; and the choice, once made, is kept.
    assert saved(site.client, base, "sources").status_code == 303
    assert saved(site.client, base, "histoire", seen="1", text="De la seconde fenêtre.", go="ici").status_code == 303
    assert "De la seconde fenêtre." in site.client.get(f"{base}/histoire").text


@pytest.mark.databases("sqlite", "postgresql")
def test_twelve_windows_at_once_leave_one_text_and_eleven_are_told(site: Site) -> None:
    base = begun(site.client)
    answers: list[int] = []

    def write(n: int) -> None:
        browser = site.browser()
        answers.append(browser.post(f"{base}/histoire", data={"text": f"Fenêtre {n}.", "seen": "0"}).status_code)

    windows = [threading.Thread(target=write, args=(n,)) for n in range(12)]
    for window in windows:
        window.start()
    for window in windows:
        window.join()
    assert sorted(answers) == [303] + [409] * 11


def test_the_preview_is_the_page_s_own_renderer(site: Site) -> None:
    base = begun(site.client)
    made = site.client.post(f"{base}/apercu", data={"text": "## Un\n\n<script>alert(1)</script> **deux**"}).text
    assert "<h2>Un</h2>" in made
    assert "<strong>deux</strong>" in made
    assert "<script>" not in made
    saved(site.client, base, "histoire", go="apercu")
    assert "<strong>Un abri</strong>" in site.client.get(f"{base}/histoire").text


def test_the_whole_page_is_shown_before_it_is_proposed(site: Site) -> None:
    page = site.client.get(f"{written(site.client)}/relire").text
    for part in ("Un abri pour les vélos", "Claire Vasseur", "<strong>Un abri</strong>", "La Gazette", "pédales"):
        assert part in page
    assert "Il manque encore" not in page
    assert "Recevoir le lien" in page


def test_nobody_guesses_an_address(site: Site) -> None:
    base = begun(site.client)
    for address in (base[:-1], base[:-1] + ("A" if base[-1] != "A" else "B"), "/lancer/1", f"{base}é"):
        assert site.client.get(f"{address}/demande").status_code == 404
        assert site.client.post(f"{address}/demande", data={"title": "Pris"}).status_code == 404
    with site.database.read() as session:
        draft = session.query(Draft).one()
        assert base.rpartition("/")[2] not in str(vars(draft))


def test_a_draft_is_thrown_away_at_once(site: Site) -> None:
    base = written(site.client)
    assert site.client.post(f"{base}/supprimer").headers["location"] == "/lancer?fait=supprime"
    assert site.client.get(f"{base}/demande").status_code == 404
    with site.database.read() as session:
        assert session.query(Draft).count() == 0


def test_strange_fields_stay_out(site: Site) -> None:
    base = begun(site.client)
    typed = {"text": "Bien.", "title": "Pas ici", "petition_id": "1", "name-1": "x", "text-1": "y", "seen": "9" * 9}
    assert site.client.post(f"{base}/histoire", data=typed).status_code == 409
    assert site.client.post(f"{base}/histoire", data=typed | {"seen": "0"}).status_code == 303
    with site.database.read() as session:
        assert session.query(Draft).one().typed == {"title": STEPS["demande"]["title"], "text": "Bien."}
    assert site.client.get(f"{base}/ailleurs").status_code == 404
    assert site.client.post(f"{base}/ailleurs").status_code == 404


def test_abandoned_drafts_go_by_the_schedule(site: Site) -> None:
    from app.privacy import retention

    begun(site.client)
    organiser = site.staff("organiser")
    begun(organiser)
    site.later(days=29)
    retention.run(site.database, site.settings)
    with site.database.read() as session:
        assert session.query(Draft).count() == 2
    site.later(days=2)
    retention.run(site.database, site.settings)
    with site.database.read() as session:
        assert [draft.account_id is not None for draft in session.query(Draft)] == [True]
    site.later(days=335)
    retention.run(site.database, site.settings)
    with site.database.read() as session:
        assert session.query(Draft).count() == 0


@pytest.mark.parametrize(("launch", "said"), [("invited", "sur invitation"), ("closed", "c’est l’équipe")])
def test_the_operator_says_who_may_start(database_url: str, tmp_path: Path, launch: str, said: str) -> None:
    with Site(settings_for(database_url, tmp_path, launch=launch)) as site:
        page = site.client.get("/lancer").text
        assert said in text_of(page)
        assert "Commencer" not in page
        refused = site.client.post("/lancer", data={"title": "Un abri pour les vélos"})
        assert refused.status_code == 422
        assert said in text_of(refused.text)
        organiser = site.staff("organiser")
        assert organiser.post("/lancer", data={"title": "Un abri"}).status_code == (303 if launch == "invited" else 422)
        assert site.staff("admin").post("/lancer", data={"title": "Un abri pour les vélos"}).status_code == 303


@pytest.mark.parametrize(
    ("step", "typed"),
    [
        ("reglages", {"display": "tout", "delivery_mode": "👩‍👩‍👧", "goal": "9" * 20, "closes_on": "9999-12-31"}),
        ("image", {"alt": "Des vélos. " * 40, "caption": "Ici. " * 80, "focus_x": "9" * 20}),
        ("image", {"alt": "\u200b"}),
        ("sources", {"kind-1": "roman", "title-1": "Un titre", "url-1": "javascript:alert(1)", "date-1": "2026-02-30"}),
    ],
)
def test_the_whole_page_is_shown_whatever_was_typed(site: Site, step: str, typed: dict[str, str]) -> None:
    base = begun(site.client)
    assert site.client.post(f"{base}/{step}", data=typed).status_code == 303
    response = site.client.get(f"{base}/relire")
    assert response.status_code == 200
    assert 'href="javascript' not in response.text


def test_a_stranger_fills_no_disk_with_lines(site: Site) -> None:
    base = begun(site.client, "🚲" * 5_100)
    sources = {f"publisher-{n}": "🚲" * 6_000 for n in range(1, 11)}
    assert site.client.post(f"{base}/sources", data=sources).status_code == 303
    with site.database.read() as session:
        typed = session.scalars(select(Draft.typed)).one()
    assert {name: len(text) for name, text in typed.items()} == dict.fromkeys(["title", *sources], 5_000)
