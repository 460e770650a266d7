"""Where those counted are from: made by a job, never too often, never by two, and small groups told to nobody."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app import clock
from app.petitions import jobs as petition_jobs
from app.petitions import tallies
from app.petitions.cells import SMALLEST, merged
from app.signatures import jobs
from tests.site import Site


def sign(site: Site, slug: str, n: int, code: str, start: int = 0) -> list[str]:
    return [site.confirmed(slug, email=f"{code}.{start + i}@exemple.test", postal_code=code) for i in range(n)]


def tally(site: Site) -> int:
    petition_jobs.fold_counts(site.database)
    return jobs.tally_places(site.database)


def cells(site: Site) -> dict[str, int]:
    with site.database.read() as session:
        found = tallies.of_petition(session, 1)
        return found.cells if found is not None else {}


def test_made_after_eleven_changes_or_a_day_and_never_twice_a_minute(site: Site) -> None:
    slug = site.publish()
    assert tally(site) == 0
    sign(site, slug, 1, "35000")
    assert tally(site) == 1
    assert cells(site) == {"35": 1}
    assert tally(site) == 0
    sign(site, slug, 10, "29000")
    site.later(hours=1)
    assert tally(site) == 0, "ten more would say where the tenth is from"
    sign(site, slug, 1, "75001")
    assert tally(site) == 1
    assert cells(site) == {"29": 10, "35": 1, "75": 1}
    sign(site, slug, 11, "69001")
    assert tally(site) == 0, "within the same minute"
    site.later(minutes=2)
    assert tally(site) == 1
    sign(site, slug, 1, "13001")
    site.later(hours=23)
    assert tally(site) == 0
    site.later(hours=2)
    assert tally(site) == 1
    assert cells(site) == {"29": 10, "35": 1, "75": 1, "69": 11, "13": 1}


def test_whoever_withdraws_is_not_in_the_next_one(site: Site) -> None:
    slug = site.publish()
    path = sign(site, slug, 1, "35000")[0].replace("/confirmer/", "/pas-moi/")
    assert tally(site) == 1
    mails = [link for mail in site.mails() for link in mail.links if link.startswith("/pas-moi/")]
    assert site.client.post(mails[0] if mails else path).status_code in {200, 303}
    assert site.signatures() == []
    site.later(days=1, minutes=1)
    assert tally(site) == 1
    assert cells(site) == {}


def test_one_at_a_time_and_what_comes_meanwhile_is_in_the_next(site: Site) -> None:
    slug = site.publish()
    sign(site, slug, 2, "35000")
    petition_jobs.fold_counts(site.database)
    now = clock.now()
    with site.database.write() as session:
        mine = tallies.claim(session, 1, now)
    with site.database.write() as session:
        assert tallies.claim(session, 1, now) is None
    assert mine is not None
    sign(site, slug, 1, "29000")
    petition_jobs.fold_counts(site.database)
    with site.database.write() as session:
        tallies.keep(session, mine, {"35": 2}, now, timedelta(seconds=10))
    assert cells(site) == {"35": 2}
    site.later(hours=24)
    assert tally(site) == 1
    assert cells(site) == {"35": 2, "29": 1}
    with site.database.write() as session:  # whoever is killed leaves it to others
        tallies.note(session, {1: 30}, clock.now())
        site.later(minutes=5)
        assert tallies.claim(session, 1, clock.now())
    assert jobs.tally_places(site.database) == 0
    site.later(hours=1, minutes=1)
    assert jobs.tally_places(site.database) == 1


@pytest.mark.databases("sqlite")
def test_what_is_dear_is_made_rarely(site: Site) -> None:
    slug = site.publish()
    sign(site, slug, 1, "35000")
    petition_jobs.fold_counts(site.database)
    with site.database.write() as session:
        mine = tallies.claim(session, 1, clock.now())
        assert mine is not None
        tallies.keep(session, mine, {"35": 1}, clock.now(), timedelta(seconds=10))
        tallies.note(session, {1: 10_000}, clock.now())
    for minutes, made in ((49, 0), (2, 1)):
        site.later(minutes=minutes)
        assert jobs.tally_places(site.database) == made


@given(st.dictionaries(st.text("abcdefghij", min_size=1, max_size=2), st.integers(0, 60)), st.integers(0, 30))
def test_nothing_small_is_shown_nor_left_to_be_subtracted(counts: dict[str, int], within: int) -> None:
    found = merged(counts, within)
    assert sum(found.kept.values()) + found.rest == sum(counts.values()) + within
    assert all(n >= SMALLEST and counts[name] == n for name, n in found.kept.items())
    if found.kept:
        assert found.rest == 0 or found.rest >= SMALLEST
