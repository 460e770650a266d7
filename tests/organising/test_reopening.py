"""A closing is undone for seven days: the same petition, signed again at once, with a line that says it was closed."""

import threading
from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest
from starlette.testclient import TestClient

from app import clock
from app.moderation.actions.reviewing import put_online
from app.petitions import actions, importing, queries
from app.petitions.end_of_life import erased_on
from app.petitions.models import Petition
from tests.petitions.amended import propose
from tests.site import PASSWORD, PETITION, Site, text_of

ORGANISER = "organiser@exemple.test"
pytestmark = pytest.mark.databases("sqlite")


@pytest.fixture
def slug(site: Site) -> str:
    return site.publish()


@pytest.fixture
def organiser(site: Site, slug: str) -> TestClient:
    return site.staff("organiser", slug)


def petition(site: Site, slug: str) -> Petition:
    with site.database.read() as session:
        found = queries.by_slug(session, slug)
        assert found is not None
        return found


def back(site: Site) -> TestClient:
    """The organiser signs in again, days later."""
    browser = site.browser()
    assert browser.post("/connexion", data={"email": ORGANISER, "password": PASSWORD}).status_code == 303
    return browser


def close(browser: TestClient, slug: str) -> int:
    return browser.post(f"/organisation/petitions/{slug}/cloture").status_code


def reopen(browser: TestClient, slug: str) -> tuple[int, str]:
    answer = browser.post(f"/organisation/petitions/{slug}/reouverture")
    return answer.status_code, text_of(answer.text)


def desk(browser: TestClient, slug: str) -> str:
    return text_of(browser.get(f"/organisation/petitions/{slug}").text)


@pytest.mark.databases("sqlite", "postgresql")
def test_it_is_signed_again_at_once_and_keeps_what_it_had(site: Site, slug: str, organiser: TestClient) -> None:
    site.confirmed(slug)
    assert site.sign(slug, email="lente@exemple.test").status_code == 303
    late = site.mails()[-1].link("/confirmer/")
    before = petition(site, slug)
    assert close(organiser, slug) == 303
    site.later(days=3)
    organiser = back(site)
    assert site.sign(slug, email="trop.tard@exemple.test").status_code == 409
    assert site.client.post(late).status_code == 422, "the 48 hours of those who had signed are over"
    assert "La clôture se défait jusqu’au" in desk(organiser, slug)
    assert reopen(organiser, slug)[0] == 303
    site.app.state.signing_cache.clear()
    after = petition(site, slug)
    assert (after.state, after.closed_at, after.closes_at) == ("open", None, before.closes_at)
    assert erased_on(after, clock.now()) == erased_on(before, clock.now())
    assert site.client.post(late).status_code == 303, "its link is good for seven days"
    site.confirmed(slug, email="de.retour@exemple.test")
    assert site.count(slug) == 3
    assert "Rouvrir la pétition" not in desk(organiser, slug)
    history = text_of(site.client.get(f"/petitions/{slug}/versions").text)
    assert "rouverte à la signature, close depuis le" in history


@pytest.mark.parametrize(("seconds", "status"), [(-1, 303), (0, 409), (1, 409)])
def test_seven_days_to_the_second(
    site: Site, slug: str, organiser: TestClient, monkeypatch: pytest.MonkeyPatch, seconds: int, status: int
) -> None:
    close(organiser, slug)
    closed_at = petition(site, slug).closed_at
    assert closed_at is not None
    late = closed_at + timedelta(days=7, seconds=seconds)
    monkeypatch.setattr(clock, "now", lambda: late)
    organiser = back(site)
    assert ("Rouvrir la pétition" in desk(organiser, slug)) == (status == 303)
    got, said = reopen(organiser, slug)
    assert got == status
    assert status == 303 or "Une clôture se défait pendant sept jours" in said


def by_hand(site: Site, slug: str, browser: TestClient) -> None:
    """Closed two days before its last day, four days ago."""
    assert close(browser, slug) == 303
    with site.database.write() as session:
        found = queries.by_slug(session, slug)
        assert found is not None
        found.closes_at = clock.now() + timedelta(days=2)
    site.later(days=4)


def by_itself(site: Site, slug: str, _browser: TestClient) -> None:
    with site.database.write() as session:
        found = queries.by_slug(session, slug)
        assert found is not None
        found.closes_at = clock.now() + timedelta(days=2)
    site.later(days=3)
    with site.database.write() as session:
        assert actions.close_ended(session) == 1


def handed_over(site: Site, slug: str, browser: TestClient) -> None:
    assert close(browser, slug) == 303
    with site.database.write() as session:
        found = queries.by_slug(session, slug)
        assert found is not None
        actions.deliver(session, found)


def another_text(site: Site, slug: str, browser: TestClient) -> None:
    """Taken down, written again, and put back by a moderator: not what was closed."""
    assert close(browser, slug) == 303
    site.later(hours=1)
    with site.database.write() as session:
        found = queries.by_slug(session, slug)
        assert found is not None
        found.state = "refused"
        file = importing.parse(PETITION.replace("trois jours", "deux jours"), "essai.md")
        actions.rewrite(session, found, file)
        put_online(session, found)


def never_closed(_site: Site, _slug: str, _browser: TestClient) -> None:
    pass


@pytest.mark.parametrize(
    ("end", "why"),
    [
        (by_hand, "Le dernier jour de cette pétition est passé"),
        (by_itself, "Le dernier jour de cette pétition est passé"),
        (handed_over, "a été remise à ses destinataires"),
        (another_text, "a changé depuis sa clôture"),
        (never_closed, "n’est pas close"),
    ],
)
def test_what_is_not_opened_again_says_why(
    site: Site, slug: str, organiser: TestClient, end: Callable[[Site, str, TestClient], None], why: str
) -> None:
    end(site, slug, organiser)
    organiser = back(site)
    before = petition(site, slug).state
    assert "Rouvrir la pétition" not in desk(organiser, slug)
    status, said = reopen(organiser, slug)
    assert (status, why in said) == (409, True), said
    assert petition(site, slug).state == before


def test_only_those_who_write_it_open_it_again(site: Site, slug: str, organiser: TestClient) -> None:
    close(organiser, slug)
    stranger = site.staff("organiser", email="autre@exemple.test")
    assert reopen(stranger, slug)[0] == 404
    assert reopen(site.staff("moderator"), slug)[0] == 404
    assert petition(site, slug).state == "closed"
    assert reopen(site.client, slug)[0] == 404
    assert organiser.get(f"/organisation/petitions/{slug}/reouverture").status_code == 405
    assert petition(site, slug).state == "closed"


def test_a_legal_hold_stays_and_hinders_nothing(site: Site, slug: str, organiser: TestClient) -> None:
    until = clock.now() + timedelta(days=300)
    with site.database.write() as session:
        found = queries.by_slug(session, slug)
        assert found is not None
        actions.hold(session, found, until, "Procès")
    close(organiser, slug)
    assert reopen(organiser, slug)[0] == 303
    assert petition(site, slug).hold_until == until


def test_an_amendment_that_waited_waits_again(site: Site, slug: str, organiser: TestClient) -> None:
    site.confirmed(slug)
    propose(organiser, slug)
    moderator = site.staff("moderator")
    assert "Amendements : 1" in text_of(moderator.get("/moderation").text)
    close(organiser, slug)
    assert "Amendements : 1" not in text_of(moderator.get("/moderation").text)
    reopen(organiser, slug)
    assert "Amendements : 1" in text_of(moderator.get("/moderation").text)


@pytest.mark.databases("sqlite", "postgresql")
def test_two_at_once_open_it_once(site: Site, slug: str, organiser: TestClient) -> None:
    close(organiser, slug)
    assert sorted(together(site, organiser, slug, "reouverture", "reouverture")) == [303, 409]


@pytest.mark.databases("sqlite", "postgresql")
def test_closed_and_opened_and_signed_and_handed_over_at_once(site: Site, slug: str, organiser: TestClient) -> None:
    """Whoever comes first, each is told the truth, and nothing is between two states."""
    for n in range(6):
        with site.database.write() as session:
            found = queries.by_slug(session, slug)
            assert found is not None
            if found.state != "closed":
                actions.close(session, found)
        site.app.state.signing_cache.clear()
        outcome: list[str] = []

        def hand_over(told: list[str] = outcome) -> None:
            with site.database.write() as session:
                found = queries.by_slug(session, slug)
                assert found is not None
                actions.deliver(session, found)
                told.append("delivered")

        hands = [hand_over] if n == 5 else []
        signs = partial(site.sign, slug, email=f"p{n}@exemple.test")
        statuses = together(site, organiser, slug, "reouverture", "cloture", more=[signs, *hands])
        assert set(statuses) <= {303, 409}
        now = petition(site, slug)
        assert (now.state == "open") == (now.closed_at is None)
        assert now.state == ("delivered" if outcome else now.state)
    assert petition(site, slug).delivered_at is not None


def together(
    site: Site, browser: TestClient, slug: str, *paths: str, more: list[Callable[[], object]] | None = None
) -> list[int]:
    begin, statuses = threading.Barrier(len(paths) + len(more or ())), list[int]()

    def post(path: str) -> None:
        mine = site.browser()
        mine.cookies.update(browser.cookies)
        begin.wait()
        statuses.append(mine.post(f"/organisation/petitions/{slug}/{path}").status_code)

    def other(act: Callable[[], object]) -> None:
        begin.wait()
        act()

    threads = [threading.Thread(target=post, args=(path,)) for path in paths]
    threads += [threading.Thread(target=other, args=(act,)) for act in more or ()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return statuses


def test_its_last_day_is_still_the_last(site: Site, slug: str, organiser: TestClient) -> None:
    close(organiser, slug)
    reopen(organiser, slug)
    found = petition(site, slug)
    assert found.closes_at is not None
    site.later(days=366)
    assert site.sign(slug).status_code == 409
    with site.database.write() as session:
        assert actions.close_ended(session) == 1
