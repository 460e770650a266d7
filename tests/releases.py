"""The release before this one, taken from the repository's history, so that it can run beside today's."""

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.services import Signons, SignonsWorker
from tests.site import PASSWORD, PETITION

# What people run today, and the last step that its database has taken. Both move together when a release is
# published, to that release: from then on a step may take away what only the code before it needed.
PREVIOUS_RELEASE = "99f90244bc0aa30eef8af909709c9d2a62bfc1ec"
PREVIOUS_STEP = "0018_outcomes"
HERE = Path(__file__).parents[1]
RUN = "from app.cli import run; run()"
# Its own code makes its database: a petition, and people who work here without a second factor.
SCENE = """
import sys
from pathlib import Path
from app.accounts import actions as accounts, passwords
from app.cli.group import opened, upgrade
from app.petitions import actions, importing

source, password, *roles = sys.argv[1:]
with opened() as (settings, database):
    upgrade(database)
    kept = passwords.hashed(password)
    with database.write() as session:
        petition = actions.create(
            session, importing.parse(source, "essai.md"), folder=None, image_store=Path("unused")
        )
        actions.publish(session, petition)
        for role in roles:
            account, _ = accounts.create(session, f"{role}@exemple.test", role, kept, second_factor=False)
            if role == "organiser":
                actions.add_owner(session, petition, account.id)
    print(petition.slug)
"""


@dataclass(frozen=True)
class Release:
    """A tree of ours, run with this environment's libraries, which are at least those that it was made for."""

    tree: Path

    def environment(self, settings: Mapping[str, str]) -> dict[str, str]:
        clean = {name: value for name, value in os.environ.items() if not name.startswith("SIGNONS_")}
        # What one of its programs has compiled, the others need not.
        return {**clean, "PYTHONPATH": str(self.tree), "PYTHONDONTWRITEBYTECODE": "", **settings}

    def command(self, *arguments: str, code: str = RUN) -> list[str]:
        return [sys.executable, "-c", code, *arguments]

    def run(
        self, settings: Mapping[str, str], folder: Path, *arguments: str, code: str = RUN
    ) -> subprocess.CompletedProcess[str]:
        """``signons`` with these arguments, to its end."""
        return subprocess.run(
            self.command(*arguments, code=code), env=self.environment(settings), cwd=folder, text=True, timeout=60,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
        )  # fmt: skip

    def set_up(self, settings: Mapping[str, str], folder: Path) -> str:
        """A database with a petition, an organiser and a moderator; the petition's address."""
        done = self.run(settings, folder, PETITION, PASSWORD, "organiser", "moderator", code=SCENE)
        assert done.returncode == 0, done.stdout
        return done.stdout.split()[-1]


TODAY = Release(HERE)


def previous(folder: Path) -> Release:
    """Skips the test where the history is not there: in a shallow clone, or from an archive."""
    archive = subprocess.run(
        ["git", "-C", HERE, "archive", PREVIOUS_RELEASE], capture_output=True, check=False
    )  # fmt: skip
    if archive.returncode:
        pytest.skip(
            f"the release before, {PREVIOUS_RELEASE[:7]}, is not in this clone's history: it was not run beside today's"
        )
    subprocess.run(["tar", "x", "-C", folder], input=archive.stdout, check=True)
    release = Release(folder)
    subprocess.run([sys.executable, "-m", "app.locale.compile"], env=release.environment({}), cwd=folder, check=True)
    return release


class Web(Signons):
    """``signons serve`` of a release."""

    def __init__(self, release: Release, directory: Path, settings: Mapping[str, str]) -> None:
        super().__init__(directory, settings, None, 1)
        self.release = release

    def command(self) -> list[str]:
        return self.release.command("serve", "--port", str(self.port))

    def environment(self) -> Mapping[str, str]:
        return self.release.environment(self.env)


class Worker(SignonsWorker):
    """``signons worker`` of a release."""

    def __init__(self, release: Release, directory: Path, settings: Mapping[str, str]) -> None:
        super().__init__(directory, settings)
        self.release = release

    def command(self) -> list[str]:
        return self.release.command("worker")

    def environment(self) -> Mapping[str, str]:
        return self.release.environment(self.env)
