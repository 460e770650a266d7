"""SIGTERM: everyone who was let in is answered, what was accepted is written, mail under way leaves."""

import http.client
import signal
import threading
import time
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from sqlalchemy import func, select

from app.mail import outbox
from app.mail.models import OutboxMail
from app.mail.outbox import Mail
from app.privacy import counting
from app.settings import Settings
from app.signatures.models import Signature
from tests.conftest import opened, settings_for
from tests.mailserver import smtp
from tests.services import SignonsWorker, wait_for, worker
from tests.services import serve as serve_with
from tests.site import FORM
from tests.test_processes import Viewer, environment, post, published

pytestmark = pytest.mark.databases("sqlite")

CONTEXT = {
    "given_name": "Marie",
    "title": "Rouvrir la bibliothèque",
    "url": "http://127.0.0.1:8000/petitions/p",
    "manage_url": "http://127.0.0.1:8000/mes-signatures/jeton",
}


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    return settings_for(database_url, tmp_path, rate_sign="100000/minute")


@pytest.mark.databases("sqlite", "postgresql")
def test_serve_drains_its_intake(settings: Settings) -> None:
    slug = published(settings)
    promised: set[str] = set()
    lost: list[str] = []
    with serve_with(environment(settings)) as web:
        assert web.process is not None
        stop = threading.Event()

        def sign(who: int) -> None:
            for n in range(10_000):
                if stop.is_set():
                    return
                email = f"p{who}-{n}@exemple.test"
                try:
                    if post(web.url, f"/petitions/{slug}/signatures", FORM | {"email": email}) == 303:
                        promised.add(email)
                except ConnectionRefusedError:
                    return  # the door is closed: nothing was sent
                except (OSError, http.client.HTTPException) as error:
                    lost.append(repr(error))

        crowd = [threading.Thread(target=sign, args=(n,)) for n in range(12)]
        for thread in crowd:
            thread.start()
        wait_for(lambda: len(promised) > 50, "people sign")
        web.process.send_signal(signal.SIGTERM)
        assert web.process.wait(15) in {0, -signal.SIGTERM}
        stop.set()
        for thread in crowd:
            thread.join()
    with opened(settings) as database, database.read() as session:
        assert (session.scalar(select(func.count()).select_from(Signature)) or 0) >= len(promised)
        assert counting.differences(session) == []
    # A connection that the stop met between accept and request is cut: its form was never read.
    assert len(lost) <= 12, lost


def test_viewers_do_not_hold_the_stop_back(settings: Settings) -> None:
    slug = published(settings)
    with serve_with(environment(settings)) as web, ExitStack() as stack:
        assert web.process is not None
        viewers = [stack.enter_context(closing(Viewer(web.url, slug))) for _ in range(5)]
        wait_for(lambda: all(viewer.count == 0 for viewer in viewers), "they are told the count")
        began = time.monotonic()
        web.process.send_signal(signal.SIGTERM)
        web.process.wait(30)
        took = time.monotonic() - began
        for viewer in viewers:
            viewer.thread.join(5)
            assert not viewer.thread.is_alive()
    assert took < 8


@pytest.mark.databases("sqlite", "postgresql")
def test_worker_ends_after_the_mail_under_way_and_gives_the_others_back(settings: Settings) -> None:
    with smtp() as mails:
        settings = settings.model_copy(update={"smtp_url": mails.url})
        with opened(settings) as database, database.write() as session:
            outbox.enqueue(
                session, [Mail("signatures/already", f"p{n}@exemple.test", "fr", CONTEXT) for n in range(150)]
            )
        mails.slow = 1
        with worker(environment(settings)) as running:
            mails.wait(2, 30)
            assert _stopped(running) < 8
        sent = len(mails.mails)
        assert 2 <= sent < 150
        with opened(settings) as database, database.read() as session:
            rows = session.scalars(select(OutboxMail)).all()
        assert sum(row.state == "sent" for row in rows) == sent
        # The others are nobody's, and were not counted as tried.
        assert {row.attempts for row in rows if row.state == "waiting"} == {0}
        mails.slow = 0
        with worker(environment(settings)):
            mails.wait(150, 20)
        assert len({mail.recipients for mail in mails.mails}) == len(mails.mails) == 150


def _stopped(running: SignonsWorker) -> float:
    assert running.process is not None
    began = time.monotonic()
    running.process.send_signal(signal.SIGTERM)
    assert running.process.wait(20) == 0
    return time.monotonic() - began
