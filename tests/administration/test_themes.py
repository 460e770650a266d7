"""The operator keeps the list of themes; nothing that was published loses its place by it."""

import pytest
from sqlalchemy import select, text
from starlette.testclient import TestClient

from app.petitions import jobs, themes
from app.petitions.models import Petition, PetitionTheme, Theme
from tests.site import PETITION, Site, text_of

THEMES = "/administration/themes"


@pytest.fixture
def admin(site: Site) -> TestClient:
    return site.staff("admin")


def offered(site: Site) -> list[str]:
    with site.database.read() as session:
        return [theme.name for theme in themes.offered(session)]


def number(site: Site, name: str) -> int:
    with site.database.read() as session:
        return session.scalars(select(Theme.id).where(Theme.name == name)).one()


def act(admin: TestClient, site: Site, name: str, what: str, status: int = 303, /, **form: str) -> str:
    answer = admin.post(f"{THEMES}/{number(site, name)}/{what}", data=form)
    assert answer.status_code == status, answer.text
    return answer.text


def published(site: Site, title: str, *names: str) -> str:
    source = PETITION.replace("Rouvrir la bibliothèque de Montfleur", title)
    return site.publish(source.replace('theme: "Culture"', f"themes: [{', '.join(names)}]"))


def found(site: Site, theme: str) -> list[str]:
    with site.database.read() as session:
        ids = themes.having(themes.find(session, theme))
        return sorted(session.scalars(select(Petition.title).where(Petition.id.in_(ids))))


def test_an_instance_begins_with_a_list(site: Site) -> None:
    assert offered(site) == [name for name, _ in themes.FIRST]
    with site.database.write() as session:
        themes.install_first(session)
    assert len(offered(site)) == len(themes.FIRST)


@pytest.mark.typed("Transport, à côté de Transports", "refusé : ce thème existe déjà")
@pytest.mark.parametrize("name", ["Transport", "TRANSPORTS", "  transports ", "Trânsport"])
def test_no_second_spelling_stands_beside_the_first(site: Site, admin: TestClient, name: str) -> None:
    answer = admin.post(THEMES, data={"name": name, "english": "Other"})
    assert answer.status_code == 422
    assert "Ce thème existe déjà : « Transports »" in text_of(answer.text)
    assert 'value="Other"' in answer.text
    assert "existe déjà" in text_of(act(admin, site, "Culture", "nom", 422, name=name))
    assert len(offered(site)) == len(themes.FIRST)


@pytest.mark.parametrize("name", ["", " ", "\u200b", "a" * 61])
def test_a_name_is_a_short_one_that_is_seen(site: Site, admin: TestClient, name: str) -> None:
    assert admin.post(THEMES, data={"name": name}).status_code == 422
    assert len(offered(site)) == len(themes.FIRST)


def test_a_theme_is_added_renamed_moved_and_retired(site: Site, admin: TestClient) -> None:
    slug = published(site, "Un port sûr", "Culture")
    answer = admin.post(THEMES, data={"name": "Mer 🌊", "english": "Sea"})
    assert answer.headers["location"] == f"{THEMES}#theme-{number(site, 'Mer 🌊')}"
    assert offered(site)[-1] == "Mer 🌊"
    act(admin, site, "Mer 🌊", "ordre", steps="-1")
    assert offered(site)[-2] == "Mer 🌊"
    for _ in range(20):
        act(admin, site, "Mer 🌊", "ordre", steps="-1")
    assert offered(site)[0] == "Mer 🌊"
    act(admin, site, "Culture", "nom", name="Arts", english="Arts")
    assert "Arts" in text_of(site.client.get(f"/petitions/{slug}").text)
    act(admin, site, "Arts", "retrait")
    act(admin, site, "Arts", "retrait", 409)
    act(admin, site, "Arts", "ordre", 409)
    assert "Arts" not in offered(site)
    assert found(site, "arts") == ["Un port sûr"]
    assert admin.post(THEMES, data={"name": "art"}).status_code == 303
    assert offered(site)[-1] == "Arts"
    act(admin, site, "Arts", "retrait")
    act(admin, site, "Arts", "retour")
    assert offered(site)[-1] == "Arts"
    assert text_of(admin.get(THEMES).text).count("proposé") >= 13


def test_two_themes_become_one_and_old_addresses_lead_there(site: Site, admin: TestClient) -> None:
    published(site, "Un bus de nuit", "Transports", "Santé")
    slug = published(site, "Un tramway", "Santé", "Culture", "Transports")
    published(site, "Un préau", "Santé")
    act(admin, site, "Santé", "reunion", into=str(number(site, "Transports")))
    assert found(site, "Santé") == found(site, "Transports") == ["Un bus de nuit", "Un préau", "Un tramway"]
    assert "Santé" not in offered(site)
    page = site.client.get(f"/petitions/{slug}").text
    assert page.count(">Transports</a>") == 1
    assert ">Santé</a>" not in page
    with site.database.read() as session:
        rows = session.execute(select(PetitionTheme.petition_id, PetitionTheme.theme_id)).all()
        assert len(rows) == len(set(rows)) == 4
        columns = dict(session.execute(select(Petition.title, Petition.theme)).all())
    assert columns["Un préau"] == "Transports"
    # The search looks again by itself.
    assert jobs.index(site.database) == 3
    assert "Un préau" in site.client.get("/", params={"q": "preau transport"}).text
    # Neither is merged twice, nor into itself, nor into nothing.
    act(admin, site, "Santé", "reunion", 409, into=str(number(site, "Culture")))
    act(admin, site, "Culture", "reunion", 409, into=str(number(site, "Culture")))
    act(admin, site, "Culture", "reunion", 404, into="999")
    for nothing in ("0", "", "x", "9" * 20):
        act(admin, site, "Culture", "reunion", 404, into=nothing)
    assert admin.post(THEMES, data={"name": "santé"}).status_code == 422
    # A chain of two leads to the end.
    act(admin, site, "Transports", "reunion", into=str(number(site, "Culture")))
    assert len(found(site, "Santé")) == 3


def test_a_petition_of_the_release_before_gets_the_theme_of_its_column(site: Site) -> None:
    slug = published(site, "Un bus de nuit", "Culture")
    with site.database.write() as session:
        session.execute(text("DELETE FROM petition_theme"))
        session.execute(text("UPDATE petition SET theme = 'transport'"))
    jobs.index(site.database)
    assert found(site, "Transports") == ["Un bus de nuit"]
    assert ">Transports</a>" in site.client.get(f"/petitions/{slug}").text


@pytest.mark.databases("sqlite")
def test_only_the_administrator_keeps_it(site: Site) -> None:
    for role in ("organiser", "moderator"):
        browser = site.staff(role)
        assert browser.get(THEMES).status_code == 404
        assert browser.post(THEMES, data={"name": "Mer"}).status_code == 404
