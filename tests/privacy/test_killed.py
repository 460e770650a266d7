"""`signons retention run`, killed for real at many moments, and run again to the end."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
import sqlalchemy as sa

from app import clock
from app.bus import Bus
from app.db import Database
from app.petitions import actions as petition_actions
from app.petitions import queries as petition_queries
from app.petitions.models import Petition, PetitionKeys
from app.privacy import counting, retention
from app.privacy.models import RetentionRun, SignatureAggregate
from app.settings import Settings
from app.signatures.models import DailyNumber, Signature
from app.vault import open_vault
from tests.conftest import SECRET, settings_for
from tests.privacy.crowd import crowd
from tests.services import Postgres, wait_for
from tests.site import Site

PROGRAM = str(Path(sys.executable).with_name("signons"))
# At this date the petition's D has come, and everything that was not confirmed is overdue.
AT = datetime.now(UTC) + timedelta(days=250)
COUNTED = {"35": 1980, "": 20}  # five of one département are "the rest", and the fifteen of the next smallest hide them
PENDING = 1500


class Scene:
    """One copy of the overdue database, and `signons` on it as a process."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        self.settings = settings
        self.folder = folder
        clean = {name: value for name, value in os.environ.items() if not name.startswith("SIGNONS_")}
        self.env = clean | {
            "SIGNONS_DATABASE_URL": settings.database_url,
            "SIGNONS_VAR_DIR": str(folder),
            "SIGNONS_SECRET_KEY": SECRET,
        }
        self.database = Database(settings, open_vault(settings), Bus(settings))
        self.processes: list[subprocess.Popen[str]] = []

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        self.processes.append(subprocess.Popen(
            [PROGRAM, *arguments], env=self.env, cwd=self.folder, text=True, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, start_new_session=True,
        ))  # fmt: skip
        return self.processes[-1]

    def retention(self) -> subprocess.Popen[str]:
        return self.start("retention", "run", "--at", AT.isoformat())

    def number(self, statement: sa.Select[int]) -> int:
        with self.database.read() as session:
            return session.scalar(statement) or 0

    def begun(self) -> bool:
        return self.number(sa.select(sa.func.count()).select_from(RetentionRun)) > 0

    def differences(self) -> list[tuple[str, int, int]]:
        """What `signons counts verify` prints."""
        with self.database.read() as session:
            return counting.differences(session)

    def at_most(self, signatures: int, process: subprocess.Popen[str]) -> bool:
        """The run has begun and left no more than these, or is over."""
        return (self.begun() and self.signatures() <= signatures) or process.poll() is not None

    def signatures(self) -> int:
        return self.number(sa.select(sa.func.count()).select_from(Signature))


@pytest.fixture
def scenes(request: pytest.FixtureRequest, settings: Settings, tmp_path: Path) -> Iterator[Callable[[], Scene]]:
    """Copies of one database where thousands of rows are overdue."""
    with Site(settings) as site:
        slug = site.publish()
        places = [place for place, n in {"35000": 1980, "75001": 15, "20000": 5}.items() for _ in range(n)]
        crowd(site, slug, [{"email": f"p{n}@exemple.test", "postal_code": place} for n, place in enumerate(places)])
        waiting = [{"email": f"w{n}@exemple.test"} for n in range(PENDING)]
        crowd(site, site.publish(), waiting, confirm=False)
        with site.database.write() as session:
            found = petition_queries.by_slug(session, slug)
            assert found is not None
            petition_actions.close(session, found)
    made: list[Scene] = []

    def scene() -> Scene:
        folder = tmp_path / f"copy-{len(made)}"
        folder.mkdir()
        if settings.is_sqlite:
            for file in tmp_path.glob("signons.db*"):
                shutil.copy(file, folder)
            url = f"sqlite:///{folder}/signons.db"
        else:
            server: Postgres = request.getfixturevalue("server")
            url = server.create_database(f"signons_killed_{len(made)}", template="signons_test")
        made.append(Scene(settings_for(url, folder), folder))
        return made[-1]

    yield scene
    for done in made:
        for process in done.processes:
            with process:
                process.kill()  # nothing to one that has ended
        done.database.close()


def finish(scene: Scene) -> None:
    """Run to the end, and look at everything that must hold then."""
    clock.travel(AT - clock.now())
    report = retention.run(scene.database, scene.settings)
    assert "outbox" in report  # it was alone: the lock of the killed one is free
    with scene.database.read() as session:
        petition = session.scalars(sa.select(Petition).where(Petition.closed_at.is_not(None))).one()
        keys = session.get_one(PetitionKeys, petition.id)
        cells = {row.departement: row.signatures for row in session.scalars(sa.select(SignatureAggregate))}
        assert scene.signatures() == 0
        assert cells == COUNTED
        assert petition.final_count == sum(COUNTED.values())
        assert petition_queries.count(session, petition.id) == sum(COUNTED.values())
        assert petition.purged_at is not None
        assert (keys.data_key, keys.dedup_key) == (None, None)
        assert session.scalar(sa.select(sa.func.sum(DailyNumber.unconfirmed))) == PENDING
    assert scene.differences() == []


def test_killed_at_any_moment_it_goes_on_and_nothing_is_lost_or_doubled(scenes: Callable[[], Scene]) -> None:
    whole = scenes()
    process = whole.retention()
    process.communicate(timeout=120)
    finish(whole)  # a second run over nothing changes nothing
    clock.reset()
    verified = whole.start("counts", "verify")
    assert (verified.communicate(timeout=60)[0], verified.returncode) == ("Tous les nombres affichés sont justes.\n", 0)

    left: list[int] = []
    total = sum(COUNTED.values()) + PENDING
    for n in range(8):
        scene = scenes()
        process = scene.retention()
        # At eight moments of its work, not of the clock: a loaded machine makes no difference.
        few_enough = partial(scene.at_most, total * (8 - n) // 8, process)
        wait_for(few_enough, "the run has come so far")
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        if process.returncode == -signal.SIGKILL:
            left.append(scene.signatures())
            assert scene.differences() == [], "what is shown is right in the middle too"
        finish(scene)
        clock.reset()
    assert len(left) >= 5, "killed while it ran"
    assert any(0 < n < total for n in left), f"never in the middle: {left}"
