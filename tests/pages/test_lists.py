"""``/petitions``: the open ones, those that have ended, the victories; each findable, with what became of it."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from app import clock
from app.organisations.models import Organisation
from app.petitions import actions, queries
from app.petitions.models import Outcome, Petition
from app.petitions.outcomes import Told, show
from app.zone import day_of
from tests.organisations.desk import found as founded
from tests.site import PETITION, Site, text_of

TITLE = "Rouvrir la bibliothèque de Montfleur"


def publish(site: Site, title: str, theme: str = "Culture", **changes: object) -> str:
    return site.publish(PETITION.replace(TITLE, title).replace('"Culture"', f'"{theme}"'), **changes)


def end(site: Site, slug: str, how: str = "close") -> None:
    with site.database.write() as session:
        found = queries.by_slug(session, slug)
        assert found is not None
        getattr(actions, how)(session, found)


def won(site: Site, slug: str, kind: Outcome = Outcome.OBTAINED, days: int = 0) -> None:
    with site.database.write() as session:
        found = queries.by_slug(session, slug)
        assert found is not None
        day = day_of(clock.now()) - timedelta(days=days)
        show(session, found, Told(kind, day, "La Gazette", "https://gazette.exemple.fr/"))


def page(site: Site, query: str = "", start: str = "/petitions") -> str:
    answer = site.client.get(f"{start}{query}")
    assert answer.status_code == 200, query
    return answer.text


def titles(site: Site, query: str = "") -> list[str]:
    return [text_of(title) for title in re.findall(r'<h2[^>]*><a href="/petitions/[^"]+">(.*?)</a>', page(site, query))]


def tabs(site: Site, query: str = "") -> str:
    found = re.search(r'aria-label="Listes">(.*?)</nav>', page(site, query), re.DOTALL)
    assert found is not None
    return text_of(found[1])


@pytest.fixture
def three(site: Site) -> dict[str, str]:
    """One a state; the one that was won has ended as well, and one ended that no job has closed yet."""
    slugs = {
        "open": publish(site, "Planter des tilleuls"),
        "ended": publish(site, "Un banc sous les tilleuls", "Sport"),
        "won": publish(site, "Sauver les vieux tilleuls"),
        "over": publish(site, "Tailler les tilleuls", closes_at=clock.now() + timedelta(hours=1)),
    }
    site.later(minutes=90)
    end(site, slugs["ended"])
    site.later(minutes=5)
    end(site, slugs["won"], "deliver")
    won(site, slugs["won"])
    return slugs


def test_each_list_has_its_petitions_and_the_numbers_of_all(site: Site, three: dict[str, str]) -> None:
    assert three
    assert titles(site) == titles(site, "?etat=ouvertes") == ["Planter des tilleuls"]
    ended = ["Sauver les vieux tilleuls", "Un banc sous les tilleuls", "Tailler les tilleuls"]
    assert titles(site, "?etat=closes") == ended
    assert titles(site, "?etat=victoires") == ["Sauver les vieux tilleuls"]
    assert tabs(site) == "Ouvertes · 1 Closes · 3 Victoires · 1"
    assert tabs(site, "?theme=Sport") == tabs(site, "?q=banc") == "Ouvertes Closes Victoires"
    assert "1 pétition trouvée" in text_of(page(site, "?etat=closes&theme=Sport"))
    assert titles(site, "?etat=closes&theme=Sport") == ["Un banc sous les tilleuls"]
    for etat in ("", "&etat=closes", "&etat=victoires"):
        shown = page(site, f"?tri=fin{etat}")
        assert ("Bientôt closes" in text_of(shown)) == (etat == "")


def test_words_are_looked_for_within_a_list(site: Site, three: dict[str, str]) -> None:
    assert three
    assert titles(site, "?q=tilleul") == ["Planter des tilleuls"]
    both = ["Sauver les vieux tilleuls", "Un banc sous les tilleuls", "Tailler les tilleuls"]
    assert sorted(titles(site, "?q=tilleul&etat=closes")) == sorted(both)
    assert titles(site, "?q=tilleul&etat=closes&tri=recentes") == both, "by their end"
    assert titles(site, "?q=tilleul&etat=victoires") == ["Sauver les vieux tilleuls"]
    assert titles(site, "?q=banc&etat=closes&theme=Sport") == ["Un banc sous les tilleuls"]
    assert titles(site, "?q=banc&etat=victoires") == []
    assert "Aucune victoire ne répond à cette recherche" in text_of(page(site, "?q=banc&etat=victoires"))
    assert 'href="/?q=banc"' in page(site, "?q=banc&etat=victoires")
    assert 'name="etat" value="closes"' in page(site, "?q=banc&etat=closes")


def test_more_than_a_page_each_once_and_by_signatures(site: Site) -> None:
    slugs = [publish(site, f"Pétition {n}") for n in range(14)]
    for n, slug in enumerate(slugs):
        if n % 3 == 0:
            site.confirmed(slug, email=f"p{n}@exemple.test")
        end(site, slug)
        won(site, slug, Outcome.PARTLY, days=0)
        site.later(minutes=1)
    for etat in ("closes", "victoires"):
        for sort in ("", "&tri=signatures", "&tri=recentes", "&tri=fin", "&tri=x"):
            listed = [title for n in (1, 2) for title in titles(site, f"?etat={etat}&page={n}{sort}")]
            assert sorted(listed) == sorted(f"Pétition {n}" for n in range(14)), (etat, sort)
            if "signatures" in sort:
                assert set(listed[:5]) == {f"Pétition {n}" for n in range(0, 14, 3)}
            else:
                assert listed[0] == "Pétition 13"
        assert titles(site, f"?etat={etat}&page=99") == titles(site, f"?etat={etat}&page=2")


def test_erased_petitions_keep_their_number_and_their_place(site: Site) -> None:
    slug = publish(site, TITLE)
    site.confirmed(slug)
    other = publish(site, "Une autre")
    end(site, slug)
    end(site, other)
    with site.database.write() as session:
        found = session.scalars(select(Petition).where(Petition.slug == slug)).one()
        found.final_count, found.final_count_at, found.purged_at = 812, clock.now(), clock.now()
    assert titles(site, "?etat=closes&tri=signatures") == [TITLE, "Une autre"]
    assert "812 signatures" in text_of(page(site, "?etat=closes"))


@pytest.mark.databases("sqlite")
def test_what_is_not_public_is_in_no_list(site: Site, three: dict[str, str]) -> None:
    with site.database.write() as session:
        for slug in (three["won"], three["ended"]):
            session.scalars(select(Petition).where(Petition.slug == slug)).one().state = "refused"
    assert titles(site, "?etat=closes") == ["Tailler les tilleuls"]
    assert titles(site, "?etat=victoires") == []
    assert "titre-victoires" not in page(site, "", "/")
    assert tabs(site) == "Ouvertes · 1 Closes · 1 Victoires"


@pytest.mark.databases("sqlite")
def test_odd_values_ask_for_nothing(site: Site, three: dict[str, str]) -> None:
    assert three
    for odd in ("etat=", "etat=OUVERTES", "etat=won", "page=-1", "page=x", "page=99999999999", "tri=%27"):
        assert titles(site, f"?{odd}") == ["Planter des tilleuls"], odd
    for odd in (
        "q=" + "x" * 3000,
        "theme=rien",
        "etat=victoires&theme=%22%3E",
        "etat=closes&q=%F0%9F%99%88",
        "etat=%00",
    ):
        assert site.client.get(f"/petitions?{odd}").status_code == (400 if "%00" in odd else 200), odd
    assert site.client.post("/petitions").status_code == 405


@pytest.mark.databases("sqlite")
def test_the_address_of_a_page_is_told_once(site: Site, three: dict[str, str]) -> None:
    assert three

    def canonical(query: str) -> tuple[str, bool]:
        shown = page(site, query)
        found = re.search(r'<link rel="canonical" href="([^"]+)"', shown)
        assert found is not None
        return found[1].removeprefix(site.settings.origin), 'content="noindex' in shown

    assert canonical("?etat=ouvertes&page=1&x=y") == ("/petitions", False)
    assert canonical("?etat=closes&tri=bidon") == ("/petitions?etat=closes", False)
    assert canonical("?q=tilleul&etat=closes")[1]


@pytest.mark.databases("sqlite")
def test_each_list_says_what_to_do_when_it_is_empty(site: Site) -> None:
    assert "Aucune pétition n’est ouverte pour l’instant. Lancer une pétition" in text_of(page(site))
    publish(site, TITLE)
    said = {etat: text_of(page(site, f"?etat={etat}")) for etat in ("closes", "victoires")}
    assert "Aucune pétition n’est close pour l’instant" in said["closes"]
    assert "Aucune pétition n’a encore dit ce qu’elle a obtenu." in said["victoires"]
    assert "0" not in tabs(site, "?etat=closes"), "no zero on display"


@pytest.mark.databases("sqlite")
def test_the_home_page_tells_the_last_three_victories(site: Site) -> None:
    for n in range(4):
        slug = publish(site, f"Victoire {n}")
        won(site, slug, Outcome.PARTLY if n % 2 else Outcome.OBTAINED, days=n)
    lost = publish(site, "Une défaite")
    won(site, lost, Outcome.REFUSED)
    home = page(site, "", "/")
    assert home.count('<h2 id="titre-victoires">') == 1
    told = home.partition("titre-victoires")[2].partition("</section>")[0]
    assert re.findall(r"<h3[^>]*><a[^>]*>(.*?)</a>", told) == ["Victoire 0", "Victoire 1", "Victoire 2"]
    assert "Obtenue en partie" in text_of(told)
    assert 'href="https://gazette.exemple.fr/"' in told
    for query in ("?q=victoire", "?theme=Culture", "?page=2"):
        assert "titre-victoires" not in page(site, query, "/"), query
    for to in ("/petitions", "/petitions?etat=closes", "/petitions?etat=victoires"):
        assert f'href="{to}"' in home, to


@pytest.mark.databases("sqlite")
def test_an_organisation_s_page_says_what_became_of_its_petitions(site: Site) -> None:
    founded(site)
    slug = publish(site, TITLE)
    with site.database.write() as session:
        petition = queries.by_slug(session, slug)
        assert petition is not None
        petition.organisation_id = session.scalars(select(Organisation.id)).one()
    won(site, slug)
    assert "Obtenue" in text_of(page(site, "", "/organisations/les-amis-de-la-lanterne"))
