"""One page says how a petition goes and what to do next; what it shows may be taken away, and names nobody."""

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, time, timedelta
from itertools import count

import pytest
from sqlalchemy import func, select
from starlette.testclient import TestClient

from app import clock
from app.organisations.rights import Right
from app.organising import curves, todo
from app.petitions import actions as petition_actions
from app.petitions import jobs as petition_jobs
from app.petitions import public
from app.petitions import queries as petition_queries
from app.petitions.models import PlaceTally, StepPassed, TagCount, TagDelta
from app.privacy import retention
from app.signatures import jobs
from app.zone import ZONE, day_of
from tests.petitions.test_tags import ORIGIN, came, confirm_all
from tests.petitions.test_views import FIREFOX, views
from tests.site import PASSWORD, Site, text_of

pytestmark = pytest.mark.databases("sqlite")


EYES = count()


def eyes(site: Site) -> TestClient:
    """An administrator sees what an organiser does; another one each time, however much time has gone by."""
    return site.staff("admin", email=f"regard{next(EYES)}@exemple.test")


def said(site: Site, slug: str, query: str = "") -> str:
    return text_of(eyes(site).get(f"/organisation/petitions/{slug}{query}").text).replace("\u202f", " ")


def table(site: Site, slug: str, name: str) -> list[list[str]]:
    answer = eyes(site).get(f"/organisation/petitions/{slug}/suivi/{name}.csv")
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "private, no-store"
    assert answer.content.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig")), delimiter=";"))


@pytest.mark.databases("sqlite", "postgresql")
def test_from_reading_to_confirming_over_the_whole_life(site: Site) -> None:
    slug = site.publish()
    for n in range(9):
        site.client.get(f"/petitions/{slug}", headers=FIREFOX)
        site.sign(slug, email=f"p{n}@exemple.test")
    views(site)
    links = [mail.link("/confirmer/") for mail in site.mails()]
    for link in links[:5]:
        site.client.post(link)
    denied, withdrawn = (link.replace("/confirmer/", "/pas-moi/") for link in (links[5], links[0]))
    for mail in site.mails():
        for path in mail.links:
            if path.startswith("/pas-moi/") and path[-40:] in {denied[-40:], withdrawn[-40:]}:
                site.client.post(path)
    before = said(site, slug)
    assert "Lectures de la page 9" in before
    assert "Formulaires envoyés 9 100 % de ce qui précède" in before
    assert "Taux de confirmation 56 %" in before  # 5 of 9, whatever became of them
    site.later(days=8)
    retention.run(site.database, site.settings)
    after = said(site, slug)
    assert "En attente 0" in after
    assert "Formulaires envoyés 9" in after
    assert "n’ont pas été confirmés en sept jours" in after


@pytest.mark.databases("sqlite", "postgresql")
def test_links_are_told_from_eleven(site: Site) -> None:
    slug = site.publish()
    for n in range(11):
        site.client.get(f"/petitions/{slug}?s=affiche", headers=FIREFOX)
        came(site, slug, f"{ORIGIN}/petitions/{slug}?s=affiche", n)
    for n in range(11, 13):
        site.client.get(f"/petitions/{slug}?s=whatsapp", headers=FIREFOX)
        came(site, slug, f"{ORIGIN}/petitions/{slug}?s=whatsapp", n)
    for n in range(13, 24):
        site.client.get(f"/petitions/{slug}", headers=FIREFOX)
        came(site, slug, f"{ORIGIN}/petitions/{slug}", n)
    views(site)
    confirm_all(site)
    assert table(site, slug, "provenances") == [
        ["Lien suivi", "Lectures de la page", "Signatures confirmées", "Sept derniers jours"],
        ["Affiche", "11", "11", "11"],
        ["Autres liens, ou aucun", "13", "13", "13"],
    ]
    page = said(site, slug)
    assert "Affiche 11 11 11" in page
    assert "WhatsApp 2" not in page


@pytest.mark.databases("sqlite", "postgresql")
def test_places_are_told_from_eleven_on_the_map_too(site: Site) -> None:
    slug = site.publish()
    assert "Le premier décompte par département" in said(site, slug)
    for code, n in (("35000", 12), ("29000", 13), ("75001", 3), ("01000", 1)):
        for i in range(n):
            site.confirmed(slug, email=f"{code}.{i}@exemple.test", postal_code=code)
    petition_jobs.fold_counts(site.database)
    jobs.tally_places(site.database)
    # Four are too few to stand alone: whoever knows the whole would know their number.
    lines = table(site, slug, "departements")
    assert [line[:3] for line in lines[1:]] == [
        ["29", "Finistère (29)", "13"],
        ["", "Autres (groupes de moins de onze)", "16"],
    ]
    page = eyes(site).get(f"/organisation/petitions/{slug}").text.replace("\u202f", " ")
    titles = re.findall(r"<title>(.*?)</title></path>", page)
    assert len(titles) == 96
    assert [title for title in titles if re.search(r"\d+$", title)] == ["Finistère (29) : 13"]
    assert "CC BY 4.0" in page
    assert "Autres, réunis 16" in text_of(page)


def test_places_are_sorted_by_name_or_by_number(site: Site) -> None:
    slug = site.publish()
    with site.database.write() as session:
        cells = {"01": 20, "35": 4000, "75": 500, "2A": 30, "971": 60, "": 70, "00": 12}
        session.add(
            PlaceTally(
                petition_id=1, cells=cells, made_at=clock.now(), noted=1, counted=1, seen=1, seen_count=1,
                due_at=clock.now(),
            )
        )  # fmt: skip

    def order(query: str) -> list[str]:
        rows = re.findall(r'<th scope="row">([^<]*)</th>', client.get(f"/organisation/petitions/{slug}{query}").text)
        return [row.partition(" (")[0] for row in rows if "(" in row or row.startswith(("Hors", "En"))]

    client = eyes(site)
    assert order("")[:3] == ["Ille-et-Vilaine", "Paris", "Hors de France"]
    assert order("?tri=nom")[:2] == ["Ain", "Corse-du-Sud"]
    assert order("?tri=n'importe")[0] == "Ille-et-Vilaine"


def test_the_curve_by_the_hour_the_day_and_the_week(site: Site) -> None:
    clock.travel(datetime.combine(day_of(clock.now()), time(12), ZONE) - clock.now())  # an hour later is the same day
    slug = site.publish()
    site.confirmed(slug, email="un@exemple.test")
    site.later(days=40)
    site.confirmed(slug, email="deux@exemple.test")
    site.confirmed(slug, email="trois@exemple.test")
    site.later(hours=1)

    def sums(query: str) -> tuple[str, int, int]:
        page = eyes(site).get(f"/organisation/petitions/{slug}{query}").text
        chart = re.search(r'<figure class="chart">.*?</figure>', page, re.DOTALL)
        assert chart is not None
        head = re.search(r'aria-label="([^"]+)"', chart[0])
        numbers = [int(n) for n in re.findall(r'<td class="right">(\d+)</td>', chart[0])]
        assert head is not None
        return head[1].rpartition(", ")[2], sum(numbers), len(numbers)

    assert sums("?courbe=heure") == ("heure par heure", 2, 48)
    assert sums("?courbe=jour") == sums("") == sums("?courbe=<b>") == ("jour par jour", 3, 41)
    assert sums("?courbe=semaine")[:2] == ("semaine par semaine", 3)
    days = table(site, slug, "jours")
    assert [sum(int(line[1]) for line in days[1:]), len(days)] == [3, 42]


def test_a_curve_ends_where_signing_did(site: Site) -> None:
    slug = site.publish()
    with site.database.write() as session:
        found = petition_queries.by_slug(session, slug)
        assert found is not None
        petition_actions.close(session, found)
    site.later(days=20)
    with site.database.read() as session:
        found = petition_queries.by_slug(session, slug)
        assert found is not None
        last = curves.curve("jour", [], {}, found, clock.now(), "fr").series[-1][0]
        assert last == f"{day_of(clock.now() - timedelta(days=18)):%d/%m/%Y}"


@pytest.fixture
def shown(site: Site) -> Iterator[public.View]:
    slug = site.publish(closes_at=clock.now() + timedelta(days=200))
    with site.database.read() as session:
        petition = petition_queries.by_slug(session, slug)
        assert petition is not None
        yield public.view(session, petition, "", clock.now())


EVERY = frozenset(Right)


@pytest.mark.parametrize(
    ("days", "signed", "closed", "told", "passed", "rights", "kinds"),
    [
        (1, 3, False, None, None, EVERY, ["spread"]),
        (1, 10, False, None, None, EVERY, []),
        (61, 30, False, None, None, EVERY, ["tell"]),
        (61, 30, False, None, None, {Right.PETITIONS}, []),
        (61, 30, False, 59, None, EVERY, []),
        (61, 130, False, 10, 5, EVERY, ["thank"]),
        (61, 130, False, 4, 5, EVERY, []),
        (190, 130, False, 4, 5, EVERY, ["prepare"]),
        (190, 130, False, 4, 5, {Right.UPDATES}, []),
        (20, 30, True, None, None, EVERY, ["deliver"]),
    ],
)
def test_what_to_do_next(
    shown: public.View,
    days: int,
    signed: int,
    closed: bool,
    told: int | None,
    passed: int | None,
    rights: set[Right],
    kinds: list[str],
) -> None:
    """*told*, *passed*: days ago."""
    now = clock.now() + timedelta(days=days)
    view = replace(shown, count=signed, is_open=not closed, state="closed" if closed else "open")
    steps = [StepPassed(petition_id=1, step=100, passed_at=now - timedelta(days=passed))] if passed else []
    told_at = now - timedelta(days=told) if told is not None else None
    found = todo.todo(view, rights, steps, told_at, now)
    assert [one.kind for one in found] == kinds
    assert all(one.link.startswith(("/organisation/petitions/", "/petitions/")) for one in found)
    assert todo.coming(view, told_at, now)


def test_nothing_to_do_says_what_comes(site: Site) -> None:
    slug = site.publish()
    for n in range(10):
        site.confirmed(slug, email=f"p{n}@exemple.test")
    page = said(site, slug)
    assert "Rien à faire aujourd’hui." in page
    assert "Prochain palier : 100 signatures, encore 90." in page
    assert "Effacement des données des signataires" in page


@pytest.mark.databases("sqlite", "postgresql")
def test_at_the_end_nothing_of_it_is_left(site: Site) -> None:
    slug = site.publish()
    site.client.get(f"/petitions/{slug}?s=affiche", headers=FIREFOX)
    views(site)
    came(site, slug, f"{ORIGIN}/petitions/{slug}?s=affiche", 1)
    confirm_all(site)
    petition_jobs.fold_counts(site.database)
    jobs.tally_places(site.database)
    with site.database.write() as session:
        found = petition_queries.by_slug(session, slug)
        assert found is not None
        petition_actions.close(session, found)
    site.later(days=200)
    retention.run(site.database, site.settings)
    with site.database.read() as session:
        for model in (PlaceTally, TagCount, TagDelta):
            assert session.scalar(select(func.count()).select_from(model)) == 0, model
    assert "Les signatures et leurs chiffres détaillés ont été effacés, comme prévu" in said(site, slug)
    organiser = site.staff("organiser", slug)
    assert organiser.get(f"/organisation/petitions/{slug}/suivi/jours.csv").status_code == 410


def test_tables_are_their_organiser_s_and_no_other_file_is_there(site: Site) -> None:
    slug = site.publish()
    organiser = site.staff("organiser", slug)
    stranger = site.staff("organiser", email="autre@exemple.test")
    moderator = site.staff("moderator")
    for name in ("jours", "provenances", "departements"):
        path = f"/organisation/petitions/{slug}/suivi/{name}.csv"
        assert organiser.get(path).status_code == 200
        assert eyes(site).get(path).status_code == 200
        assert stranger.get(path).status_code == 404
        assert moderator.get(path).status_code == 404
        assert site.client.get(path).status_code == 303
    assert organiser.get(f"/organisation/petitions/{slug}/suivi/signataires.csv").status_code == 404
    assert PASSWORD not in organiser.get(f"/organisation/petitions/{slug}").text
