"""The job killed for real after each of its steps, and several jobs at once: no gap, no double."""

import os
import signal
import subprocess
import sys
import threading
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from subprocess import PIPE

from app import clock
from app.clock import hour_of
from app.register import jobs, queries
from app.register.entries import Kind
from tests.conftest import SECRET
from tests.register.scene import Scene

STEPS = ("oldest_news", "keep_tiles", "keep_places", "keep_checkpoint", "delete_news", "commit")


def told(scene: Scene, first: int, n: int, now: datetime) -> list[str]:
    """News of *n* people, and what their lines will end with."""
    commitments = [sha256(b"%d" % nth).digest() for nth in range(first, first + n)]
    with scene.site.database.write() as session:
        hour = hour_of(now)
        queries.count_people(session, scene.petition_id, Kind.CONFIRMED, hour, {(hour, 1): n}, {1: commitments})
    return [commitment.hex() for commitment in commitments]


def test_a_job_that_is_killed_leaves_no_gap_and_no_double(scene: Scene) -> None:
    settings = scene.site.settings
    clean = {name: value for name, value in os.environ.items() if not name.startswith("SIGNONS_")}
    values = {"DATABASE_URL": settings.database_url, "VAR_DIR": settings.var_dir, "SECRET_KEY": SECRET}
    env = clean | {f"SIGNONS_{name}": value for name, value in values.items()}
    scene.confirmed("anne")
    scene.sequence()
    expected: list[str] = [scene.entries()[0].rest]
    command, root = [sys.executable, "-m", "tests.register.killed"], Path(__file__).parents[2]
    with subprocess.Popen(command, env=env, cwd=root, stdin=PIPE, stdout=PIPE, text=True, bufsize=1) as workers:
        assert workers.stdin is not None
        assert workers.stdout is not None
        for nth, step in enumerate(STEPS):
            expected += told(scene, 1000 * nth, 150, clock.now())
            print(step, file=workers.stdin, flush=True)
            assert int(workers.stdout.readline()) == signal.SIGKILL, step
            # Whole or not at all, as anybody sees it; and the next run goes on.
            whole = step == "commit"
            assert [entry.rest for entry in scene.entries()] == (expected if whole else expected[:-150])
            assert scene.sequence() == (0 if whole else 150)
            assert [entry.rest for entry in scene.entries()] == expected
        workers.stdin.close()
    with scene.site.database.read() as session:
        assert queries.differences(session) == []
        for commitment in expected:
            assert len(queries.places(session, scene.petition_id, bytes.fromhex(commitment))) == 1


def test_jobs_at_once_append_each_line_once(scene: Scene) -> None:
    stop, failed = threading.Event(), []

    def work() -> None:
        sequencer = jobs.Sequencer(scene.site.database, scene.site.settings)
        while not stop.is_set():
            try:
                sequencer.sequence()
            except Exception as error:
                failed.append(error)

    workers = [threading.Thread(target=work) for _ in range(3)]
    for worker in workers:
        worker.start()
    expected = []
    for nth in range(40):
        expected += told(scene, 100 * nth, 17, clock.now())
    stop.set()
    for worker in workers:
        worker.join()
    scene.sequence()
    assert failed == []
    assert sorted(entry.rest for entry in scene.entries()) == sorted(expected)
    with scene.site.database.read() as session:
        assert queries.differences(session) == []
