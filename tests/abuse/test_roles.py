"""Every route, for six kinds of people: nobody gets where they have no business, and reading changes nothing."""

from typing import Any

import pytest
from sqlalchemy import Table, event, select
from starlette.testclient import TestClient

from app.db import Base
from tests.abuse.test_bursts import ANYTHING, STAFF
from tests.site import PETITION, Site
from tests.staff import give_password, with_second_factor
from tests.test_architecture import address, routes

pytestmark = pytest.mark.databases("sqlite")

# Who may enter where; a petition's own pages are those of its owner.
PLACES = {
    "/organisation/": {"owner", "other", "admin"},
    "/moderation/": {"moderator", "admin"},
    "/administration/": {"admin"},
}
# Noted in memory by the pages, written down by a job: who was there, how often a page was read.
NOTED = {("staff_session", "seen_at"), ("view_count", "")}
OWNED = "/organisation/petitions/{slug}"
INVITED = "/organisation/invitations/{token}"


@pytest.fixture
def people(site: Site) -> dict[str, TestClient]:
    site.publish(PETITION.replace("Montfleur", "Valfleur"))
    mine, other = "rouvrir-la-bibliotheque-de-montfleur", "rouvrir-la-bibliotheque-de-valfleur"
    site.publish()
    with_second_factor(site, "admin", "moitie@exemple.test")
    half = site.browser()
    assert give_password(half, "moitie@exemple.test") == 303
    return {
        "stranger": site.browser(),
        "half": half,
        "other": site.staff("organiser", other, email="autre@exemple.test"),
        "owner": site.staff("organiser", mine, email="mienne@exemple.test"),
        "moderator": site.staff("moderator"),
        "admin": site.staff("admin"),
    }


def allowed(kind: str, path: str) -> bool:
    place = next(place for place in STAFF if f"{path}/".startswith(place))
    if path.startswith(OWNED) and kind == "other":
        return False
    if "{organisation}" in path or path == INVITED:  # of nobody here: see test_organisations.py
        return False
    return kind in PLACES[place]


def test_every_staff_route_for_six_kinds_of_people(site: Site, people: dict[str, TestClient]) -> None:
    slug = "rouvrir-la-bibliotheque-de-montfleur"
    wrong = []
    for method in ("GET", "POST"):
        for route in routes(method):
            if not f"{route.path}/".startswith(STAFF):
                continue
            for kind, browser in people.items():
                if allowed(kind, route.path):
                    continue
                path = address(route, slug)
                answer = browser.request(method, path, data=ANYTHING if method == "POST" else None)
                outside = kind in {"stranger", "half"}
                expected = 303 if outside and method == "GET" else 404
                if answer.status_code != expected or (
                    expected == 303 and "/connexion" not in answer.headers["location"]
                ):
                    wrong.append(f"{method} {route.path} {kind}: {answer.status_code}")
    assert wrong == []


def rows(site: Site) -> dict[str, list[Any]]:
    """Every row of every table."""
    found = {}
    with site.database.read() as session:
        for table in Base.metadata.sorted_tables:
            assert isinstance(table, Table)
            columns = [column for column in table.columns if (table.name, column.name) not in NOTED]
            if columns and table.name not in {name for name, column in NOTED if not column}:
                found[table.name] = sorted(map(repr, session.execute(select(*columns)).all()))
    return found


@pytest.mark.databases("sqlite", "postgresql")
def test_no_get_changes_or_locks_a_row(site: Site, people: dict[str, TestClient]) -> None:
    slug = "rouvrir-la-bibliotheque-de-montfleur"
    link = site.confirmed(slug, comment="Il faut rouvrir, vite.")
    site.sign(slug, email="autre@exemple.test")
    pending = site.mails()[-1].link("/confirmer/")
    site.later(minutes=3)  # a session that was seen a while ago
    before = rows(site)
    locks = []

    @event.listens_for(site.database.engine, "before_cursor_execute")
    def look(*asked: Any) -> None:
        if "FOR UPDATE" in asked[2]:
            locks.append(asked[2])

    paths = [address(route, slug) for route in routes("GET")]
    for path in [*paths, link, pending, link.replace("confirmer", "pas-moi"), pending.replace("confirmer", "pas-moi")]:
        for kind, browser in people.items():
            for method in ("GET", "HEAD"):
                if "/direct" in path:
                    continue
                status = browser.request(method, path).status_code
                assert status < 500, (method, path, kind, status)
                assert locks == [], (method, path, kind)
    after = rows(site)
    assert {name for name in before if before[name] != after[name]} == set()
