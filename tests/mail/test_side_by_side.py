"""Many mails at once, and no more of them anywhere than are taken there."""

import threading
import time
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import select

from app import clock
from app.mail import destinations, outbox, queries
from app.mail.models import OutboxMail
from app.mail.outbox import Mail
from app.mail.sending import Sender
from app.operations.routes import SAME
from app.settings import Settings
from tests.conftest import settings_for
from tests.mailserver import CONTEXT, MailServer
from tests.services import wait_for
from tests.site import Site

pytestmark = pytest.mark.databases("sqlite")


@pytest.fixture
def settings(database_url: str, tmp_path: Path, mail_server: MailServer) -> Settings:
    return settings_for(database_url, tmp_path, smtp_url=mail_server.url, smtp_connections=12)


def put(site: Site, *to: str, template: str = "signatures/already") -> None:
    with site.database.write() as session:
        outbox.enqueue(session, [Mail(template, address, "fr", CONTEXT) for address in to])


def states(site: Site) -> Counter[tuple[str, int]]:
    with site.database.read() as session:
        return Counter((row.state, row.attempts) for row in session.scalars(select(OutboxMail)))


def received(mail_server: MailServer) -> Counter[str]:
    return Counter(mail.recipients[0] for mail in mail_server.mails)


def people(domain: str, n: int) -> list[str]:
    return [f"p{i}@{domain}" for i in range(n)]


@pytest.mark.databases("sqlite", "postgresql")
def test_a_slow_server_gets_many_at_once(site: Site, mail_server: MailServer, sender: Sender) -> None:
    mail_server.slow = 0.2
    put(site, *people("exemple.test", 36))
    assert sender.send_due() == 36
    assert mail_server.most_handed >= 6
    assert 6 <= mail_server.most_at_once <= 12
    assert received(mail_server) == dict.fromkeys(people("exemple.test", 36), 1)


@pytest.mark.parametrize("pipelining", [True, False])
def test_refusals_among_mails_sent_together_are_each_ones_own(
    site: Site, mail_server: MailServer, sender: Sender, pipelining: bool
) -> None:
    mail_server.pipelining = pipelining
    mail_server.fail("550 5.1.1 No such user", recipient="p1@exemple.test")
    mail_server.fail("554 5.7.1 Looks like spam", recipient="p2@exemple.test", stage="DATA")
    mail_server.fail(None, recipient="p3@exemple.test", stage="DATA")
    put(site, *people("exemple.test", 24))
    sender.send_due()
    assert states(site) == {("sent", 1): 21, ("aside", 1): 1, ("waiting", 1): 2}
    assert len(received(mail_server)) == 21


def test_lines_that_begin_with_a_dot_arrive(site: Site, mail_server: MailServer, sender: Sender) -> None:
    text = "\n".join(["Bonjour", ".", "..", ".caché", "fin"])
    with site.database.write() as session:
        words = {"title": "Titre", "text": text, "html": f"<p>{text}</p>"}
        outbox.enqueue(session, [Mail("updates/letter", "marie@exemple.test", "fr", words)])
    sender.send_due()
    body = mail_server.mails[0].message.get_body(("plain",))
    assert body is not None
    assert text in body.get_content().replace("\r\n", "\n")


def test_one_provider_that_takes_fewer_slows_nobody_else(site: Site, mail_server: MailServer, sender: Sender) -> None:
    for domain in ("orange.fr", "wanadoo.fr"):
        for person in people(domain, 12):
            mail_server.fail("421 4.7.0 OFR004_104 Too many connections, slow down", recipient=person, times=1)
    put(site, *people("orange.fr", 12), *people("exemple.test", 40), *people("wanadoo.fr", 12))
    sender.send_due()
    got = received(mail_server)
    assert sum(n for to, n in got.items() if to.endswith("@exemple.test")) == 40
    assert sum(n for to, n in got.items() if not to.endswith("@exemple.test")) < 12
    with site.database.read() as session:
        (route,) = queries.slow_routes(session, clock.now())
        assert queries.no_way_out(session, clock.now()) is None
    assert (route.name, route.words) == ("orange", "recipient refused (421)")
    assert route.room < 12
    for _ in range(40):
        site.later(minutes=1)
        sender.send_due()
    everybody = [*people("orange.fr", 12), *people("exemple.test", 40), *people("wanadoo.fr", 12)]
    assert received(mail_server) == dict.fromkeys(everybody, 1)
    assert max(attempts for _, attempts in states(site)) <= 3


def test_news_go_on_while_one_provider_takes_none(
    site: Site, mail_server: MailServer, sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A group is written once that before it was tried: what nobody takes for now is not waited for."""
    monkeypatch.setattr(destinations, "REST", 60.0)  # it does not end while it is looked at
    for person in people("gmail.com", 9):
        mail_server.fail("421 4.7.0 Later", recipient=person)
    with site.database.write() as session:
        words = {"title": "Titre", "text": "Bonjour", "html": "<p>Bonjour</p>"}
        to = [*people("gmail.com", 9), *people("exemple.test", 6)]
        outbox.enqueue(session, [Mail("updates/letter", each, "fr", words) for each in to])
    sender.send_due()
    with site.database.read() as session:
        untried = session.scalars(select(OutboxMail.destination).where(OutboxMail.attempts == 0)).all()
        assert set(untried) == {"gmail"}
        assert not outbox.waiting(session, "updates/letter")
        site.later(seconds=61)
        assert outbox.waiting(session, "updates/letter")  # it may take one again
    assert sum(to.endswith("@exemple.test") for to in received(mail_server)) == 6


@pytest.mark.parametrize(("mailings", "most"), [(1, 1), (4, 4)])
def test_as_many_of_a_mailing_are_under_way_as_may_be_in_doubt(
    site: Site, mail_server: MailServer, settings: Settings, mailings: int, most: int
) -> None:
    mail_server.slow = 0.05
    with site.database.write() as session:
        words = {"title": "Titre", "text": "Bonjour", "html": "<p>Bonjour</p>"}
        outbox.enqueue(session, [Mail("updates/letter", each, "fr", words) for each in people("exemple.test", 12)])
    several = settings.model_copy(update={"smtp_mailings": mailings})
    with closing(Sender(several, site.database, site.app.state.templates)) as sender:
        sender.send_due()
    assert mail_server.most_at_once == most
    assert len(received(mail_server)) == 12


def test_an_outage_is_not_counted_in_anybodys_budget(site: Site, mail_server: MailServer, settings: Settings) -> None:
    mail_server.stop()
    put(site, "marie@exemple.test", "paul@exemple.test")
    one = settings.model_copy(update={"smtp_connections": 1})
    with closing(Sender(one, site.database, site.app.state.templates)) as sender:
        for _ in range(8):  # one is tried, the other given back, each time
            sender.send_due()
            site.later(seconds=301)
        mail_server.start()
        for _ in range(2):
            sender.send_due()
    assert received(mail_server) == {"marie@exemple.test": 1, "paul@exemple.test": 1}


def test_a_rate_that_refuses_spends_nothing_of_another(site: Site, mail_server: MailServer, settings: Settings) -> None:
    put(site, *people("exemple.test", 4))
    stop = threading.Event()
    capped = settings.model_copy(update={"smtp_rate": "20/hour;1/second"})
    with closing(Sender(capped, site.database, site.app.state.templates, stop)) as sender:
        assert sender.send_due() == 4


def test_one_mailbox_that_has_too_many_slows_nobody_beside_it(
    site: Site, mail_server: MailServer, sender: Sender
) -> None:
    mail_server.fail("450 4.2.1 This user gets mail too fast", recipient="p0@exemple.test")
    mail_server.fail("452 4.2.2 Over quota", recipient="p1@gmail.com")
    put(site, *people("exemple.test", 6), *people("gmail.com", 6))
    sender.send_due()
    assert len(received(mail_server)) == 10
    with site.database.read() as session:
        assert queries.slow_routes(session, clock.now()) == []


def test_a_server_that_takes_three_connections_gets_three(site: Site, mail_server: MailServer, sender: Sender) -> None:
    mail_server.room, mail_server.slow = 3, 0.05
    put(site, *people("exemple.test", 30))
    for _ in range(12):
        sender.send_due()
        site.later(seconds=10)
    assert states(site) == {("sent", 1): 30}
    assert mail_server.most_at_once <= 3


def test_a_server_that_is_away_is_said_and_found_again(site: Site, mail_server: MailServer, sender: Sender) -> None:
    slug = site.publish()
    late = "Les messages partent avec retard"
    assert late not in site.client.get(f"/petitions/{slug}/verifier").text
    mail_server.stop()
    put(site, *people("exemple.test", 5))
    sender.send_due()
    assert late in site.client.get(f"/petitions/{slug}/verifier").text
    with site.database.read() as session:
        route = queries.no_way_out(session, clock.now())
    assert route is not None
    assert route.words == "ConnectionRefusedError"
    assert states(site) == {("waiting", 0): 5}
    metrics = site.browser(client=("127.0.0.1", 1))
    assert "ConnectionRefusedError" in metrics.get("/readyz").json()["mail"]
    assert metrics.get("/readyz").status_code == 200  # people can still sign
    assert 'signons_mail_room{destination="relay"} 0.0' in metrics.get("/metrics").text
    mail_server.start()
    site.later(seconds=6)
    sender.send_due()
    assert states(site) == {("sent", 1): 5}
    time.sleep(SAME)
    assert metrics.get("/readyz").json() == {"status": "ready"}
    with site.database.read() as session:
        assert queries.slow_routes(session, clock.now()) == []


def test_whoever_waits_for_a_confirmation_comes_before_a_mailing(
    site: Site, mail_server: MailServer, sender: Sender
) -> None:
    mail_server.slow = 0.05
    with site.database.write() as session:
        words = {"title": "Titre", "text": "Bonjour", "html": "<p>Bonjour</p>"}
        outbox.enqueue(session, [Mail("updates/letter", to, "fr", words) for to in people("exemple.test", 40)])
    working = threading.Thread(target=sender.send_due)
    working.start()
    wait_for(lambda: len(mail_server.mails) > 12, "the mailing is on its way")
    site.sign(site.publish())
    working.join()
    order = [mail.recipients[0] for mail in mail_server.mails]
    (place,) = [n for n, to in enumerate(order) if not to.startswith("p")]
    assert place < 25


def test_no_more_leave_than_the_operator_allows(site: Site, mail_server: MailServer, settings: Settings) -> None:
    put(site, *people("exemple.test", 9))
    stop = threading.Event()
    capped = settings.model_copy(update={"smtp_rate": "4/minute"})
    with closing(Sender(capped, site.database, site.app.state.templates, stop)) as sender:
        working = threading.Thread(target=sender.send_due)
        working.start()
        wait_for(lambda: len(mail_server.mails) == 4, "as many have left as may")
        time.sleep(0.5)
        stop.set()
        working.join()
    assert len(mail_server.mails) == 4
    assert states(site) == {("sent", 1): 4, ("waiting", 0): 5}
