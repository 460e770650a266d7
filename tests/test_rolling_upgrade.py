"""An upgrade that nobody notices: two releases on one database while a migration runs, and one after the other."""

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from itertools import product
from pathlib import Path
from typing import TypeVar

import httpx2
import pytest
from sqlalchemy import func, select

from app import clock, migrations
from app.db import Database
from app.mail.models import MailState, OutboxMail
from app.petitions import queries as petition_queries
from app.privacy import counting
from app.register.actions.writing import Pen
from app.settings import Settings
from app.signatures.jobs import reconcile_registers
from app.signatures.models import Signature, SignatureState
from tests import releases
from tests.conftest import opened, settings_for
from tests.mailserver import MailServer, smtp
from tests.releases import PREVIOUS_STEP, TODAY, Release
from tests.rolling import Street, Visitor
from tests.services import Postgres, Server, wait_for
from tests.test_processes import Viewer, environment

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("rolling")]
NOT_MIGRATED = "La base de données n’est pas à jour : lancez « signons migrate ».\n"
ADDRESSES = [f"avant{n}@exemple.test" for n in range(3)]
Started = TypeVar("Started", bound=Server)


class Scene:
    """An instance in *folder*, which two releases serve."""

    def __init__(self, url: str, folder: Path, mails: MailServer, stack: ExitStack) -> None:
        self.settings: Settings = settings_for(url, folder, smtp_url=mails.url, rate_sign="100000/minute")
        self.folder, self.mails, self.stack = folder, mails, stack
        self.env = environment(self.settings)
        self.database: Database = stack.enter_context(opened(self.settings))

    def start(self, kind: type[Started], release: Release, name: str) -> Started:
        folder = self.folder / f"{kind.__name__} {name}"
        folder.mkdir()
        made = kind(release, folder, self.env)  # type: ignore[call-arg, arg-type]
        self.stack.callback(made.kill)
        return made.start()

    def run(self, *arguments: str) -> tuple[int, str]:
        done = TODAY.run(self.env, self.folder, *arguments)
        return done.returncode, done.stdout

    def leaving(self) -> int:
        """Mails that are due or taken; those that tell a decision wait for a minute."""
        due = (OutboxMail.send_after <= clock.now()) | (OutboxMail.attempts > 0)
        with self.database.read() as session:
            return session.scalar(select(func.count()).where(OutboxMail.state == MailState.WAITING, due)) or 0

    def count(self, slug: str) -> int:
        with self.database.read() as session:
            petition = petition_queries.by_slug(session, slug)
            assert petition is not None
            return petition_queries.count(session, petition.id)

    def check(self, street: Street) -> None:
        """Nothing is lost, doubled or miscounted, no log holds more than what is always said."""
        assert not street.errors, "\n".join(street.errors)
        # As a worker does every five minutes: what the old release counted has its line.
        reconcile_registers(self.database, Pen.of(self.settings, self.database.info["vault"]))
        with self.database.read() as session:
            states = Counter(session.scalars(select(Signature.state)))
            outbox = Counter(session.scalars(select(OutboxMail.state)))
            assert counting.differences(session) == []
        assert states == {SignatureState.CONFIRMED: len(street.confirmed) - len(street.withdrawn)}
        assert self.count(street.slug) == states[SignatureState.CONFIRMED]
        assert outbox.keys() <= {MailState.SENT, MailState.WAITING}
        letters = Counter((*mail.recipients, str(mail.message["subject"])) for mail in self.mails.mails)
        assert letters.total() == len(letters), letters.most_common(3)
        for log in self.folder.glob("*/log"):
            lines = [line for line in log.read_text().splitlines() if '"level": "info"' not in line]
            assert len(lines) == 1, (log, lines)  # that it is there


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Release:
    return releases.previous(tmp_path_factory.mktemp("before"))


@pytest.fixture
def mails() -> Iterator[MailServer]:
    with smtp() as running:
        yield running


def test_nobody_notices(server: Postgres, before: Release, mails: MailServer, tmp_path: Path) -> None:
    with ExitStack() as stack, ThreadPoolExecutor() as pool:
        scene = Scene(server.create_database("signons_rolling"), tmp_path, mails, stack)
        street = Street(before.set_up(scene.env, tmp_path), mails)
        assert migrations.revision(scene.database) == PREVIOUS_STEP
        working = pool.submit(scene.start, releases.Worker, before, "old")
        old, old_worker = scene.start(releases.Web, before, "old"), working.result()
        street.come(old.url, "old")
        viewers = [stack.enter_context(closing(Viewer(old.url, street.slug)))]
        with closing(Visitor(street)) as late:
            opened_before = late.get(f"/petitions/{street.slug}")
            street.start()
            # The other order: the new release before its steps says so, and touches nothing.
            early = [pool.submit(scene.run, what) for what in ("serve", "worker")]
            assert [each.result() for each in early] == [(1, NOT_MIGRATED)] * 2
            assert (httpx2.get(f"{old.url}/readyz").status_code, migrations.revision(scene.database)) == (
                200,
                PREVIOUS_STEP,
            )
            street.more(1)
            assert scene.run("migrate")[0] == 0
            street.more(3)
            working = pool.submit(scene.start, releases.Worker, TODAY, "new")
            new, new_worker = scene.start(releases.Web, TODAY, "new"), working.result()
            assert httpx2.get(f"{new.url}/readyz").status_code == 200
            viewers.append(stack.enter_context(closing(Viewer(new.url, street.slug))))
            street.come(new.url, "new")
            late.fill_in("tard@exemple.test", opened_before)
            late.confirm("tard@exemple.test")
        street.more(12)
        wait_for(lambda: bool(street.errors) or street.all_ways, "every way was taken", 30)
        shown = scene.count(street.slug)
        wait_for(lambda: all(viewer.count >= shown for viewer in viewers), "both show what either has counted", 10)
        street.leave(old.url)
        assert {old.terminate(), old_worker.terminate()} <= {0, -15}
        street.more(3)
        street.stop()
        wait_for(lambda: not scene.leaving(), "every mail has left", 20)
        scene.check(street)
        assert new_worker.process is not None
        assert new_worker.process.poll() is None
    # Whoever signed through one has confirmed through the other, and withdrawn through either.
    assert {*zip(street.signed.values(), map(street.confirmed.get, street.signed), strict=True)} == {
        *product(("old", "new"), repeat=2)
    }
    assert {*street.taken} == {*product(("old", "new"), repeat=2)}
    assert min(street.done["exports"], street.done["decisions"]) > 1


def test_on_sqlite_the_next_release_goes_on_where_the_one_before_stopped(
    before: Release, mails: MailServer, tmp_path: Path
) -> None:
    """One process after the other: the second one migrates by itself."""
    first, second, third = (f"avant{n}@exemple.test" for n in range(3))
    with ExitStack() as stack:
        scene = Scene(f"sqlite:///{tmp_path}/signons.db", tmp_path, mails, stack)
        street = Street(before.set_up(scene.env, tmp_path), mails)
        visitor = stack.enter_context(closing(Visitor(street)))
        old = scene.start(releases.Web, before, "old")
        street.come(old.url, "old")
        page = visitor.get(f"/petitions/{street.slug}")
        visitor.fill_in(first, page)
        visitor.confirm(first)
        visitor.fill_in(second, page)
        street.mail(second, "/confirmer/")
        street.leave(old.url)
        assert old.terminate() in {0, -15}
        new = scene.start(releases.Web, TODAY, "new")
        street.come(new.url, "new")
        assert httpx2.get(f"{new.url}/readyz").status_code == 200
        visitor.fill_in(third, page)
        visitor.confirm(second)
        visitor.confirm(third)
        visitor.withdraw(first)
        wait_for(lambda: not scene.leaving(), "every mail has left", 20)
        scene.check(street)
    assert street.confirmed == {first: "old", second: "new", third: "new"}
