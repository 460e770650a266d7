"""Whether the process still does its work: said by /healthz, written down by the watchdog."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from app.operations import health
from app.operations.health import WRITE_DOWN, Watchdog
from tests.site import Site

pytestmark = pytest.mark.databases("sqlite")


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "PATIENCE", 1.0)


@contextmanager
def writer_held(site: Site) -> Iterator[None]:
    """Somebody took the writer's turn and does not give it back."""
    taken, ended = threading.Event(), threading.Event()

    def hold() -> None:
        with site.database.write():
            taken.set()
            ended.wait(30)

    thread = threading.Thread(target=hold)
    thread.start()
    taken.wait(5)
    try:
        yield
    finally:
        ended.set()
        thread.join()
        time.sleep(0.6)  # what was found is the answer for half a second


@contextmanager
def intake_held(site: Site) -> Iterator[None]:
    """The thread that writes signatures is where it should not be."""
    intake = site.app.state.sign_intake
    intake._since = time.monotonic() - 60
    try:
        yield
    finally:
        intake._since = None
        time.sleep(0.6)


def alive(site: Site) -> tuple[int, dict[str, str]]:
    answer = site.client.get("/healthz")
    return answer.status_code, answer.json()


def test_a_writer_that_is_stuck_is_not_alive(site: Site) -> None:
    assert alive(site) == (200, {"status": "ok"})
    time.sleep(0.6)
    with writer_held(site):
        assert alive(site) == (503, {"status": "stuck", "part": "writer"})
    assert alive(site) == (200, {"status": "ok"})


def test_an_intake_that_is_stuck_is_not_alive(site: Site) -> None:
    with intake_held(site):
        assert alive(site) == (503, {"status": "stuck", "part": "writer"})
    assert alive(site) == (200, {"status": "ok"})


def test_the_watchdog_writes_the_stacks_once_and_looks_again(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    lines: list[tuple[str, dict[str, Any]]] = []
    monkeypatch.setattr(health.log, "error", lambda event, **what: lines.append((event, what)))
    watchdog = Watchdog(site.app.state)

    async def start() -> None:
        watchdog.start()

    assert site.client.portal is not None
    site.client.portal.call(start)
    watchdog.stop()  # its own thread; this test looks at its pace
    assert watchdog.look() == ""
    with writer_held(site):
        assert [watchdog.look() for _ in range(WRITE_DOWN + 2)] == ["writer"] * (WRITE_DOWN + 2)
    assert [event for event, _ in lines] == ["stuck"]
    assert "in hold" in lines[0][1]["stacks"]
    assert watchdog.look() == ""
    with writer_held(site):
        for _ in range(WRITE_DOWN):
            watchdog.look()
    assert [event for event, _ in lines] == ["stuck", "stuck"]
