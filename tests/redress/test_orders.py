"""An authority's order is carried out whole, or not at all."""

from typing import Any

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from app.audit import AuditLine
from app.moderation import models
from app.moderation.models import Order
from tests.moderation.desk import OTHER, PUBLISH, TEXT, comment, decide
from tests.site import Site, text_of

pytestmark = pytest.mark.databases("sqlite")

FORM = {"authority": "Pharos", "reference": "X-1", "received_at": "2026-11-22T10:00"}
DOOR = "/moderation/urgences/injonction"


@pytest.fixture
def named(site: Site) -> list[int]:
    """A published comment, and one that waits."""
    site.account("moderator")
    slug = site.publish()
    first = site.comment(slug, TEXT)
    decide(site, first, PUBLISH)
    return [first, site.comment(slug, "Un autre avis.", email="zoe@exemple.test")]


@pytest.fixture
def other(site: Site) -> TestClient:
    return site.staff("moderator", email=OTHER)


def everything(site: Site) -> dict[str, list[Any]]:
    """Every row of every table, but for sessions: the clock of one's own moves at each request."""
    tables = models.Decision.metadata.sorted_tables
    with site.database.read() as session:
        return {
            table.name: sorted(map(str, session.execute(select(table)).all()))
            for table in tables
            if table.name not in {"staff_session", "account"}
        }


@pytest.mark.typed("une injonction qui nomme « 1 99999 »", "refusée en entier : rien n’est fait")
@pytest.mark.databases("sqlite", "postgresql")
def test_order_that_names_an_unknown_comment_does_nothing(site: Site, named: list[int], other: TestClient) -> None:
    before = everything(site)
    # Before and after those that exist: neither is touched.
    for comments in (f"{named[0]} 99999", f"{named[1]}, {named[0]}, 2147483647", "99999 88888"):
        answer = other.post(DOOR, data=FORM | {"comments": comments})
        assert answer.status_code == 422
        page = text_of(answer.text)
        assert "Aucun commentaire ne porte" in page
        assert f'value="{comments}"' in answer.text  # what was typed is kept
    assert "88888, 99999" in page
    assert everything(site) == before
    assert [comment(site, one).state for one in named] == ["published", "waiting"]


@pytest.mark.databases("sqlite", "postgresql")
def test_order_takes_down_what_is_published_and_what_waits(site: Site, named: list[int], other: TestClient) -> None:
    comments = " ".join(map(str, [*named, named[0]]))  # named twice, taken once
    assert other.post(DOOR, data=FORM | {"comments": comments}).status_code == 303
    assert [comment(site, one).state for one in named] == ["removed", "refused"]
    with site.database.read() as session:
        order = session.scalars(select(Order)).one()
        line = session.scalars(select(AuditLine).where(AuditLine.act == "order.executed")).one()
    assert line.details == {"items": 2}
    assert (order.items, order.received_at.isoformat()) == (2, "2026-11-22T09:00:00+00:00")


@pytest.mark.parametrize(
    "typed",
    [
        {"received_at": "0001-01-01T00:00"},
        {"received_at": "9999-12-31T23:59"},
        {"received_at": "1999-12-31T23:59"},
        {"received_at": "2026-02-30T10:00"},
        {"received_at": "2026-11-22"},
        {"received_at": ""},
        {"comments": "9" * 20},
        {"comments": "9" * 5000},
        {"comments": "0"},
        {"comments": "²"},
        {"comments": ""},
        {"authority": "A" * 201},
        {"reference": " "},
    ],
)
def test_order_that_cannot_be_read_is_shown_again(
    site: Site, named: list[int], other: TestClient, typed: dict[str, str]
) -> None:
    before = everything(site)
    answer = other.post(DOOR, data=FORM | {"comments": str(named[0])} | typed)
    assert answer.status_code == 422
    assert 'id="erreurs"' in answer.text
    assert 'value="Pharos"' in answer.text or "authority" in typed
    assert everything(site) == before
