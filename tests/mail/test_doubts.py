"""A worker that is killed or too slow leaves a doubt; it never leaves a mail too many, nor one forgotten."""

import threading
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import select

from app.mail import outbox
from app.mail.models import OutboxMail
from app.mail.outbox import Mail
from app.mail.sending import Sender
from app.settings import Settings
from tests.conftest import settings_for
from tests.mailserver import CONTEXT, MailServer
from tests.services import wait_for
from tests.site import Site


@pytest.fixture
def settings(database_url: str, tmp_path: Path, mail_server: MailServer) -> Settings:
    """The site of these tests sends for real."""
    return settings_for(database_url, tmp_path, smtp_url=mail_server.url, smtp_connections=1)


def put(site: Site, to: str, subject: uuid.UUID) -> None:
    with site.database.write() as session:
        outbox.enqueue(session, [Mail("signatures/already", to, "fr", CONTEXT, subject)])


def sender(site: Site) -> Sender:
    return Sender(site.settings, site.database, site.app.state.templates)


def send_all(site: Site) -> None:
    with closing(sender(site)) as mine:
        while mine.send_due():
            pass


def killed_while_it_left(site: Site) -> None:
    """What a worker leaves behind that is killed while its mail is on its way."""
    with site.database.write() as session:
        (row,) = outbox.claim(session)
        assert outbox.lease(session, [row])
    site.later(minutes=5, seconds=1)


def errors(site: Site) -> list[str]:
    with site.database.read() as session:
        return list(session.scalars(select(OutboxMail.error).order_by(OutboxMail.id)))


def received(mail_server: MailServer) -> Counter[str]:
    return Counter(mail.recipients[0] for mail in mail_server.mails)


@contextmanager
def on_the_first_of_two(site: Site, mail_server: MailServer) -> Iterator[uuid.UUID]:
    """A slow worker has claimed two mails and hands over the first; gives the second's subject."""
    second = uuid.uuid4()
    put(site, "a@exemple.test", uuid.uuid4())
    put(site, "b@exemple.test", second)
    mail_server.slow = 1.5
    slow = threading.Thread(target=send_all, args=(site,))
    slow.start()
    try:
        wait_for(lambda: errors(site) == [outbox.LEAVING, ""], "the first is on its way")
        mail_server.slow = 0
        yield second
    finally:
        slow.join()


def test_a_mail_claimed_too_long_ago_is_left_to_whoever_took_it(site: Site, mail_server: MailServer) -> None:
    with on_the_first_of_two(site, mail_server):
        site.later(minutes=5, seconds=1)
        send_all(site)
    assert received(mail_server)["b@exemple.test"] == 1


def test_a_mail_erased_while_those_before_it_left_does_not_leave(site: Site, mail_server: MailServer) -> None:
    with on_the_first_of_two(site, mail_server) as second, site.database.write() as session:
        outbox.cancel(session, second)
    assert received(mail_server) == {"a@exemple.test": 1}


def test_what_may_be_a_third_mail_of_the_day_waits_for_the_next(site: Site, mail_server: MailServer) -> None:
    subject = uuid.uuid4()
    put(site, "marie@exemple.test", subject)
    killed_while_it_left(site)  # perhaps it has: that is one
    put(site, "marie@exemple.test", subject)  # asked for again
    put(site, "paul@exemple.test", uuid.uuid4())
    send_all(site)
    assert received(mail_server) == {"marie@exemple.test": 1, "paul@exemple.test": 1}
    site.later(hours=23)
    send_all(site)
    assert received(mail_server)["marie@exemple.test"] == 1
    site.later(hours=1, minutes=1)
    send_all(site)
    assert received(mail_server)["marie@exemple.test"] == 2


def asked_again_after_a_doubt(site: Site, earlier: int = 0) -> None:
    """A mail that has perhaps left, due again in *earlier* seconds, and a second one about the same thing."""
    subject = uuid.uuid4()
    put(site, "marie@exemple.test", subject)
    killed_while_it_left(site)
    site.later(seconds=-earlier)
    put(site, "marie@exemple.test", subject)


def take_one(site: Site) -> list[int]:
    with site.database.write() as session:
        return [row.id for row in outbox.claim(session, limit=1)]


def test_two_workers_at_once_do_not_share_what_only_one_may_send(site: Site) -> None:
    asked_again_after_a_doubt(site)
    taken: list[list[int]] = []
    other = threading.Thread(target=lambda: taken.append(take_one(site)))
    with site.database.write() as session:
        assert [row.error for row in outbox.claim(session, limit=1)] == [outbox.LEAVING_AGAIN]
        other.start()
        other.join(0.5)
        assert taken in ([], [[]])  # it waits, or goes away with nothing
    other.join()
    assert taken == [[]]
    assert take_one(site) == []


def test_a_mail_tried_again_counts_as_one_about_to_leave(site: Site) -> None:
    asked_again_after_a_doubt(site, earlier=64)
    with site.database.write() as session:
        (row,) = outbox.claim(session)
        outbox.failed(session, row.id, row.attempts, "421 busy")
    site.later(seconds=61)
    assert len(take_one(site)) == 1
    site.later(seconds=4)
    assert take_one(site) == []


def test_a_doubtful_mail_waits_for_one_that_another_worker_is_about_to_send(site: Site) -> None:
    asked_again_after_a_doubt(site, earlier=3)
    assert len(take_one(site)) == 1
    site.later(seconds=4)
    assert take_one(site) == []


def test_a_doubtful_mail_given_back_is_as_doubtful_as_before(site: Site) -> None:
    put(site, "marie@exemple.test", uuid.uuid4())
    killed_while_it_left(site)
    stopped = threading.Event()
    stopped.set()
    with closing(Sender(site.settings, site.database, site.app.state.templates, stopped)) as mine:
        mine.send_due()
    assert errors(site) == [outbox.LEAVING]


def test_a_second_mail_that_left_leaves_no_room_for_a_doubtful_one(site: Site, mail_server: MailServer) -> None:
    subject = uuid.uuid4()
    put(site, "marie@exemple.test", subject)
    send_all(site)
    put(site, "marie@exemple.test", subject)
    killed_while_it_left(site)
    send_all(site)
    assert received(mail_server) == {"marie@exemple.test": 1}
    site.later(days=1, minutes=1)
    send_all(site)
    assert received(mail_server) == {"marie@exemple.test": 2}


def test_killed_twice_on_one_mail_the_third_try_is_of_the_next_day(site: Site, mail_server: MailServer) -> None:
    put(site, "marie@exemple.test", uuid.uuid4())
    killed_while_it_left(site)
    killed_while_it_left(site)
    send_all(site)
    assert not mail_server.mails
    site.later(days=1)
    send_all(site)
    assert len(mail_server.mails) == 1
