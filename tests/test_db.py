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
