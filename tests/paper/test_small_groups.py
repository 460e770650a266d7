"""Who collects sheets knows what is on each: no small group of those who signed online is told beside them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from app.organising import following
from app.petitions import actions as petition_actions
from app.petitions import jobs, queries
from app.petitions.cells import SMALLEST, with_paper
from app.privacy import retention
from app.privacy.models import SignatureAggregate
from app.signatures import jobs as signature_jobs
from tests.deliveries.handing import signed_in
from tests.deliveries.test_pack import files_of, packed
from tests.organising.test_following import table
from tests.paper.desk import FIRST, opened
from tests.petitions.test_tallies import sign
from tests.site import Site, text_of

CELLS = st.dictionaries(st.text("abcdef", min_size=1, max_size=1), st.integers(1, 30))


@given(CELLS, CELLS)
def test_whoever_knows_every_sheet_and_the_whole_finds_no_small_group_online(
    online: dict[str, int], paper: dict[str, int]
) -> None:
    found = with_paper(online, paper)
    assert sum(found.kept.values()) + found.rest == sum(online.values()) + sum(paper.values())
    for name, shown in found.kept.items():
        left = shown - paper.get(name, 0)
        assert left == online.get(name, 0)
        assert left == 0 or left >= SMALLEST
        assert shown >= SMALLEST
    left = found.rest - sum(n for name, n in paper.items() if name not in found.kept)
    # The whole of them is told by the page of the petition, however few they are.
    assert left == 0 or left >= SMALLEST or left == sum(online.values())
    if found.kept:
        assert found.rest == 0 or found.rest >= SMALLEST


def _told(lines: str) -> dict[str, int]:
    return {line.split(";")[0]: int(line.split(";")[1]) for line in lines.split("\r\n")[1:] if line}


@pytest.mark.databases("sqlite")
def test_a_sheet_lifts_no_village_into_a_file_a_page_or_what_stays(site: Site) -> None:
    desk = opened(site, delivery_mode="count")
    sign(site, desk.slug, 12, "35000")
    sign(site, desk.slug, 13, "75001")
    sign(site, desk.slug, 2, "48000")
    desk.ask(2)
    desk.counted(1, ("48000", 12))
    desk.counted(2, ("20000", 12))
    jobs.fold_counts(site.database)
    assert signature_jobs.tally_places(site.database) == 1
    whole = 12 + 13 + 2 + 12 + 12
    # Of the four, the smallest online goes with the two: 75 and the sheet of Corsica tell nothing of them.
    expected = [12, 13, 12 + 2 + 12]
    exported = desk.first.post(f"/organisation/petitions/{desk.slug}/exports", data={"purpose": "delivery"})
    given_away = _told(exported.content.decode("utf-8-sig"))
    assert sorted(given_away.values()) == expected
    assert given_away["Autres"] == 26
    assert "48" not in given_away
    assert _told(files_of(packed(desk.first, desk.slug))["csv"].decode("utf-8-sig")) == given_away
    rows = table(site, desk.slug, "departements")[1:]
    assert {row[0]: int(row[2]) for row in rows} == {"75": 13, "2A": 12, "": 26}
    with site.database.write() as session:
        petition = queries.by_slug(session, desk.slug)
        assert petition is not None
        shown = following.where(session, petition)
        assert shown is not None
        assert (shown.total, shown.rest) == (whole, 26)
        petition_actions.deliver(session, petition)
    site.later(days=31)
    retention.run(site.database, site.settings)
    with site.database.read() as session:
        kept = session.scalars(select(SignatureAggregate).order_by(SignatureAggregate.departement)).all()
        assert {row.departement: row.signatures for row in kept} == {"75": 13, "2A": 12, "": 26}


@pytest.mark.databases("sqlite")
def test_the_desk_tells_the_same_in_its_file_and_nothing_below_zero_at_the_end(site: Site) -> None:
    desk = opened(site)
    sign(site, desk.slug, 20, "35000")
    desk.ask(2)
    desk.counted(1, ("35000", 12))
    desk.counted(2, ("35000", 12))
    jobs.fold_counts(site.database)
    page = text_of(desk.first.get(f"/organisation/petitions/{desk.slug}").text)
    assert "Autres liens, ou aucun 0 20 20" in page
    assert table(site, desk.slug, "provenances")[-1] == ["Autres liens, ou aucun", "0", "20", "20"]
    with site.database.write() as session:
        petition = queries.by_slug(session, desk.slug)
        assert petition is not None
        petition_actions.deliver(session, petition)
        petition.delivered_at = petition.opened_at  # said afterwards: the purge comes the week of the sheets
    site.later(days=31)
    retention.run(site.database, site.settings)
    with site.database.read() as session:
        petition = queries.by_slug(session, desk.slug)
        assert petition is not None
        assert petition.purged_at is not None
        assert queries.counts_per_hour(session, petition.id) == []
    assert site.count(desk.slug) == 44
    first = signed_in(site, FIRST)
    for query in ("", "?courbe=heure", "?courbe=semaine", "?courbe=total"):
        assert "−" not in (said := text_of(first.get(f"/organisation/petitions/{desk.slug}{query}").text)), query
        assert " -" not in said
