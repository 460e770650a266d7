"""Only what is new since an earlier file: nobody lost between two of them, nobody in both."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select, text
from starlette.testclient import TestClient

from app.comments.actions import receive_drafts
from app.consents import actions as consents
from app.exports import actions
from app.exports.models import ExportRecord
from app.petitions.queries import COUNTING, by_slug
from app.signatures import actions as signatures
from app.signatures.models import Signature
from tests.exports.test_files import rows_of
from tests.exports.test_page import fetched, preview, url
from tests.services import wait_for
from tests.site import Site, text_of


@pytest.fixture
def slug(site: Site) -> str:
    return site.publish()


@pytest.fixture
def organiser(site: Site, slug: str) -> TestClient:
    return site.staff("organiser", slug)


def given(browser: TestClient, slug: str, extent: str, purpose: str = "delivery") -> list[str]:
    """The given names that a file made from the page has."""
    return [row[1] for row in rows_of(fetched(browser, slug, purpose, extent=extent))[1:]]


def direct(site: Site, slug: str, since: int = 0, purpose: str = "delivery") -> tuple[int, list[str]]:
    """The number of a file, and the references in it."""
    with site.database.write() as session:
        petition = by_slug(session, slug)
        assert petition is not None
        number = actions.begin(session, petition, purpose, None, since=since).id
    content = b"".join(actions.stream(site.database, number)).decode("utf-8-sig")
    return number, [line.partition(";")[0] for line in content.splitlines()[1:]]


def signs(site: Site, slug: str, name: str, **more: str) -> Signature:
    site.confirmed(slug, email=f"{name.lower()}@exemple.test", given_name=name, **more)
    with site.database.read() as session:
        return session.scalars(select(Signature).where(Signature.given_name == name)).one()


def move(site: Site, row: Signature, verb: str) -> None:
    with site.database.write() as session:
        if verb == "back":
            assert signatures.put_back(session, row.petition_id, [row.id], None) == 1
        else:
            assert signatures.set_aside(session, row.petition_id, [row.id], None, "burst") == 1


def test_each_file_goes_on_from_the_last(site: Site, slug: str, organiser: TestClient) -> None:
    aside, kept = signs(site, slug, "Aside"), signs(site, slug, "Kept")
    move(site, aside, "aside")
    assert given(organiser, slug, "whole") == ["Kept"]
    signs(site, slug, "Later")
    move(site, aside, "back")
    move(site, kept, "aside")
    move(site, kept, "back")  # it is in the first file
    seen = preview(organiser, slug, extent="new")
    assert "depuis l’export du" in text_of(seen.text)
    assert given(organiser, slug, "new") == ["Later", "Aside"]
    assert given(organiser, slug, "new") == []
    signs(site, slug, "Last")
    assert given(organiser, slug, "new") == ["Last"]
    assert sorted(given(organiser, slug, "whole")) == ["Aside", "Kept", "Last", "Later"]
    journal = text_of(organiser.get(url(slug)).text)
    assert journal.count("en entier") == 2
    assert journal.count("depuis le ") == 3


def test_of_those_who_may_be_contacted_a_new_yes_counts(site: Site, slug: str, organiser: TestClient) -> None:
    signs(site, slug, "Before", consent_organiser="on")
    aside = signs(site, slug, "Aside", consent_organiser="on")
    move(site, aside, "aside")
    assert given(organiser, slug, "whole", "contact") == ["Before"]
    assert given(organiser, slug, "whole") == ["Before"]
    signs(site, slug, "No")
    signs(site, slug, "Yes", consent_organiser="on")
    gone = signs(site, slug, "Gone", consent_organiser="on")
    with site.database.write() as session:
        consents.withdraw(session, gone.petition_id, gone.id, {"organiser_contact"})
    move(site, aside, "back")
    assert given(organiser, slug, "new", "contact") == ["Yes", "Aside"]
    assert given(organiser, slug, "new") == ["No", "Yes", "Gone", "Aside"]
    assert given(organiser, slug, "new", "contact") == []


def test_whoever_is_being_confirmed_is_in_this_file_or_in_the_next(site: Site, slug: str) -> None:
    """The time of a confirmation is read before its commit: the file waits for it."""
    signs(site, slug, "First")
    site.sign(slug, email="second@exemple.test", given_name="Second")
    (pending,) = [row for row in site.signatures() if row.state == "pending"]
    confirmed, asked = threading.Event(), threading.Event()

    def confirm() -> None:
        with site.database.write() as session:
            target = signatures.Target(pending.petition_id, pending.id)
            signatures.confirm_group(session, [target], receive_drafts)
            confirmed.set()
            asked.wait(10)

    with ThreadPoolExecutor(2) as pool:
        confirming = pool.submit(confirm)
        confirmed.wait(10)
        exporting = pool.submit(direct, site, slug)
        wait_for(lambda: exporting.done() or _waits(site), "the file is made, or waits for the confirmation")
        asked.set()
        confirming.result()
        number, first = exporting.result()
    second = direct(site, slug, number)[1]
    assert len({*first, *second}) == len(first) + len(second) == 2


def _waits(site: Site) -> bool:
    if site.database.is_sqlite:
        return True  # one writer: it does, sooner or later
    with site.database.read() as session:
        waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND classid = :counting"
        return bool(session.scalar(text(waiting), {"counting": COUNTING}))


@pytest.mark.slow
def test_nobody_is_lost_or_twice_in_files_made_one_after_the_other_in_a_rush(site: Site, slug: str) -> None:
    people = 160
    for n in range(people):
        assert site.sign(slug, email=f"p{n}@exemple.test").status_code == 303
        site.app.state.signing_cache.clear()
    targets = [signatures.Target(row.petition_id, row.id) for row in site.signatures()]
    assert len(targets) == people
    left = threading.Semaphore(0)

    def confirm(some: list[signatures.Target]) -> None:
        for target in some:
            with site.database.write() as session:
                signatures.confirm_group(session, [target], receive_drafts)
        left.release()

    def files() -> Iterator[str]:
        number, references = direct(site, slug)
        yield from references
        over = 0
        while over < 5:  # four who confirm, then one file more
            over += left.acquire(blocking=False) if over < 4 else 1
            number, references = direct(site, slug, number)
            yield from references

    with ThreadPoolExecutor(4) as pool:
        parts = [pool.submit(confirm, targets[n::4]) for n in range(4)]
        found = list(files())
        for part in parts:
            part.result()
    assert len(found) == people
    assert len(set(found)) == people
    with site.database.read() as session:
        assert session.query(ExportRecord).count() > 4
