"""An organisation is made, says what it is, and nobody is taken for it."""

import threading

import pytest
from sqlalchemy import func, select

from app.organisations.actions.founding import MOST
from app.organisations.models import Membership, Organisation
from app.organisations.rights import EVERY
from tests.organisations.desk import DESK, HOME, MAKER, NAME, SECOND, found, join, member
from tests.site import Site, text_of

pytestmark = pytest.mark.databases("sqlite")


def test_its_maker_has_every_right(site: Site) -> None:
    maker = found(site)
    assert member(site, MAKER) == set(EVERY)
    page = text_of(maker.get(HOME).text)
    assert NAME in page
    assert MAKER in page
    assert NAME in text_of(maker.get(DESK).text)


def test_an_organiser_without_one_is_told_what_it_is(site: Site) -> None:
    page = text_of(site.staff("organiser").get(DESK).text)
    assert "Une organisation porte des pétitions à plusieurs" in page
    assert "Créer une organisation" in page


@pytest.mark.typed(
    "nom d’organisation : une adresse de site, le nom de la plateforme, des points", "refusé d’une phrase"
)
@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("", "Donnez le nom"),
        ("\u200b\u2060\u3164", "Donnez le nom"),
        ("ab", "de 3 à 80 caractères"),
        ("Les amis " * 10, "de 3 à 80 caractères"),
        ("9" * 20, "avec des lettres"),
        ("🌳🌳🌳", "avec des lettres"),
        ("Gagnez sur ev1l.gg", "adresse de site"),
        ("Signons", "se confond avec celui de la plateforme"),
        ("Ѕignоns", "se confond avec celui de la plateforme"),  # Cyrillic
    ],
)
def test_a_name_is_one(site: Site, name: str, said: str) -> None:
    maker = site.staff("organiser")
    answer = maker.post(f"{DESK}/nouvelle", data={"name": name, "description": "Nous veillons."})
    assert answer.status_code == 422
    assert said in text_of(answer.text)
    assert "Nous veillons." in answer.text  # what was typed still stands
    with site.database.read() as session:
        assert session.scalar(select(func.count()).select_from(Organisation)) == 0


@pytest.mark.parametrize(
    "name", [NAME, "LES AMIS DE LA LANTERNE", "Les  Amis, de la Lanterné", "Lеs Amіs de lа Lanterne"]
)
def test_nobody_bears_a_name_that_looks_like_anothers(site: Site, name: str) -> None:
    found(site)
    other = site.staff("organiser", email="autre@exemple.test")
    answer = other.post(f"{DESK}/nouvelle", data={"name": name})
    assert answer.status_code == 422
    assert "porte déjà ce nom" in text_of(answer.text)
    other.post(f"{DESK}/nouvelle", data={"name": "Les Amis du Phare"})
    edit = other.post(f"{DESK}/les-amis-du-phare/presentation", data={"name": name})
    assert edit.status_code == 422


@pytest.mark.typed("site d’une organisation sans https://", "complété ; ce qui n’est pas une page du web est refusé")
@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("www.lanterne.test", "https://www.lanterne.test"),
        (" http://lanterne.test/nous\u200b ", "http://lanterne.test/nous"),
        ("", ""),
        ("javascript:alert(1)", None),
        ("ftp://lanterne.test", None),
        ("https://a:b@lanterne.test", None),
        ("https://lanterne", None),
        ("https://[::1", None),
        ("https://lanterne.test:99999999999999999999/", None),
        ("la lanterne", None),
        ("https://lanterne.test/" + "a" * 300, None),
    ],
)
def test_a_site_is_a_page_of_the_web(site: Site, typed: str, kept: str | None) -> None:
    maker = site.staff("organiser")
    answer = maker.post(f"{DESK}/nouvelle", data={"name": NAME, "site": typed})
    assert answer.status_code == (422 if kept is None else 303), answer.text
    if kept is not None:
        with site.database.read() as session:
            assert session.scalars(select(Organisation.site)).one() == kept


def test_it_says_something_else_and_keeps_its_address(site: Site) -> None:
    maker = found(site)
    said = {"name": "La Lanterne", "description": "Nous.\r\n\r\nVeillons.", "site": "lanterne.test"}
    assert maker.post(f"{HOME}/presentation", data=said).status_code == 303
    page = site.client.get("/organisations/les-amis-de-la-lanterne").text
    assert "La Lanterne" in text_of(page)
    assert "<p>Nous.</p><p>Veillons.</p>" in page
    assert 'rel="nofollow noopener"' in page
    assert "Veillons." in maker.get(f"{HOME}/presentation").text
    long = maker.post(f"{HOME}/presentation", data=said | {"description": "a" * 2001})
    assert "2\u202f001" in long.text or "2001" in long.text
    assert long.status_code == 422


def test_a_name_without_a_latin_letter_has_an_address(site: Site) -> None:
    for name in ("海洋之友协会", "Nouvelle"):
        assert (
            site.staff("organiser", email=f"{len(name)}@exemple.test")
            .post(f"{DESK}/nouvelle", data={"name": name})
            .status_code
            == 303
        )
    with site.database.read() as session:
        slugs = session.scalars(select(Organisation.slug).order_by(Organisation.id)).all()
    assert slugs[0].startswith("organisation-")
    assert slugs[1] == "nouvelle-2"  # not the page where they are made


def test_nobody_fills_the_site_with_them(site: Site) -> None:
    maker = site.staff("organiser")
    answers = [maker.post(f"{DESK}/nouvelle", data={"name": f"Amis du phare {n}"}).status_code for n in range(MOST + 1)]
    assert answers == [303] * MOST + [422]


@pytest.mark.databases("sqlite", "postgresql")
def test_the_same_name_at_the_same_moment_is_one_organisation(site: Site) -> None:
    makers = [site.staff("organiser", email=f"m{n}@exemple.test") for n in range(4)]
    begin, statuses = threading.Barrier(4), []

    def make(n: int) -> None:
        begin.wait()
        statuses.append(makers[n].post(f"{DESK}/nouvelle", data={"name": NAME}).status_code)

    threads = [threading.Thread(target=make, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [303, 422, 422, 422]
    with site.database.read() as session:
        assert session.scalar(select(func.count()).select_from(Membership)) == 1


def test_only_those_who_look_after_it_present_it(site: Site) -> None:
    maker = found(site)
    second = join(site, maker, SECOND, "petitions", "updates", "signatures")
    assert second.get(HOME).status_code == 200
    assert "/presentation" not in second.get(HOME).text
    assert second.get(f"{HOME}/presentation").status_code == 404
    assert second.post(f"{HOME}/presentation", data={"name": "À nous"}).status_code == 404
