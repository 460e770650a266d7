"""Signatures set aside, invalidated and put back: the count is that of the rows, whoever acts when."""

import random
import threading
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from click.testing import CliRunner
from sqlalchemy import func, select

from app.audit import AuditLine
from app.cli import main
from app.errors import Refused
from app.petitions import actions as petition_actions
from app.petitions import queries as petition_queries
from app.petitions.models import Petition
from app.privacy import counting
from app.privacy.actions import erasing
from app.signatures import actions
from app.signatures.actions.setting_aside import MOST
from app.signatures.models import Signature
from tests.conftest import SECRET
from tests.signatures.crowd import confirm, crowd
from tests.site import Site, text_of


def states(site: Site) -> dict[str, int]:
    with site.database.read() as session:
        rows = session.execute(select(Signature.state, func.count()).group_by(Signature.state))
        return dict(rows.all())


def acts(site: Site, act: str) -> list[AuditLine]:
    with site.database.read() as session:
        return list(session.scalars(select(AuditLine).where(AuditLine.act == act)))


def test_each_state_leads_where_it_may_and_the_count_follows(site: Site) -> None:
    slug = site.publish()
    petition_id, ids = crowd(site, slug, 4)
    with site.database.write() as session:
        assert actions.set_aside(session, petition_id, ids[:2], 7, "burst") == 2
    assert site.count(slug) == 2
    with site.database.write() as session:
        assert actions.invalidate(session, petition_id, ids[1:3], 7, "domain") == 2
    assert (site.count(slug), states(site)) == (1, {"confirmed": 1, "quarantined": 1, "invalidated": 2})
    with site.database.write() as session:
        assert actions.set_aside(session, petition_id, ids[:3], 7, "name") == 0
        assert actions.put_back(session, petition_id, ids, 7) == 3
    assert (site.count(slug), states(site)) == (4, {"confirmed": 4})
    with site.database.read() as session:
        assert [n for _, n in petition_queries.counts_per_hour(session, petition_id)] == [4]


def test_what_never_was_confirmed_cannot_be_moved_into_the_count(site: Site) -> None:
    slug = site.publish()
    petition_id, ids = crowd(site, slug, 2, confirmed=False)
    with site.database.write() as session:
        assert actions.set_aside(session, petition_id, ids, 7, "burst") == 0
        assert actions.invalidate(session, petition_id, ids, 7, "burst") == 0
        assert actions.put_back(session, petition_id, ids, 7) == 0
    assert (site.count(slug), states(site)) == (0, {"pending": 2})


def test_other_petitions_are_left_alone(site: Site) -> None:
    petition_id, ids = crowd(site, site.publish(), 2)
    with site.database.write() as session:
        assert actions.set_aside(session, petition_id + 1, ids, 7, "burst") == 0
    assert states(site) == {"confirmed": 2}


def test_the_public_page_and_the_list_change_at_once(site: Site) -> None:
    slug = site.publish()
    site.confirmed(slug, display="full")
    page = f"/petitions/{slug}"
    assert "Marie Durand" in text_of(site.client.get(page).text)
    one = site.signatures()[0]
    with site.database.write() as session:
        actions.set_aside(session, one.petition_id, [one.id], 7, "reported")
    for path in (page, f"{page}/signatures"):
        assert "Marie Durand" not in text_of(site.client.get(path).text)
    assert site.count(slug) == 0
    with site.database.write() as session:
        actions.put_back(session, one.petition_id, [one.id], 7)
    assert "Marie Durand" in text_of(site.client.get(page).text)


def test_each_act_is_in_the_journal_by_id_and_code_never_by_value(site: Site) -> None:
    petition_id, ids = crowd(site, site.publish(), 2)
    with site.database.write() as session:
        actions.set_aside(session, petition_id, ids, 7, "burst")
        actions.invalidate(session, petition_id, ids[:1], 8, "domain")
        actions.put_back(session, petition_id, ids[:1], 9)
    aside = acts(site, "signature.quarantined")
    assert {line.target_id for line in aside} == {str(one) for one in ids}
    assert [(line.account_id, line.details) for line in aside] == [
        (7, {"petition": petition_id, "reason": "burst"})
    ] * 2
    assert [line.account_id for line in acts(site, "signature.invalidated")] == [8]
    assert [line.account_id for line in acts(site, "signature.released")] == [9]


@pytest.mark.parametrize(("n", "reason"), [(1, ""), (1, "Marie Durand triche"), (MOST + 1, "burst")])
def test_a_reason_is_a_known_word_and_a_batch_has_an_end(site: Site, n: int, reason: str) -> None:
    with site.database.write() as session, pytest.raises(Refused):
        actions.set_aside(session, 1, [uuid.uuid4() for _ in range(n)], 7, reason)


def test_of_two_people_at_once_one_wins(site: Site) -> None:
    slug = site.publish()
    petition_id, ids = crowd(site, slug, 40)
    gate, moved = threading.Barrier(4), []

    def act(verb: Callable[..., int], order: int) -> None:
        gate.wait()
        with site.database.write() as session:
            moved.append(verb(session, petition_id, ids[::order], order, "burst"))

    with ThreadPoolExecutor(4) as pool:
        for future in [pool.submit(act, actions.set_aside, order) for order in (1, -1, 1, -1)]:
            future.result()
    assert sorted(moved) == [0, 0, 0, 40]
    assert len(acts(site, "signature.quarantined")) == 40
    assert (site.count(slug), states(site)) == (0, {"quarantined": 40})


def test_the_count_is_exact_when_everything_happens_at_once(site: Site) -> None:
    """Confirming, withdrawing, erasing, setting aside, invalidating and putting back the same people."""
    slug = site.publish()
    petition_id, ids = crowd(site, slug, 160, confirmed=False)
    with site.database.write() as session:
        confirm(session, petition_id, ids[:60])
    gate, done = threading.Barrier(8), []

    def some(chance: random.Random, most: int) -> list[uuid.UUID]:
        start = chance.randrange(len(ids))
        return chance.sample(ids[start : start + 40], min(most, len(ids[start : start + 40])))

    def aside(verb: Callable[..., int]) -> Callable[[random.Random], None]:
        def act(chance: random.Random) -> None:
            with site.database.write() as session:
                done.append((verb.__name__, verb(session, petition_id, some(chance, 25), 7, "burst")))

        return act

    def confirm_some(chance: random.Random) -> None:
        with site.database.write() as session:
            confirm(session, petition_id, some(chance, 12))

    def withdraw_one(chance: random.Random) -> None:
        with site.database.write() as session:
            done.append(("withdraw", actions.withdraw(session, petition_id, some(chance, 1)[0])))

    def erase_one(chance: random.Random) -> None:
        with site.database.write() as session:
            done.append(("erase", erasing.erase(session, f"p{chance.randrange(160)}@exemple.test")))

    def fold(chance: random.Random) -> None:
        with site.database.write() as session:
            petition_actions.fold_counts(session)

    gestures = [aside(actions.set_aside), aside(actions.invalidate), aside(actions.put_back), confirm_some,
                withdraw_one, erase_one, fold]  # fmt: skip

    def person(seed: int) -> None:
        chance = random.Random(seed)
        gate.wait()
        for _ in range(14):
            chance.choice(gestures)(chance)

    with ThreadPoolExecutor(8) as pool:
        for future in [pool.submit(person, seed) for seed in range(8)]:
            future.result()

    # Each kind of act did something, so the race was one.
    assert {name for name, n in done if n} >= {"set_aside", "invalidate", "put_back", "withdraw", "erase"}
    rows = states(site).get("confirmed", 0)
    assert site.count(slug) == rows
    with site.database.read() as session:
        assert counting.differences(session) == []
    with site.database.write() as session:
        petition_actions.fold_counts(session)
        assert session.get_one(Petition, petition_id).state == "open"
    hours = counts_by_hour(site, petition_id)
    assert sum(hours) == rows
    assert min(hours) >= 0
    env = {
        "SIGNONS_DATABASE_URL": site.settings.database_url,
        "SIGNONS_VAR_DIR": str(site.settings.var),
        "SIGNONS_SECRET_KEY": SECRET,
        "SIGNONS_LOG_LEVEL": "ERROR",
    }
    result = CliRunner().invoke(main, ["counts", "verify"], env=env)
    assert result.exit_code == 0, result.output


def counts_by_hour(site: Site, petition_id: int) -> list[int]:
    with site.database.read() as session:
        return [n for _, n in petition_queries.counts_per_hour(session, petition_id)]
