"""What the database adds up: the terms of a count, the last check of it, the last word of each witness."""

from collections import Counter
from datetime import timedelta

from app import clock
from app.petitions import queries as petition_queries
from app.privacy import counting
from app.privacy import jobs as privacy_jobs
from app.register import queries
from app.register.entries import Kind
from app.signatures.actions import setting_aside
from app.signatures.queries import corrections
from tests.register.scene import Scene


def test_the_terms_are_those_of_the_lines_and_make_the_count(scene: Scene) -> None:
    for name in ("anne", "bao", "chloe"):
        scene.confirmed(name)
    anne, bao, _ = scene.ids()
    for sequenced in (False, True):
        with scene.site.database.write() as session:
            setting_aside.set_aside(session, scene.petition_id, [anne, bao], None, "burst")
            setting_aside.put_back(session, scene.petition_id, [anne, bao] if sequenced else [anne], None)
        with scene.site.database.read() as session:
            terms = queries.sums(session, scene.petition_id)
            assert sum(terms.values()) == petition_queries.count(session, scene.petition_id)
        scene.sequence()
    told: Counter[Kind] = Counter()
    for entry in scene.entries():
        told[entry.kind] += entry.change
    with scene.site.database.read() as session:
        assert queries.sums(session, scene.petition_id) == told
        assert told[Kind.SET_ASIDE] == -3
        changes = [(row.change, row.reason) for row in corrections(session, scene.petition_id, 10)]
        assert changes == [(2, "checked"), (-1, "burst"), (1, "checked"), (-2, "burst")]


def test_the_last_check_and_the_last_that_agreed(scene: Scene) -> None:
    scene.confirmed("anne")
    privacy_jobs.verify_counts(scene.site.database)
    agreed = clock.now()
    clock.travel(timedelta(hours=1))
    with scene.site.database.write() as session:
        petition_queries.replace_counts(session, scene.petition_id, {clock.hour_of(agreed): 5}, {})
    privacy_jobs.verify_counts(scene.site.database)
    with scene.site.database.read() as session:
        last = counting.last(session, scene.petition_id)
        assert last is not None
        assert last.agreed_at is not None
        assert (last.count, last.at > last.agreed_at) == (5, True)
        assert abs(last.agreed_at - agreed) < timedelta(minutes=1)


def test_the_last_word_of_a_witness_holds(scene: Scene) -> None:
    now = clock.now()

    def said(size: int, minutes: int) -> None:
        at = now + timedelta(minutes=minutes)
        with scene.site.database.write() as session:
            one = {"size": size, "root": b"r", "line": f"— temoin {size}\n", "at": at}
            queries.keep_cosignature(session, scene.petition_id, "temoin", **one)

    for size, minutes in ((2, 1), (5, 3), (5, 3), (4, 2)):
        said(size, minutes)
    with scene.site.database.read() as session:
        assert [one.size for one in queries.cosignatures(session, scene.petition_id)] == [5]
