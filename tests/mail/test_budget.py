"""However many doors, an address gets six mails an hour and twenty a day; nobody on screen learns of it."""

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from app import clock
from app.mail import budget, outbox
from app.mail.models import MailBudget, OutboxMail
from app.mail.outbox import Mail
from app.mail.sending import Sender
from app.privacy import retention
from app.templating import ROOT
from app.worker import Worker
from tests.site import FORM, PETITION, Site

VICTIM = "marie.durand@gmail.com"
NOTICE = {
    "category": "other", "reasons": "Ce texte est en cause.", "name": "Paul", "email": VICTIM, "good_faith": "on",
}  # fmt: skip
REPLY = {"passage": "fermée", "text": "C’est faux.", "name": "Paul", "email": VICTIM}


def publish_many(site: Site, n: int) -> list[str]:
    return [site.publish(PETITION.replace('de Montfleur"', f'de Montfleur {i}"')) for i in range(n)]


def left(site: Site) -> int:
    """Mails that have left, to anybody."""
    return len(site.mails())


def over_budget() -> float:
    return float(budget.refused._value.get())


def enqueue(site: Site, *to: str) -> None:
    with site.database.write() as session:
        outbox.enqueue(session, [Mail("signatures/manage_link", address, "fr", {"manage_url": "x"}) for address in to])


def test_sixty_doors_at_once_write_six_mails(site: Site) -> None:
    slugs = publish_many(site, 12)
    site.confirmed(slugs[0], email=VICTIM)
    # One mailbox, however it is written.
    spellings = [VICTIM, "MarieDurand@gmail.com", "m.ariedurand+petitions@googlemail.com"]
    doors = []
    for n in range(60):
        slug, email = slugs[n % 12], spellings[n % 3]
        doors.append(
            [
                (f"/petitions/{slug}/signatures", FORM | {"email": email}, 303),
                (f"/petitions/{slugs[0]}/renvoi", {"email": email}, 303),
                ("/mes-signatures", {"email": email}, 303),
                (f"/petitions/{slug}/signaler", NOTICE | {"email": email}, 200),
                (f"/petitions/{slug}/droit-de-reponse", REPLY | {"email": email}, 200),
            ][n % 5]
        )
    before = over_budget()

    def knock(door: tuple[str, dict[str, str], int]) -> bool:
        path, values, expected = door
        return site.client.post(path, data=values).status_code == expected

    with ThreadPoolExecutor(16) as pool:
        assert all(pool.map(knock, doors))
    assert left(site) == 6
    assert over_budget() > before
    here = site.browser(client=("127.0.0.1", 50000))
    assert f"signons_mails_over_budget_total {over_budget()}" in here.get("/metrics").text


def test_workers_at_once_send_six_mails(site: Site) -> None:
    """Eight of them, the same six addresses in another order each time: the database decides."""
    addresses = [VICTIM, *(f"p{n}@exemple.test" for n in range(5))]
    for n in range(20):
        enqueue(site, *addresses[n % 6 :], *addresses[: n % 6])

    def work(_n: int) -> int:
        sender = Sender(site.settings, site.database, site.app.state.templates)
        tried = 0
        while now_tried := sender.send_due():
            tried += now_tried
        return tried

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    assert left(site) == 36


def test_two_transactions_that_count_the_same_address_wait_for_each_other(site: Site) -> None:
    """What workers do under a lock of their own holds without it too."""
    mails = [Mail("signatures/manage_link", address, "fr") for address in (VICTIM, "zoe@exemple.test")]

    def count(n: int) -> int:
        with site.database.write() as session:
            return len(budget.over(session, mails if n % 2 else mails[::-1]))

    with ThreadPoolExecutor(20) as pool:
        assert sum(pool.map(count, range(60))) == 60 * 2 - 6 * 2


def test_an_hour_and_a_day_are_any_hour_and_any_day(site: Site) -> None:
    for _ in range(6):
        enqueue(site, VICTIM)
        assert left(site)
        site.later(minutes=9)
    enqueue(site, VICTIM)  # 54 minutes after the first: the seventh
    assert left(site) == 6
    site.later(minutes=6)
    enqueue(site, VICTIM, VICTIM)  # an hour after the first, not after the second
    assert left(site) == 7
    for _ in range(4):
        site.later(hours=2)
        enqueue(site, *[VICTIM] * 7)
        assert left(site)
    assert left(site) == 20
    site.later(hours=14)
    enqueue(site, VICTIM)  # less than a day after the first
    assert left(site) == 20
    site.later(hours=1)
    enqueue(site, VICTIM)
    assert left(site) == 21


def test_who_has_had_enough_takes_nothing_from_others(site: Site) -> None:
    enqueue(site, *[VICTIM] * 60)
    enqueue(site, VICTIM, "zoe@exemple.test", VICTIM, "ali@exemple.test", "zoe@exemple.test")
    assert left(site) == 6 + 3


@pytest.mark.databases("sqlite")
def test_what_was_asked_for_and_what_was_decided_always_leaves(site: Site) -> None:
    enqueue(site, *[VICTIM] * 7)
    assert left(site) == 6
    with site.database.write() as session:
        assert budget.over(session, [Mail(template, VICTIM, "fr") for template in sorted(budget.OUTSIDE)]) == set()
        assert budget.over(session, [Mail("signatures/confirm", VICTIM, "fr")]) == {0}


@pytest.mark.databases("sqlite")
def test_every_mail_outside_the_budget_exists(site: Site) -> None:
    for template in budget.OUTSIDE:
        assert (ROOT / "templates" / "email" / template / "body.txt").exists(), template
    # What a stranger can cause, wherever its address comes from.
    for template in ("signatures/confirm", "signatures/already", "signatures/reminder", "signatures/manage_link",
                     "moderation/notice_receipt", "moderation/reply_received"):  # fmt: skip
        assert (ROOT / "templates" / "email" / template).exists()
        assert template not in budget.OUTSIDE


def test_a_mail_over_budget_leaves_no_address_behind(site: Site) -> None:
    enqueue(site, *[VICTIM] * 8)
    assert left(site) == 6
    with site.database.read() as session:
        states = Counter(session.execute(select(OutboxMail.state, OutboxMail.sealed)).all())
        health = outbox.health(session, clock.now())
    assert states == {("sent", b""): 6, ("cancelled", b""): 2}
    assert (health["waiting"], health["aside"]) == (0, 0)  # nothing for the operator to mend


def test_what_is_tried_again_is_counted_once(site: Site) -> None:
    mail = Mail("signatures/manage_link", VICTIM, "fr", {"manage_url": "x"})
    for n in range(6):
        with site.database.write() as session:
            outbox.enqueue(session, [mail])
        with site.database.write() as session:
            (row,) = outbox.claim(session)
            assert not budget.over(session, [mail])
            if n % 2:
                outbox.failed(session, row.id, row.attempts, "server away")
            else:
                outbox.sent(session, [row])
    site.later(minutes=2)
    assert left(site) == 3  # the three that failed, at their second try
    with site.database.write() as session:
        assert budget.over(session, [mail]) == {0}


class AfterOne(threading.Event):
    """Set once the first mails are claimed and one of them is leaving."""

    asked = 0

    def is_set(self) -> bool:
        self.asked += 1
        return self.asked > 1


def test_what_a_worker_gives_back_when_asked_to_stop_is_not_counted(site: Site) -> None:
    enqueue(site, *[VICTIM] * 6)
    with closing(Sender(site.settings, site.database, site.app.state.templates, AfterOne())) as stopped:
        assert stopped.send_due() == 1
    assert left(site) == 6


@pytest.mark.databases("sqlite")
def test_address_that_is_none_stops_nobody(site: Site) -> None:
    enqueue(site, "a@" + "\u0301" * 70 + ".fr", VICTIM)
    assert left(site) == 1


def test_the_earlier_limit_of_a_petition_stays(site: Site) -> None:
    slug = site.publish()
    for _ in range(4):
        site.sign(slug)
    assert left(site) == 2


def test_a_mail_that_is_not_written_costs_nobody_their_signature(site: Site) -> None:
    slugs = publish_many(site, 7)
    for slug in slugs:
        assert site.sign(slug, email=VICTIM).headers["location"].endswith("/verifier")
    assert len(site.signatures()) == 7
    assert len(site.mails()) == 6
    site.later(hours=1)
    site.client.post(f"/petitions/{slugs[6]}/renvoi", data={"email": VICTIM})
    assert site.client.post(site.mails()[-1].link("/confirmer/")).status_code == 303
    assert site.count(slugs[6]) == 1


def test_addresses_are_kept_as_keyed_hmacs_for_a_day(site: Site) -> None:
    enqueue(site, VICTIM, "zoe@exemple.test")
    assert left(site) == 2
    site.later(hours=23)
    enqueue(site, "zoe@exemple.test")
    assert left(site) == 3
    with site.database.read() as session:
        rows = session.scalars(select(MailBudget)).all()
    assert {len(row.key) for row in rows} == {16}
    assert not any(b"marie" in row.key or b"zoe" in row.key for row in rows)
    site.later(hours=1)
    with site.database.write() as session:
        budget.forget(session)
    with site.database.read() as session:
        assert session.scalars(select(func.count()).select_from(MailBudget)).one() == 1
    assert "forget_recipients" in {
        job.name for job in Worker(site.settings, site.database, site.app.state.templates).jobs
    }


def test_the_schedule_forgets_them_too(site: Site) -> None:
    enqueue(site, VICTIM)
    assert left(site) == 1
    site.later(days=1)
    assert retention.dry_run(site.database, site.settings)["mail_budget"] == 1
    assert retention.run(site.database, site.settings)["mail_budget"] == 1


def test_a_reminder_counts_too(site: Site) -> None:
    """Whoever knows an address may have signed dozens of petitions with it two days ago."""
    for slug in publish_many(site, 9):
        site.sign(slug, email=VICTIM)
        assert site.mails()
        site.later(minutes=11)
    assert left(site) == 9
    site.later(hours=48)
    from app.signatures.actions import mailing

    with site.database.write() as session:
        assert mailing.remind(session, site.settings.origin) == 9
    assert left(site) == 15


def test_moments_are_written_as_the_comparison_reads_them() -> None:
    assert len(str(int((clock.now() + timedelta(days=365 * 200)).timestamp()))) == 10
