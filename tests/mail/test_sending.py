"""Mail leaves through a real SMTP server: once, later when it must, never forgotten, never stuck behind another."""

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import uuid
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from app import clock
from app.mail import outbox
from app.mail.models import CaughtMail, OutboxMail
from app.mail.outbox import BACKOFF, MAX_ATTEMPTS, Mail
from app.mail.sending import Sender
from app.settings import Settings
from tests.conftest import SECRET, settings_for
from tests.mailserver import CONTEXT, MailServer
from tests.services import wait_for
from tests.site import Site

pytestmark = pytest.mark.databases("sqlite")


@pytest.fixture
def settings(database_url: str, tmp_path: Path, mail_server: MailServer) -> Settings:
    """The site of these tests sends for real."""
    return settings_for(database_url, tmp_path, smtp_url=mail_server.url, mail_from="Pétitions <envoi@exemple.test>")


def _sender(site: Site) -> Sender:
    return Sender(site.settings, site.database, site.app.state.templates)


def _put(site: Site, *to: str, template: str = "signatures/already", **more: str) -> None:
    with site.database.write() as session:
        outbox.enqueue(session, [Mail(template, address, "fr", CONTEXT, **more) for address in to])  # type: ignore[arg-type]


def _rows(site: Site) -> list[OutboxMail]:
    with site.database.read() as session:
        return list(session.scalars(select(OutboxMail).order_by(OutboxMail.id)))


def _states(site: Site) -> list[str]:
    return [row.state for row in _rows(site)]


@pytest.mark.databases("sqlite", "postgresql")
def test_mail_is_delivered_once(site: Site, mail_server: MailServer, sender: Sender) -> None:
    _put(site, "marie@exemple.test")
    assert sender.send_due() == 1
    assert sender.send_due() == 0
    (mail,) = mail_server.mails
    assert (mail.sender, mail.recipients) == ("envoi@exemple.test", ("marie@exemple.test",))
    assert _states(site) == ["sent"]


def test_signing_leads_to_a_real_mail_with_a_link_that_works(
    site: Site, mail_server: MailServer, sender: Sender
) -> None:
    slug = site.publish()
    site.sign(slug)
    sender.send_due()
    (mail,) = mail_server.mails
    body = mail.message.get_body(("plain",))
    assert body is not None
    link = re.search(r"http://127.0.0.1:8000(/confirmer/\S+)", body.get_content())
    assert link is not None
    assert site.client.post(link[1]).status_code == 303
    assert site.count(slug) == 1


def test_message_has_the_headers_that_readers_and_providers_ask_for(
    site: Site, mail_server: MailServer, sender: Sender
) -> None:
    _put(site, "marie@exemple.test", unsubscribe="https://p.exemple.fr/desabonnement/jeton")
    sender.send_due()
    message = mail_server.mails[0].message
    assert str(message["From"]) == "Pétitions <envoi@exemple.test>"
    assert str(message["To"]) == "marie@exemple.test"
    assert message["Message-ID"].endswith("@exemple.test>")
    assert message["Date"].datetime.tzinfo is not None
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["List-Unsubscribe"] == "<https://p.exemple.fr/desabonnement/jeton>"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert [part.get_content_type() for part in message.walk()] == [
        "multipart/alternative",
        "text/plain",
        "text/html",
    ]


def test_mail_that_nobody_subscribed_to_has_no_unsubscribe_header(
    site: Site, mail_server: MailServer, sender: Sender
) -> None:
    _put(site, "marie@exemple.test")
    sender.send_due()
    assert mail_server.mails[0].message["List-Unsubscribe"] is None


@pytest.mark.databases("sqlite", "postgresql")
def test_address_and_text_are_wiped_when_the_mail_has_left(site: Site, sender: Sender) -> None:
    _put(site, "marie@exemple.test")
    assert b"marie" not in _rows(site)[0].sealed
    sender.send_due()
    assert _rows(site)[0].sealed == b""
    with site.database.read() as session:
        assert session.scalars(select(CaughtMail)).all() == []  # what was sent is not kept for the local page


def test_later_please_is_tried_again_after_a_minute(site: Site, mail_server: MailServer, sender: Sender) -> None:
    mail_server.fail("451 4.3.0 Try again later", times=1)
    _put(site, "marie@exemple.test")
    sender.send_due()
    assert _states(site) == ["waiting"]
    site.later(seconds=58)
    assert sender.send_due() == 0
    site.later(seconds=3)
    sender.send_due()
    assert _states(site) == ["sent"]
    assert len(mail_server.mails) == 1


def test_waits_grow_and_the_mail_is_set_aside_in_the_end(site: Site, mail_server: MailServer, sender: Sender) -> None:
    mail_server.fail("451 4.3.0 Try again later")
    _put(site, "marie@exemple.test")
    waits: list[float] = []
    while _states(site) == ["waiting"]:
        assert sender.send_due() == 1
        waits.append((_rows(site)[0].send_after - clock.now()).total_seconds())
        site.later(seconds=waits[-1] + 1)
    assert _rows(site)[0].attempts == MAX_ATTEMPTS == len(waits)
    assert [round(wait, -1) for wait in waits[:-1]] == list(BACKOFF)
    assert list(BACKOFF) == sorted(BACKOFF)
    assert _states(site) == ["aside"]


def test_refused_for_good_is_set_aside_and_seen_by_the_operator(
    site: Site, mail_server: MailServer, sender: Sender
) -> None:
    mail_server.fail("550 5.1.1 No such user", recipient="absente@exemple.test")
    _put(site, "absente@exemple.test")
    sender.send_due()
    (row,) = _rows(site)
    assert (row.state, row.attempts, row.error) == ("aside", 1, "recipient refused (550)")
    site.later(days=2)
    assert sender.send_due() == 0
    assert 'signons_mails{state="aside"} 1.0' in site.browser(client=("127.0.0.1", 1)).get("/metrics").text


def test_reason_holds_no_address(site: Site, mail_server: MailServer, sender: Sender) -> None:
    mail_server.fail("550 5.1.1 <absente@exemple.test> No such user here")
    _put(site, "absente@exemple.test")
    sender.send_due()
    assert "@" not in _rows(site)[0].error


def _tried_for(site: Site, sender: Sender, days: int) -> int:
    """Once an hour; gives how many times."""
    tries = 0
    for _ in range(days * 24):
        tries += sender.send_due()
        site.later(hours=1, seconds=1)
    return tries


def test_text_that_is_always_refused_is_set_aside_in_the_end(
    site: Site, mail_server: MailServer, sender: Sender
) -> None:
    mail_server.fail("554 5.7.1 Looks like spam", stage="DATA")
    _put(site, "marie@exemple.test")
    assert _tried_for(site, sender, days=4) == MAX_ATTEMPTS
    assert _states(site) == ["aside"]


@pytest.mark.parametrize(
    ("reply", "state"),
    [
        ("550 No such user", "aside"),
        ("550 5.1.1 No such user", "aside"),
        ("550 5.1.10 No such user", "aside"),
        ("550 5.2.1 Mailbox disabled", "aside"),
        ("551 Moved", "aside"),
        ("553 5.1.3 Not an address", "aside"),
        ("554 5.7.1 Relay access denied", "waiting"),
        ("550 5.7.1 Your address is on a list", "waiting"),
        ("550 5.1.8 Sender’s domain does not exist".replace("’", "'"), "waiting"),
        ("530 5.7.0 Authentication required", "waiting"),
        ("554 Transaction failed", "waiting"),
        ("450 4.2.1 Greylisted", "waiting"),
    ],
)
def test_only_an_answer_about_whoever_is_written_to_sets_a_mail_aside_at_once(
    site: Site, mail_server: MailServer, sender: Sender, reply: str, state: str
) -> None:
    mail_server.fail(reply)
    _put(site, "marie@exemple.test")
    sender.send_due()
    assert _states(site) == [state]


@pytest.mark.typed(
    "un expéditeur que le serveur refuse", "les courriels attendent, aucun n’est mis de côté ; l’exploitant le voit"
)
def test_a_fault_of_ours_delays_a_mail_and_never_loses_it(site: Site, mail_server: MailServer, sender: Sender) -> None:
    _put(site, "marie@exemple.test")
    mail_server.fail("550 5.7.1 You may not send as envoi@exemple.test", stage="MAIL")
    assert _tried_for(site, sender, days=3) > 2 * MAX_ATTEMPTS
    assert [(row.state, row.attempts, row.error) for row in _rows(site)] == [("waiting", 0, "sender refused (550)")]
    assert 'signons_mails{state="failing"} 1.0' in site.browser(client=("127.0.0.1", 50000)).get("/metrics").text
    mail_server.stop()  # then the server is away
    assert _tried_for(site, sender, days=2) > 2 * MAX_ATTEMPTS
    mail_server.heal()
    mail_server.start()
    sender.send_due()
    assert _states(site) == ["sent"]
    assert len(mail_server.mails) == 1


def test_a_mail_that_we_cannot_make_leaves_once_we_can(site: Site, mail_server: MailServer, sender: Sender) -> None:
    _put(site, "marie@exemple.test")
    with site.database.write() as session:
        row = session.get_one(OutboxMail, _rows(site)[0].id)
        sealed, row.sealed = row.sealed, b"another key"
    assert _tried_for(site, sender, days=2) == 0
    assert [(row.state, row.error) for row in _rows(site)] == [("waiting", "cannot be opened")]
    with site.database.write() as session:
        session.get_one(OutboxMail, _rows(site)[0].id).sealed = sealed
    sender.send_due()
    assert _states(site) == ["sent"]


@pytest.mark.databases("sqlite", "postgresql")
def test_one_refused_address_does_not_hold_back_the_others(site: Site, mail_server: MailServer, sender: Sender) -> None:
    mail_server.fail("550 5.1.1 No such user", recipient="b@exemple.test")
    mail_server.fail("451 4.3.0 Later", recipient="d@exemple.test")
    _put(site, *(f"{name}@exemple.test" for name in "abcde"))
    sender.send_due()
    assert _states(site) == ["sent", "aside", "sent", "waiting", "sent"]
    assert sorted(mail.recipients[0][0] for mail in mail_server.mails) == ["a", "c", "e"]


@pytest.mark.databases("sqlite", "postgresql")
def test_poison_mail_waits_for_its_remedy_and_those_behind_it_leave(
    site: Site, mail_server: MailServer, sender: Sender
) -> None:
    _put(site, "a@exemple.test", template="signatures/absent")
    with site.database.write() as session:  # a context that the template cannot be made of
        outbox.enqueue(session, [Mail("signatures/already", "b@exemple.test", "fr", {})])
    _put(site, "pas une adresse")
    _put(site, "c@exemple.test", "d@exemple.test")
    with site.database.write() as session:
        session.get_one(OutboxMail, _rows(site)[3].id).sealed = b"abime"
    sender.send_due()
    assert [(row.state, row.error) for row in _rows(site)] == [
        ("waiting", "TemplateNotFound"),
        ("waiting", "UndefinedError"),
        ("aside", "not an address"),
        ("waiting", "cannot be opened"),
        ("sent", ""),
    ]
    assert [mail.recipients for mail in mail_server.mails] == [("d@exemple.test",)]
    site.later(seconds=61)
    assert sender.send_due() == 2  # tried again, later and later
    site.later(seconds=30)
    assert sender.send_due() == 0


@pytest.mark.parametrize("stage", ["RCPT", "DATA"])
def test_connection_cut_before_acceptance_is_tried_again(
    site: Site, mail_server: MailServer, stage: str, sender: Sender
) -> None:
    mail_server.fail(None, stage=stage, times=1)  # type: ignore[arg-type]
    _put(site, "marie@exemple.test")
    sender.send_due()
    assert _states(site) == ["waiting"]
    site.later(seconds=61)
    sender.send_due()
    assert _states(site) == ["sent"]
    assert len(mail_server.mails) == 1


def test_connection_cut_after_acceptance_may_send_twice_but_never_forgets(
    site: Site, mail_server: MailServer, sender: Sender
) -> None:
    mail_server.fail(None, stage="ACCEPTED", times=1)
    _put(site, "marie@exemple.test")
    sender.send_due()
    site.later(seconds=61)
    sender.send_due()
    assert _states(site) == ["sent"]
    assert len(mail_server.mails) == 2


def test_server_that_is_down_loses_nothing(site: Site, mail_server: MailServer, sender: Sender) -> None:
    mail_server.stop()
    _put(site, "a@exemple.test", "b@exemple.test")
    sender.send_due()
    assert _states(site) == ["waiting", "waiting"]
    mail_server.start()
    site.later(seconds=61)
    sender.send_due()
    assert _states(site) == ["sent", "sent"]


def test_connection_that_idled_away_delays_nothing(site: Site, mail_server: MailServer, sender: Sender) -> None:
    _put(site, "a@exemple.test")
    sender.send_due()
    mail_server.stop()  # servers close idle connections after some minutes
    mail_server.start()
    _put(site, "b@exemple.test")
    sender.send_due()
    assert _states(site) == ["sent", "sent"]


@pytest.mark.databases("sqlite", "postgresql")
def test_mail_claimed_by_a_worker_that_died_comes_back_within_ten_seconds(
    site: Site, mail_server: MailServer, sender: Sender
) -> None:
    _put(site, "marie@exemple.test")
    with site.database.write() as session:
        assert len(outbox.claim(session)) == 1
    site.later(seconds=5)
    assert sender.send_due() == 0
    site.later(seconds=4)
    assert sender.send_due() == 1
    assert len(mail_server.mails) == 1


@pytest.mark.slow
@pytest.mark.databases("sqlite", "postgresql")
def test_worker_killed_while_sending_loses_nothing(
    site: Site, mail_server: MailServer, tmp_path: Path, sender: Sender
) -> None:
    _put(site, "marie@exemple.test")
    with socket.create_server(("127.0.0.1", 0)) as mute:  # accepts, then says nothing
        env = {name: value for name, value in os.environ.items() if not name.startswith("SIGNONS_")} | {
            "SIGNONS_DATABASE_URL": site.settings.database_url,
            "SIGNONS_SECRET_KEY": SECRET,
            "SIGNONS_VAR_DIR": str(tmp_path),
            "SIGNONS_SMTP_URL": f"smtp://127.0.0.1:{mute.getsockname()[1]}",
        }
        worker = subprocess.Popen(
            [sys.executable, "-m", "app.cli", "worker"], env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            wait_for(lambda: _rows(site)[0].attempts == 1, "the worker has taken the mail")
        finally:
            worker.send_signal(signal.SIGKILL)
            worker.wait()
    assert _states(site) == ["waiting"]
    site.later(minutes=5, seconds=1)
    sender.send_due()
    assert _states(site) == ["sent"]
    assert len(mail_server.mails) == 1


@pytest.mark.databases("sqlite", "postgresql")
def test_two_workers_send_each_mail_once(site: Site, mail_server: MailServer) -> None:
    _put(site, *(f"p{n}@exemple.test" for n in range(60)))

    def work() -> None:
        with closing(_sender(site)) as mine:
            while mine.send_due():
                pass

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(mail.recipients[0] for mail in mail_server.mails) == sorted(f"p{n}@exemple.test" for n in range(60))


@pytest.mark.databases("sqlite", "postgresql")
def test_mail_written_in_a_transaction_that_fails_is_never_sent(
    site: Site, mail_server: MailServer, sender: Sender
) -> None:
    def fail_after_writing() -> None:
        with site.database.write() as session:
            outbox.enqueue(session, [Mail("signatures/already", "marie@exemple.test", "fr", CONTEXT)])
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail_after_writing()
    assert sender.send_due() == 0


def test_delayed_mail_waits(site: Site, sender: Sender) -> None:
    with site.database.write() as session:
        outbox.enqueue(
            session, [Mail("signatures/already", "a@exemple.test", "fr", CONTEXT)], delay=timedelta(seconds=60)
        )
    assert sender.send_due() == 0
    site.later(seconds=61)
    assert sender.send_due() == 1


@pytest.mark.databases("sqlite", "postgresql")
def test_erased_persons_mail_is_not_sent(site: Site, mail_server: MailServer, sender: Sender) -> None:
    person = uuid.uuid4()
    with site.database.write() as session:
        outbox.enqueue(session, [Mail("signatures/already", "a@exemple.test", "fr", CONTEXT, person)])
        outbox.cancel(session, person)
    assert sender.send_due() == 0
    assert mail_server.mails == []


def test_english_signer_gets_english_mail(site: Site, mail_server: MailServer, sender: Sender) -> None:
    with site.database.write() as session:
        outbox.enqueue(session, [Mail("signatures/already", "a@exemple.test", "en", CONTEXT)])
    sender.send_due()
    assert _states(site) == ["sent"]
    html = mail_server.mails[0].message.get_body(("html",))
    assert html is not None
    assert 'lang="en"' in html.get_content()
