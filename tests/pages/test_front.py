"""The home page: what moves today, what has almost arrived, victories, new ones; each petition once, no zero shown."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from app import clock
from app.petitions import front, jobs, on_paper, queries
from app.petitions.models import Outcome, Petition, Standing
from app.petitions.outcomes import Told, show
from app.zone import day_of
from tests.site import PETITION, Site, text_of

TITLE = "Rouvrir la bibliothèque de Montfleur"


def publish(site: Site, title: str, theme: str = "Culture", **changes: object) -> str:
    return site.publish(PETITION.replace(TITLE, title).replace('"Culture"', f'"{theme}"'), **changes)


def count(site: Site, slug: str, n: int, hours_ago: float = 1) -> None:
    """*n* more of its count, as confirmations are; folded."""
    with site.database.write() as session:
        found = queries.by_slug(session, slug)
        assert found is not None
        hour = clock.hour_of(clock.now() - timedelta(hours=hours_ago))
        queries.add_to_count(session, found.id, {(hour, 1): n})
    jobs.fold_counts(site.database)
    site.app.state.page_cache.forget(found.id)


def won(site: Site, slug: str) -> None:
    with site.database.write() as session:
        found = queries.by_slug(session, slug)
        assert found is not None
        show(session, found, Told(Outcome.OBTAINED, day_of(clock.now()), "La Gazette", "https://gazette.exemple.fr/"))


def home(site: Site, start: str = "/") -> str:
    jobs.rank_front(site.database)
    site.app.state.page_cache.forget(0)
    page = site.client.get(start)
    assert page.status_code == 200
    return page.text


def titles(part: str) -> list[str]:
    return [text_of(one) for one in re.findall(r'<h[23][^>]*><a href="[^"]*/petitions/[^"]+">(.*?)</a>', part)]


def sections(page: str) -> dict[str, str]:
    part = r'<section class="lane" aria-labelledby="titre-(\w+)">(.*?)</section>'
    return dict(re.findall(part, page, re.S))


def fore(page: str) -> str:
    found = re.search(r'<article class="fore">(.*?)</article>', page, re.S)
    assert found is not None
    return found[1]


def test_what_moves_most_is_to_the_fore_and_everything_stands_once_in_its_place(site: Site) -> None:
    slugs = {
        name: publish(site, name)
        for name in ("La forêt", "Les trains", "La gare", "Le pont", "Le canal", "Le verger", "La serre")
    }
    site.later(days=3)
    count(site, slugs["La forêt"], 300, hours_ago=60)
    count(site, slugs["Les trains"], 182)
    count(site, slugs["La gare"], 40)
    count(site, slugs["Le pont"], 94)  # moves as well: that it has almost arrived says more
    count(site, slugs["Le canal"], 1)
    won(site, slugs["Le verger"])
    page = home(site)
    assert titles(fore(page)) == ["Les trains"]
    assert "+ 182 depuis hier" in text_of(fore(page))
    assert f'href="/petitions/{slugs["Les trains"]}#signer"' in fore(page)
    found = sections(page)
    assert list(found) == ["bouge", "presque", "victoires", "nouvelles"]
    assert titles(found["bouge"]) == ["La gare"]
    assert "+ 40 depuis hier" in text_of(found["bouge"])
    assert titles(found["presque"]) == ["Le pont"]
    assert "Plus que 6 signatures pour atteindre 100" in text_of(found["presque"])
    assert titles(found["victoires"]) == ["Le verger"]
    assert titles(found["nouvelles"]) == ["La serre", "Le canal", "La forêt"], "one signature alone is no movement"
    assert "Soyez parmi les premières personnes à signer" in text_of(found["nouvelles"])
    assert "300 signatures" in text_of(found["nouvelles"])
    everything = titles(page)
    assert len(everything) == len(set(everything)) == 7
    assert not re.search(r"(?<![\d ])0 signature|\+ 0|\b0</strong>", text_of(page)), text_of(page)


def test_figures_are_of_now_and_ranks_of_the_last_minute(site: Site) -> None:
    train, bus = publish(site, "Les trains"), publish(site, "Autobus")
    site.later(days=2)
    count(site, train, 30)
    count(site, bus, 20)
    assert titles(fore(home(site))) == ["Les trains"]
    count(site, bus, 15)  # no job since
    page = site.client.get("/").text
    assert titles(fore(page)) == ["Autobus"]
    assert "+ 35 depuis hier" in text_of(fore(page))
    with site.database.write() as session:
        session.scalars(select(Petition).where(Petition.slug == bus)).one().closes_at = clock.now()
    site.later(minutes=1)
    site.app.state.page_cache.forget(0)
    assert titles(site.client.get("/").text) == ["Les trains"], "what has closed since is not brought forward"
    site.later(days=2)
    page = home(site)
    assert "depuis hier" not in text_of(page)
    assert titles(fore(page)) == ["Les trains"]
    with site.database.read() as session:
        assert session.scalars(select(Standing)).all() == []


@pytest.mark.databases("sqlite")
def test_sheets_and_withdrawals_are_no_movement(site: Site) -> None:
    paper, gone, signed = publish(site, "Papier"), publish(site, "Retirée"), publish(site, "Signée")
    with site.database.write() as session:
        found = queries.by_slug(session, paper)
        assert found is not None
        on_paper.add(session, found.id, {(clock.hour_of(clock.now()), 1): 80})
    count(site, gone, 10, hours_ago=2)
    count(site, gone, -9)
    count(site, signed, 3)
    page = home(site)
    assert titles(fore(page)) == ["Signée"]
    assert "bouge" not in sections(page)
    assert text_of(page).count("depuis hier") == 2, "of the one to the fore, and the words above it"
    assert titles(sections(page)["presque"]) == ["Papier"], "sheets are part of the count"


@pytest.mark.databases("sqlite")
def test_a_large_instance_shows_three_of_each_and_the_newest(site: Site) -> None:
    for n in range(20):
        slug = publish(site, f"Pétition {n:02}", closes_at=clock.now() + timedelta(days=90))
        if n < 8:
            count(site, slug, 100 + 10 * n)
        elif n < 13:
            count(site, slug, 85 + n, hours_ago=90)
    page = home(site)
    found = sections(page)
    assert titles(fore(page)) == ["Pétition 07"]
    assert titles(found["bouge"]) == [f"Pétition {n:02}" for n in (6, 5, 4)]
    assert titles(found["presque"]) == [f"Pétition {n:02}" for n in (12, 11, 10)]
    assert titles(found["nouvelles"]) == [f"Pétition {n}" for n in (19, 18, 17, 16, 15, 14)]
    again = site.client.get("/?page=2")
    assert again.status_code == 200
    assert len(titles(again.text)) == 8, "the list that goes on"
    assert page.count('fetchpriority="high"') + page.count('loading="lazy"') == 0, "these have no picture"
    assert len(page.encode()) < 60_000


@pytest.mark.databases("sqlite")
def test_a_small_instance_leaves_out_what_would_be_empty(site: Site) -> None:
    empty = home(site)
    assert "La première pétition reste à écrire" in text_of(empty)
    assert 'href="/lancer"' in empty
    assert 'role="search"' not in empty
    slug = publish(site, TITLE)
    one = home(site)
    assert titles(one) == [TITLE]
    assert sections(one) == {}
    assert "Soyez parmi les premières personnes à signer" in text_of(fore(one))
    assert 'class="chips"' not in one, "one theme is no choice"
    other = publish(site, "Une autre", "Nature")
    two = home(site)
    assert titles(fore(two)) == ["Une autre"]
    assert list(sections(two)) == ["nouvelles"]
    assert text_of(re.search(r'<nav class="topics".*?</nav>', two, re.S)[0]) == "Culture Nature"  # type: ignore[index]
    count(site, slug, 2)
    assert titles(fore(home(site))) == [TITLE]
    won(site, slug)
    won(site, other)
    both = home(site)
    assert list(sections(both)) == ["victoires"], "what was won is not pushed, be it all that is open"
    assert 'class="fore"' not in both
    site.later(days=400)
    ended = home(site)
    assert "Aucune pétition n’est ouverte pour l’instant" in text_of(ended)
    assert 'href="/petitions?etat=closes"' in ended


def test_two_workers_may_rank_at_once(site: Site) -> None:
    with site.database.read() as session:
        before = front.standings(session)
    ranks = {"moving": [5, 3], "near": [4]}
    with site.database.write() as session:
        front.keep(session, ranks)
        front.keep(session, ranks)
    with site.database.write() as session:
        front.keep(session, {"moving": [3], "near": []})
    with site.database.read() as session:
        assert (before, front.standings(session)) == ({"moving": [], "near": []}, {"moving": [3], "near": []})
