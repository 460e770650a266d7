"""With 50,000 comments waiting, the queue and a decision stay quick, by an index and not by luck."""

from collections.abc import Callable
from time import perf_counter

import pytest
from sqlalchemy import insert, text

from app import clock
from app.comments.models import Comment
from tests.site import Site

WAITING = 50_000


def _fill(site: Site) -> None:
    site.publish()
    now = clock.now()
    with site.database.write() as session:
        for start in range(0, WAITING, 10_000):
            rows = [
                {
                    "petition_id": 1, "state": "waiting", "text": f"Avis {n}", "revision": 1, "version": 1,
                    "locale": "fr", "created_at": now, "waiting_since": now, "severity": 1 + (n % 50 == 0),
                }
                for n in range(start, start + 10_000)
            ]  # fmt: skip
            session.execute(insert(Comment), rows)
        session.execute(
            text(
                "INSERT INTO comment_revision (comment_id, number, text, sha256, created_at)"
                " SELECT id, 1, text, '', created_at FROM comment"
            )
        )
    with site.database.engine.begin() as connection:
        connection.exec_driver_sql("ANALYZE")


def _best(act: Callable[[int], None], enough: float) -> float:
    """The best of a few tries: another process may have had the processor during the others."""
    best = float("inf")
    for n in range(20):
        began = perf_counter()
        act(n)
        best = min(best, perf_counter() - began)
        if n >= 3 and best < enough:
            break
    return best


@pytest.mark.slow
def test_queue_and_decisions_are_quick_with_fifty_thousand_waiting(site: Site) -> None:
    _fill(site)
    moderator = site.staff("moderator")

    def look(_n: int) -> None:
        assert "50\u202f000" in moderator.get("/moderation").text

    def decide(n: int) -> None:
        path = f"/moderation/commentaires/{n + 1}/decision"
        assert moderator.post(path, data={"decision": "publish", "version": "1"}).status_code == 303

    queue = _best(look, 0.2)
    decision = _best(decide, 0.15)
    print(f"\n{site.database.engine.dialect.name}: queue {queue * 1000:.0f} ms, decision {decision * 1000:.0f} ms")
    assert queue < 0.2
    assert decision < 0.15


def test_head_of_the_queue_is_read_from_its_index(site: Site) -> None:
    _fill(site)
    query = "SELECT id FROM comment WHERE state = 'waiting' AND severity = 1 ORDER BY waiting_since, id LIMIT 50"
    explain = "EXPLAIN QUERY PLAN " if site.database.is_sqlite else "EXPLAIN "
    with site.database.engine.connect() as connection:
        plan = "\n".join(str(row) for row in connection.exec_driver_sql(explain + query))
    print(plan)
    assert "ix_comment_waiting" in plan
    assert "Sort" not in plan
    assert "TEMP B-TREE" not in plan
