"""News mailed by a worker that is killed for real: everybody gets them once. `make crash` has ten thousand people."""

from pathlib import Path

import pytest

from tests.crash import mailing
from tests.crash.stage import MailServer
from tests.site import Site

pytestmark = [pytest.mark.slow, pytest.mark.databases("sqlite", "postgresql")]
PEOPLE, KILLS = 420, 2


def test_killed_and_started_again_it_writes_once_to_everybody(site: Site, tmp_path: Path) -> None:
    mailing.publish(site.database, PEOPLE)
    (tmp_path / "smtp").mkdir()
    (tmp_path / "worker").mkdir()
    smtp = MailServer(tmp_path / "smtp").start()
    try:
        found = mailing.play(site.settings, smtp, tmp_path / "worker", PEOPLE, KILLS)
    finally:
        smtp.kill()
    assert found.problems == [], found
    assert found.kills == KILLS
