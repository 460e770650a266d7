"""An address that mail does not reach, or that complains, gets no mailing more; nobody silences somebody else."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import select, text

from app import clock
from app.consents.models import ConsentEvent
from app.mail import bounced, envelope
from app.mail.models import Bounce, BouncedAddress, BounceSeen, OutboxMail
from app.mail.outbox import Mail, enqueue
from app.privacy import retention
from app.privacy.actions import erasing
from app.settings import Settings
from app.signatures import jobs as signature_jobs
from app.subscriptions.models import Subscription
from app.updates import jobs as update_jobs
from tests.bounces import reports
from tests.bounces.desk import BOUNCES, comes_back, confirm, counted, leave, letter, shown, stopped, subscribed
from tests.conftest import settings_for
from tests.mailserver import MailServer, smtp
from tests.site import Site

ADA, ZOE, EVE = (f"{name}@exemple.test" for name in ("ada", "zoe", "eve"))


@pytest.fixture
def mail_server() -> Iterator[MailServer]:
    with smtp() as running:
        yield running


@pytest.fixture
def settings(database_url: str, tmp_path: Path, mail_server: MailServer) -> Settings:
    more = {"smtp_url": mail_server.url, "mail_from": "Signons <petitions@exemple.fr>", "bounce_address": BOUNCES}
    return settings_for(database_url, tmp_path, **more)


@pytest.fixture
def slug(site: Site, mail_server: MailServer) -> str:
    """A petition whose three signers asked for the letter."""
    slug = site.publish()
    subscribed(site, mail_server, slug, "ada", "zoe", "eve")
    return slug


def test_a_letter_to_three_of_whom_one_is_gone(site: Site, mail_server: MailServer, slug: str) -> None:
    first = letter(site, mail_server, "La première")
    assert set(first) == {ADA, ZOE, EVE}
    assert len({mail.sender for mail in first.values()}) == 3
    assert all(str(mail.message["From"]) == "Signons <petitions@exemple.fr>" for mail in first.values())
    raw = reports.dsn(first[ADA].sender, ADA)
    assert comes_back(site, raw) == Bounce.HARD
    assert comes_back(site, raw) is None  # brought twice, counted once
    assert counted(site) == {"hard": 1}
    shown(site, "/administration/lettre", ["2 personnes ont demandé", "1 adresse de plus ne répond plus"])
    shown(site, "/administration/courriels", ["1 adresse ne reçoit plus", "Personne à cette adresse 1", "Plaintes 0"])
    assert set(letter(site, mail_server, "La deuxième", by="b@exemple.test")) == {ZOE, EVE}
    measured = site.browser(client=("127.0.0.1", 1)).get("/metrics").text
    assert 'signons_mail_bounces_total{kind="hard"} 1.0' in measured
    assert "signons_mail_written_off 1.0" in measured
    # What is kept says who it is to nobody.
    with site.database.read() as session:
        (row,) = session.scalars(select(BouncedAddress))
        assert (len(row.key), row.times) == (16, 1)


@pytest.mark.databases("sqlite")
def test_news_of_a_petition_to_three_of_whom_one_is_gone(site: Site, mail_server: MailServer) -> None:
    slug = site.publish()
    subscribed(site, mail_server, slug, "ada", "zoe", "eve", consent="consent_updates")
    organiser, path = site.staff("organiser", slug), f"/organisation/petitions/{slug}/nouvelles"

    def tell(title: str) -> dict[str, str]:
        # As any release has it: news that are on the page, and whose mails are still to be written.
        values = {"title": title, "text": "Le conseil en parle.", "at": f"{clock.now():%Y-%m-%d %H:%M:%S.%f}"}
        columns = "petition_id, title, markdown, html, created_at, sent"
        with site.database.write() as session:
            session.execute(
                text(f"INSERT INTO petition_update ({columns}) VALUES (1, :title, :text, :text, :at, 0)"), values
            )
        update_jobs.send_updates(site.database, site.settings.origin)
        return {mail.recipients[0]: mail.sender for mail in leave(site, mail_server)}

    first = tell("Une nouvelle")
    assert set(first) == {ADA, ZOE, EVE}
    comes_back(site, reports.exim(first[ZOE], ZOE))
    shown(site, path, ["2 personnes ont demandé", "1 adresse de plus ne répond plus"], role="organiser", slug=slug)
    assert "zoe@" not in organiser.get(path).text
    assert set(tell("Une autre")) == {ADA, EVE}


@pytest.mark.databases("sqlite")
def test_a_forged_report_silences_nobody(site: Site, mail_server: MailServer, slug: str) -> None:
    """Whoever got a mail knows its envelope, and whoever knows an address may write a report about it."""
    mails = letter(site, mail_server, "La lettre")
    mine = mails[EVE].sender
    token = mine.partition("+")[2].partition("@")[0]
    for raw in (
        reports.dsn(mine, ADA, back="To: {to}\n"),
        reports.dsn(BOUNCES, ADA),
        reports.dsn(f"retours+{'a' * 24}@exemple.fr", ADA),
        reports.dsn(mine.replace(token, token[:-4] + "aaaa"), EVE),
        reports.abuse(mine, ADA),
        reports.qmail(mine, ADA),
        b"rien du tout",
        b"",
    ):
        assert comes_back(site, raw) == Bounce.IGNORED
    assert counted(site) == {"ignored": 8}
    assert stopped(site, ADA, ZOE, EVE) == set()
    # In capitals, through a server that has its own ideas, it is still hers.
    assert comes_back(site, reports.dsn(mine.upper(), EVE.upper())) == Bounce.HARD
    assert stopped(site, ADA, ZOE, EVE) == {EVE}
    # A month later the same envelope proves nothing.
    site.later(days=32)
    assert comes_back(site, reports.dsn(mails[ZOE].sender, ZOE)) == Bounce.IGNORED


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize("forwards", [True, False])
def test_who_has_mail_forwarded_is_known_by_the_mail_that_is_given_back(
    site: Site, mail_server: MailServer, slug: str, forwards: bool
) -> None:
    sender = letter(site, mail_server, "La lettre")[ADA].sender
    back = reports.OURS.replace("{to}", ADA) if forwards else "Subject: coupé\n"
    raw = reports.dsn(sender, "elsewhere@autre.test", original="", back=back)
    assert comes_back(site, raw) == (Bounce.HARD if forwards else Bounce.IGNORED)
    assert stopped(site, ADA) == ({ADA} if forwards else set())


@pytest.mark.databases("sqlite")
def test_a_report_without_address_is_about_whom_the_mail_was_for(
    site: Site, mail_server: MailServer, slug: str
) -> None:
    sender = letter(site, mail_server, "La lettre")[ADA].sender
    assert comes_back(site, reports.odd_charset(sender, ADA)) == Bounce.HARD
    assert stopped(site, ADA, ZOE) == {ADA}


def test_five_full_mailboxes_in_two_months_are_a_dead_one(site: Site) -> None:
    with site.database.write() as session:  # twice a day counts once
        assert not any(bounced.note(session, ADA, Bounce.SOFT) for _ in range(9))
    for day in range(4):
        assert stopped(site, ADA) == set(), day
        site.later(days=7)
        with site.database.write() as session:
            bounced.note(session, ADA, Bounce.SOFT)
    assert stopped(site, ADA, ZOE) == {ADA}
    with site.database.write() as session:
        for _ in range(9):  # every twenty days: it is emptied now and then
            bounced.note(session, ZOE, Bounce.SOFT)
            site.later(days=20)
    assert stopped(site, ADA, ZOE) == {ADA}


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize("writes", [reports.spam_refused, reports.postfix_delayed, reports.on_holiday])
def test_what_is_not_the_fault_of_an_address_stops_none(
    site: Site, mail_server: MailServer, slug: str, writes: reports.Writes
) -> None:
    sender = letter(site, mail_server, "La lettre")[ADA].sender
    for day in range(6):
        comes_back(site, writes(sender, ADA) + b"\n" * day)
        site.later(days=1)
    assert stopped(site, ADA) == set()
    assert sum(counted(site).values()) == 6
    with site.database.read() as session:
        assert session.scalars(select(BouncedAddress)).all() == []


def test_a_complaint_ends_every_mailing_with_its_line_in_the_ledger(
    site: Site, mail_server: MailServer, slug: str
) -> None:
    other = site.publish(title="Une autre")
    subscribed(site, mail_server, other, "ada", consent="consent_updates")
    sender = letter(site, mail_server, "La lettre")[ADA].sender
    assert comes_back(site, reports.abuse(sender, ADA)) == Bounce.COMPLAINT
    with site.database.read() as session:
        assert len(session.scalars(select(Subscription)).all()) == 2  # Zoé's and Ève's
        ledger = session.scalars(select(ConsentEvent).where(ConsentEvent.kind == "withdrawn")).all()
    assert {(event.purpose, event.channel) for event in ledger} == {
        ("newsletter", "complaint"),
        ("updates", "complaint"),
    }
    assert set(letter(site, mail_server, "Encore", by="b@exemple.test")) == {ZOE, EVE}
    # Confirming something else is no yes; asking for the letter again is.
    third = site.publish(title="Une troisième")
    subscribed(site, mail_server, third, "ada", consent="consent_signature")
    assert stopped(site, ADA) == {ADA}
    site.later(days=1)
    subscribed(site, mail_server, site.publish(title="Une quatrième"), "ada")
    assert stopped(site, ADA) == set()


@pytest.mark.databases("sqlite")
def test_a_complaint_that_says_neither_who_nor_which_uses_the_link_that_stops(
    site: Site, mail_server: MailServer, slug: str
) -> None:
    mail = letter(site, mail_server, "La lettre")[ADA]
    link = str(mail.message["List-Unsubscribe"])
    raw = reports.abuse("caché@exemple.fr", "redacted").replace(
        b"<https://petitions.exemple.fr/desabonnement/jeton>", link.encode()
    )
    assert comes_back(site, raw) == Bounce.COMPLAINT
    assert set(letter(site, mail_server, "Encore", by="b@exemple.test")) == {ZOE, EVE}
    assert stopped(site, ADA) == set()  # it can do what the link can, and nothing else


def test_what_waits_in_the_outbox_is_not_sent_to_a_dead_address(site: Site, mail_server: MailServer) -> None:
    """Mailings never, what somebody asked for once a day, what an account needs always."""
    with site.database.write() as session:
        bounced.note(session, ADA, Bounce.HARD)

    def left(template: str, n: int = 1, **context: str) -> int:
        with site.database.write() as session:
            enqueue(session, [Mail(template, "Ada@exemple.test", "fr", context)] * n)
        return len(leave(site, mail_server))

    assert left("updates/letter", title="t", text="t", html="t") == 0
    with site.database.read() as session:
        (row,) = session.scalars(select(OutboxMail))
        assert (row.state, row.error, row.sealed) == ("cancelled", "bounced", b"")
    with site.database.write() as session:
        mail = Mail("signatures/manage_link", ADA, "fr", {"manage_url": "u"}, unsubscribe="https://x.test/stop")
        enqueue(session, [mail])
    assert leave(site, mail_server) == []  # whatever it is called
    assert left("signatures/manage_link", 3, manage_url="u") == 1
    assert left("signatures/manage_link", manage_url="u") == 0
    assert left("accounts/new_password", 2, path="/u", no_password="") == 2
    site.later(hours=24)
    assert left("signatures/manage_link", manage_url="u") == 1


@pytest.mark.databases("sqlite")
def test_who_mends_their_mailbox_and_confirms_is_written_to_again(
    site: Site, mail_server: MailServer, slug: str
) -> None:
    sender = letter(site, mail_server, "La lettre")[ADA].sender
    comes_back(site, reports.dsn(sender, ADA))
    assert site.sign(site.publish(title="Une autre"), email=ADA).status_code == 303
    (mail,) = leave(site, mail_server)
    assert stopped(site, ADA) == {ADA}
    confirm(site, mail)
    assert stopped(site, ADA) == set()
    assert set(letter(site, mail_server, "Encore", by="b@exemple.test")) == {ADA, ZOE, EVE}
    shown(site, "/administration/lettre", ["3 personnes ont demandé"])


@pytest.mark.databases("sqlite")
def test_nobody_is_reminded_where_the_first_mail_came_back_from(site: Site, mail_server: MailServer) -> None:
    slug = site.publish()
    for email in (ADA, ZOE):
        site.sign(slug, email=email)
    sent = {mail.recipients[0]: mail.sender for mail in leave(site, mail_server)}
    comes_back(site, reports.qmail(sent[ADA], ADA))
    site.later(hours=49)
    signature_jobs.remind_pending(site.database, site.settings.origin)
    assert [mail.recipients[0] for mail in leave(site, mail_server)] == [ZOE]


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize(
    ("answer", "bounce"),
    [
        ("550 5.1.1 User unknown", "hard"),
        ("550 No such user here", "hard"),
        ("552 5.2.2 Mailbox full", "soft"),
        ("550 relay not permitted", "blocked"),
        ("450 4.2.1 Try again", ""),
    ],
)
def test_what_the_server_says_at_once_counts_the_same(
    site: Site, mail_server: MailServer, slug: str, answer: str, bounce: str
) -> None:
    mail_server.fail(answer, recipient=ADA)
    assert set(letter(site, mail_server, "La lettre")) == {ZOE, EVE}
    assert counted(site) == ({bounce: 1} if bounce else {})
    assert stopped(site, ADA) == ({ADA} if bounce == "hard" else set())


def test_many_reports_at_once_of_one_address_and_of_one_message(site: Site) -> None:
    key = site.database.info["vault"].bounces
    senders = [envelope.sender_of(key, BOUNCES, n, ADA) for n in range(12)]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda sender: comes_back(site, reports.dsn(sender, ADA)), senders))
        again = list(pool.map(lambda _: comes_back(site, reports.gmail(senders[0], ADA)), range(8)))
    assert found == [Bounce.HARD] * 12
    assert sorted(map(str, again)) == ["None"] * 7 + ["hard"]
    with site.database.read() as session:
        (row,) = session.scalars(select(BouncedAddress))
        assert row.times == 13
    assert counted(site) == {"hard": 13}


def test_a_provider_that_was_wrong_about_everybody_is_forgiven(site: Site) -> None:
    with site.database.write() as session:
        bounced.note(session, ADA, Bounce.HARD)
    site.later(days=3)
    began = clock.now()
    with site.database.write() as session:
        bounced.note(session, ZOE, Bounce.HARD)
        bounced.note(session, EVE, Bounce.COMPLAINT)
        assert bounced.forgive(session, began) == 1
    assert stopped(site, ADA, ZOE, EVE) == {ADA, EVE}


def test_a_year_later_it_is_tried_again(site: Site) -> None:
    comes_back(site, reports.dsn(envelope.sender_of(site.database.info["vault"].bounces, BOUNCES, 1, ADA), ADA))
    with site.database.write() as session:
        bounced.note(session, ZOE, Bounce.SOFT)
    site.later(days=8)
    assert retention.run(site.database, site.settings)["bounced_address"] == 1
    with site.database.read() as session:
        assert session.scalars(select(BounceSeen)).all() == []
    site.later(days=53)
    assert retention.run(site.database, site.settings)["bounced_address"] == 1
    site.later(days=300)
    assert stopped(site, ADA) == {ADA}
    site.later(days=5)
    assert stopped(site, ADA) == set()
    assert retention.run(site.database, site.settings)["bounced_address"] == 1


@pytest.mark.databases("sqlite")
def test_who_is_erased_is_erased_here_too(site: Site) -> None:
    with site.database.write() as session:
        bounced.note(session, ADA, Bounce.HARD)
        erasing.erase(session, "Ada@exemple.test")
        assert session.scalars(select(BouncedAddress)).all() == []
