"""Transactions: who falls silent holds nobody up."""

import time
from datetime import timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from app import db
from app.petitions.models import Petition
from tests.site import Site

pytestmark = pytest.mark.databases("postgresql")
LOCK = select(Petition.id).with_for_update()


def test_writer_that_falls_silent_lets_go_of_what_it_locked(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.publish()
    monkeypatch.setattr(db, "SILENCE", timedelta(milliseconds=300))
    with pytest.raises(DBAPIError) as cut:
        _fall_silent(site)
    assert db.away(cut.value)


def _fall_silent(site: Site) -> None:
    with site.database.write() as silent:
        silent.execute(LOCK)
        with site.database.write(patience=5) as other:
            assert other.scalars(LOCK).all()
        silent.execute(LOCK)


def test_reader_may_be_as_slow_as_whoever_downloads(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(db, "SILENCE", timedelta(milliseconds=50))
    with site.database.read() as reader:
        reader.execute(text("SELECT 1"))
        time.sleep(0.2)
        assert reader.scalar(text("SHOW idle_in_transaction_session_timeout")) == "0"


def test_a_primary_that_takes_no_more_writes_is_left_at_once(site: Site) -> None:
    """A connection that outlived its server's demotion (a pooler, a failover): refused once, made anew."""
    slug = site.publish()
    for connection in [site.database.engine.connect() for _ in range(3)]:
        connection.exec_driver_sql("SET default_transaction_read_only = on")
        connection.commit()
        connection.close()
    refused = site.sign(slug)
    assert refused.status_code == 503
    assert int(refused.headers["retry-after"]) > 0
    assert site.sign(slug).status_code == 303
    site.database.engine.dispose()
    with site.database.engine.connect() as connection:
        connection.exec_driver_sql("SET default_transaction_read_only = on")
        connection.commit()
    # A form beside the hot path, where the route's own session meets it.
    statuses = [site.client.post("/mes-signatures", data={"email": "marie@exemple.test"}).status_code for _ in range(2)]
    assert statuses == [503, 303]
