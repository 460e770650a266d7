"""The worker that tells signers of a new version, killed for real again and again: each is written to once."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sqlalchemy import func, select

from app.mail.models import OutboxMail
from app.petitions import queries, versions
from app.petitions.models import Amendment
from tests.conftest import SECRET
from tests.privacy.crowd import crowd
from tests.site import Site

pytestmark = [pytest.mark.slow, pytest.mark.databases("sqlite", "postgresql")]
PROGRAM = str(Path(sys.executable).with_name("signons"))
PEOPLE, KILLS = 450, 2


def start(site: Site) -> subprocess.Popen[bytes]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("SIGNONS_")}
    environment = clean | {
        "SIGNONS_DATABASE_URL": site.settings.database_url,
        "SIGNONS_VAR_DIR": str(site.settings.var),
        "SIGNONS_SECRET_KEY": SECRET,
        "SIGNONS_LOG_LEVEL": "ERROR",
    }
    return subprocess.Popen([PROGRAM, "worker"], env=environment, cwd=site.settings.var, start_new_session=True)


def written(site: Site) -> tuple[int, int, bool]:
    """Mails, people, and whether that is all."""
    with site.database.read() as session:
        mails, people = session.execute(
            select(func.count(), func.count(OutboxMail.subject.distinct())).where(
                OutboxMail.template == "signatures/amended"
            )
        ).one()
        return mails, people, session.scalars(select(Amendment.told_at)).one() is not None


def test_killed_and_started_again_it_writes_once_to_everybody(site: Site) -> None:
    slug = site.publish()
    crowd(site, slug, [{"email": f"p{n}@exemple.test"} for n in range(PEOPLE)])
    with site.database.write() as session:
        petition = queries.by_slug(session, slug)
        assert petition is not None
        amendment = versions.propose(session, petition.id, "Un autre titre", "Un autre texte. " * 9, "Parce que oui.")
        versions.adopt(session, petition, amendment)
    kills, deadline = 0, time.monotonic() + 240
    while not written(site)[2]:
        assert time.monotonic() < deadline, written(site)
        worker = start(site)
        had = written(site)[0]
        until = time.monotonic() + 20
        while time.monotonic() < until and not written(site)[2] and (kills >= KILLS or written(site)[0] == had):
            time.sleep(0.02)
        os.killpg(worker.pid, signal.SIGKILL)
        worker.wait()
        kills += 1
    assert kills > 1
    assert written(site)[:2] == (PEOPLE, PEOPLE)
