"""A minute to think again: what was withdrawn or erased is gone at once, and comes back as it was, or never."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, text
from starlette.testclient import TestClient

from app import clock
from app.audit import AuditLine
from app.bus import Bus
from app.comments.models import Comment, CommentRevision
from app.consents import queries as consent_queries
from app.consents.models import ConsentEvent
from app.db import Base, Database
from app.errors import Conflict, Gone
from app.mail.models import OutboxMail
from app.moderation.models import Note
from app.petitions import jobs as petition_jobs
from app.petitions.models import Petition
from app.privacy import counting, jobs, retention
from app.privacy.actions import choosing, ending, erasing, undoing
from app.privacy.models import Undo
from app.redress import actions as redress
from app.signatures import emails, links
from app.signatures.actions import Chosen, SignRequest, sign_group, signing_of
from app.signatures.forms import SignForm
from app.signatures.models import Signature, SignatureState, Withdrawal
from app.subscriptions.models import Subscription
from app.updates import jobs as update_jobs
from app.vault import open_vault
from tests.exports.test_increments import direct
from tests.moderation.desk import ME, OTHER, PASSAGE, PUBLISH, REFUSE, TEXT, confirm_notifier, decide
from tests.petitions.test_tallies import cells, sign, tally
from tests.privacy.test_self_service import line, opened
from tests.services import wait_for
from tests.site import FORM, Site, text_of

EVERYTHING = {
    "display": "full", "comment": TEXT, "consent_updates": "on", "consent_newsletter": "on", "consent_organiser": "on",
}  # fmt: skip
NOTICE = {
    "category": "insult", "reasons": "C’est une insulte.", "name": "Paul", "email": "paul@exemple.test",
    "good_faith": "on",
}  # fmt: skip
# What an act that is undone leaves: evidence, journal, the ways that the count went, the register, the undo.
LEFT = {
    "consent_event", "audit_line", "audit_chain", "count_delta", "register_news", "undo", "claim",
    "self_service_session",
}  # fmt: skip
MARIE = "marie@exemple.test"


def whole(site: Site) -> dict[str, list[Any]]:
    """Every row of every table; not a mail that never leaves."""
    with site.database.read() as session:
        return {
            table.name: sorted(row for row in map(repr, session.execute(select(table))) if "'cancelled'" not in row)
            for table in Base.metadata.sorted_tables
            if table.name not in LEFT
        }


def withdrawn(site: Site, email: str = MARIE) -> str:
    """Withdrawn from "Mes signatures": where the page is that says so."""
    browser = opened(site, email)
    return str(browser.post(line(browser) + "/retirer").headers["location"])


def mailed(site: Site) -> str:
    """The link that mails about the first signature carry."""
    with site.database.read() as session:
        row = session.scalars(select(Signature).order_by(Signature.created_at)).first()
        assert row is not None
        return emails.withdraw_path(open_vault(site.settings), row.petition_id, row.id, clock.now())


def undo(site: Site, path: str) -> int:
    answer = site.client.post(path)
    if answer.status_code == 303:
        assert answer.headers["location"] == path
    return int(answer.status_code)


def token_of(path: str) -> str:
    assert path.startswith("/mes-signatures/annuler/"), path
    return path.rpartition("/")[2]


@pytest.fixture
def slug(site: Site) -> str:
    """A petition with all that may hang on a signature."""
    slug = site.publish()
    for email in (ME, OTHER):
        site.account("moderator", email=email)
    first = site.comment(slug, TEXT, **{k: v for k, v in EVERYTHING.items() if k != "comment"})
    decide(site, first, PUBLISH)
    assert site.client.post(f"/commentaires/{first}/signaler", data=NOTICE).status_code == 200
    confirm_notifier(site)
    with site.database.write() as session:
        session.add(
            Note(
                target="comment",
                target_id=first,
                account_id=site.account_id(ME),
                text="À voir.",
                created_at=clock.now(),
            )
        )
    # Somebody else of the same address waits behind, and would move up.
    site.sign(slug, given_name="Jean", family_name="Autre")
    site.mails()
    return slug


@pytest.mark.parametrize("how", ["line", "mail", "everything", "not_me"])
def test_undone_everything_is_as_it_was(site: Site, slug: str, how: str) -> None:
    link = next(mail.link("/confirmer/") for mail in site.mails() if mail.to == MARIE)
    browser = opened(site)
    here, erase = line(browser) + "/retirer" if how == "line" else "", how == "everything"
    if how == "mail":
        here = mailed(site)
    elif how == "not_me":
        here = link.replace("/confirmer/", "/pas-moi/")
    before, count = whole(site), site.count(slug)
    page = browser.post("/mes-signatures/effacer" if erase else here).headers["location"]
    # Everywhere, at once.
    assert site.count(slug) == count - 1
    assert not {"Marie Durand", "minable"} & {*text_of(site.client.get(f"/petitions/{slug}").text).split()}
    assert TEXT not in text_of(site.client.get(f"/petitions/{slug}/commentaires").text)
    gone = repr(whole(site))
    assert "Marie" not in gone
    assert PASSAGE not in gone
    shown = site.client.get(page)
    assert shown.status_code == 200
    assert shown.headers["cache-control"] == "no-store"
    assert site.count(slug) == count - 1  # reading it undoes nothing
    assert site.client.head(page).status_code in {200, 405}
    assert site.count(slug) == count - 1

    assert undo(site, page) == 303
    assert "C’est annulé" in text_of(site.client.get(page).text)
    assert whole(site) == before
    assert site.count(slug) == count
    with site.database.read() as session:
        assert counting.differences(session) == []
        said = select(ConsentEvent.kind, ConsentEvent.channel).where(ConsentEvent.purpose == "sign")
        told = [tuple(row) for row in session.execute(said.order_by(ConsentEvent.at))]
        row = session.scalars(select(Undo)).one()
        assert (row.sealed, row.comments) == (b"", [])
        acts = session.scalars(select(AuditLine.act).where(AuditLine.act.contains("undone"))).all()
    channel = {"line": "self_service", "everything": "self_service"}.get(how, how)
    assert ("withdrawn", channel) in told
    assert ("confirmed", "undone") in told
    assert ("signature.withdrawal_undone" in acts, "person.erasure_undone" in acts) == (True, erase)
    # Twice is once; and nobody was told of what did not happen.
    assert undo(site, page) == 303
    assert whole(site) == before
    mails = len([mail for mail in site.mails() if mail.to == "paul@exemple.test"])
    site.later(hours=1)
    assert len([mail for mail in site.mails() if mail.to == "paul@exemple.test"]) == mails


@pytest.mark.databases("sqlite")
def test_an_appeal_and_a_refusal_come_back(site: Site) -> None:
    slug = site.publish()
    for email in (ME, OTHER):
        site.account("moderator", email=email)
    refused = decide(site, site.comment(slug, TEXT), REFUSE)
    site.later(seconds=61)
    site.mails()
    with site.database.write() as session:
        redress.appeal(session, refused.id, "author", "Marie Durand conteste cette décision.")
    before = whole(site)
    assert undo(site, withdrawn(site)) == 303
    after = whole(site)
    of_mails = {"outbox_mail", "caught_mail", "mail_budget", "mail_count"}  # those of the appeal have left meanwhile
    assert {name for name in before if before[name] != after[name]} <= of_mails
    site.later(seconds=61)
    jobs.forget_undone(site.database)
    assert PASSAGE in repr(whole(site)["decision"])
    # And not undone, they go: what decisions quote when the minute is over.
    withdrawn(site)
    assert PASSAGE in repr(whole(site)["decision"])
    site.later(seconds=61)
    jobs.forget_undone(site.database)
    assert [name for name, rows in whole(site).items() if PASSAGE in repr(rows)] == []
    assert [name for name, rows in whole(site).items() if "conteste" in repr(rows)] == []


def test_after_the_minute_it_is_gone_whatever_the_job_does(site: Site, slug: str) -> None:
    page = withdrawn(site)
    with site.database.read() as session:
        kept = session.scalars(select(Undo)).one()
        assert b"Marie" not in kept.sealed
    site.later(seconds=61)
    assert undo(site, page) == 410
    late = site.client.get(page)
    assert (late.status_code, "La minute est passée" in text_of(late.text)) == (410, True)
    with site.database.read() as session:
        assert retention.overdue_seconds(session, site.settings) > 0
    assert retention.run(site.database, site.settings)["undo"] == 1
    assert [name for name, rows in whole(site).items() if PASSAGE in repr(rows)] == []
    with site.database.read() as session:
        assert session.scalar(select(func.count()).select_from(Undo)) == 0
    assert undo(site, page) == 410
    # The reporter is told now.
    assert "Son auteur a repris le texte" in [m for m in site.mails() if m.to == "paul@exemple.test"][-1].text


@pytest.mark.databases("sqlite")
def test_only_this_link_opens_it(site: Site) -> None:
    slug = site.publish()
    site.confirmed(slug)
    site.confirmed(slug, email="autre@exemple.test")
    page, theirs = withdrawn(site), withdrawn(site, "autre@exemple.test")
    with site.database.read() as session:
        vault, now = open_vault(site.settings), clock.now()
        row = session.scalars(select(Undo).order_by(Undo.expires_at)).first()
        assert row is not None
        forged = links.make_undo(vault, row.key, now + timedelta(minutes=1))
        other = links.make(vault, "withdraw", 1, session.scalars(select(Withdrawal.id)).first(), now + timedelta(1))  # type: ignore[arg-type]
    assert undo(site, f"/mes-signatures/annuler/{forged}") == 410
    assert undo(site, f"/mes-signatures/annuler/{other}") == 404
    assert undo(site, page[:-1] + ("A" if page[-1] != "A" else "B")) == 404
    assert site.count(slug) == 0
    assert undo(site, theirs) == 303
    with site.database.read() as session:
        assert session.scalars(select(Signature.given_name)).all() == ["Marie"]
        (mine,) = (row for _, row in erasing.signatures_of(session, "autre@exemple.test"))
    assert site.count(slug) == 1
    assert mine.state == SignatureState.CONFIRMED


def test_who_signs_again_meanwhile_is_new(site: Site) -> None:
    slug = site.publish()
    site.confirmed(slug)
    page = withdrawn(site)
    site.sign(slug)
    (new,) = site.signatures()
    assert new.state == SignatureState.PENDING
    refused = site.client.post(page)
    assert refused.status_code == 409
    assert "a signé de nouveau" in text_of(refused.text)
    assert site.client.post(site.mails()[-1].link("/confirmer/")).status_code == 303
    assert site.client.post(page).status_code == 409
    assert [row.id for row in site.signatures()] == [new.id]
    assert site.count(slug) == 1


def test_whoever_moved_up_and_confirmed_keeps_the_seat(site: Site, slug: str) -> None:
    page = withdrawn(site)
    with site.database.read() as session:
        jean = session.scalars(select(Signature)).one()
        assert jean.given_name == "Jean"
    site.sign(slug, given_name="Jean", family_name="Autre")
    waits = site.mails()[-1].link("/confirmer/")
    assert site.client.post(waits).status_code == 303
    assert site.client.post(page).status_code == 409
    assert [row.given_name for row in site.signatures()] == ["Jean"]


@pytest.mark.databases("sqlite")
def test_a_form_that_nobody_confirmed_is_erased_for_good(site: Site) -> None:
    """Whoever says that they did not sign: nothing counted, and what somebody else typed is not kept."""
    slug = site.publish()
    site.sign(slug)
    path = site.mails()[-1].link("/pas-moi/")
    assert site.client.post(path).headers["location"] == path
    with site.database.read() as session:
        assert session.scalar(select(func.count()).select_from(Undo)) == 0
        assert erasing.signatures_of(session, MARIE)
    # The command line, and whoever is replaced: nobody is there to think again.
    site.confirmed(slug)
    with site.database.write() as session:
        assert erasing.erase(session, MARIE, "operator") == 1
        assert session.scalar(select(func.count()).select_from(Undo)) == 0


@pytest.mark.databases("sqlite")
def test_the_petition_that_ended_meanwhile_stays_ended(site: Site) -> None:
    slug = site.publish()
    site.confirmed(slug)
    page = withdrawn(site)
    with site.database.write() as session:
        petition = session.scalars(select(Petition).where(Petition.slug == slug)).one()
        petition.closed_at, petition.state = clock.now() - timedelta(days=400), "closed"
    with site.database.write() as session:
        while ending.purge_some(session, clock.now(), 100)[1]:
            pass
    assert site.client.post(page).status_code == 409
    assert site.signatures() == []


def test_files_have_them_once(site: Site) -> None:
    """In the file of before, not again after it; in the next one, if a file went out meanwhile."""
    slug = site.publish()
    site.confirmed(slug, consent_organiser="on")
    site.confirmed(slug, email="autre@exemple.test", given_name="Luce", consent_organiser="on")
    organiser = site.staff("organiser", slug)
    there = f"/organisation/petitions/{slug}/exports"
    for purpose in ("delivery", "contact"):
        before, (_, people) = direct(site, slug, purpose=purpose), direct(site, slug, purpose=purpose)
        assert len(people) == 2
        assert undo(site, withdrawn(site)) == 303
        after, new = direct(site, slug, before[0], purpose)
        assert new == []
        page = withdrawn(site)
        assert "À répercuter" not in text_of(organiser.get(there).text)
        without, rest = direct(site, slug, purpose=purpose)
        since, nobody = direct(site, slug, after, purpose)
        assert (len(rest), nobody) == (1, [])
        assert undo(site, page) == 303
        assert len(direct(site, slug, without, purpose)[1]) == 1
        assert len(direct(site, slug, since, purpose)[1]) == 1
        assert direct(site, slug, direct(site, slug, purpose=purpose)[0], purpose)[1] == []
    assert "À répercuter" not in text_of(organiser.get(there).text)
    withdrawn(site)
    assert "À répercuter" not in text_of(organiser.get(there).text)
    site.later(seconds=61)
    assert text_of(organiser.get(there).text).count("S-") >= 2


@pytest.mark.databases("sqlite")
def test_no_news_is_written_meanwhile_and_the_next_is(site: Site) -> None:
    slug = site.publish()
    site.confirmed(slug, consent_updates="on", consent_newsletter="on")
    admin = site.staff("admin")

    def letter(title: str) -> list[str]:
        data = {"title": title, "text": "Bonjour à toutes et à tous.", "act": "send"}
        assert admin.post("/administration/lettre", data=data).status_code == 303
        update_jobs.send_updates(site.database, site.settings.origin)
        return [mail.to for mail in site.mails() if mail.subject == title]

    browser = opened(site)
    page = browser.post("/mes-signatures/effacer").headers["location"]
    assert letter("Pendant la minute") == []
    with site.database.read() as session:
        assert session.scalar(select(func.count()).select_from(Subscription)) == 0
    assert undo(site, page) == 303
    assert letter("Après") == [MARIE]


def test_undo_against_itself_and_against_the_clock(site: Site) -> None:
    """Four taps and two jobs at the same moment, on either side of the minute: back once, or gone."""
    slug = site.publish()
    came_back = []
    for n, late in enumerate((False, True, False, True)):
        email = f"p{n}@exemple.test"
        site.confirmed(slug, email=email)
        token = token_of(withdrawn(site, email))
        count = site.count(slug)
        if late:
            site.later(seconds=61)
        start = threading.Barrier(6)

        def tap(token: str = token, start: threading.Barrier = start) -> bool:
            start.wait()
            try:
                with site.database.write() as session:
                    undoing.undo(session, token)
            except Gone:
                return False
            return True

        def job(start: threading.Barrier = start) -> None:
            start.wait()
            jobs.forget_undone(site.database)

        with ThreadPoolExecutor(6) as pool:
            working = [pool.submit(job) for _ in range(2)]
            taps = [pool.submit(tap) for _ in range(4)]
            came_back.append({one.result() for one in taps})
            for one in working:
                one.result()
        assert site.count(slug) == count + (not late)
    assert came_back == [{True}, {False}] * 2
    with site.database.read() as session:
        assert counting.differences(session) == []


def test_undo_against_a_signature_of_the_same_address(site: Site) -> None:
    """Whoever is first has the seat; there is one, and the count says one."""
    slug = site.publish()
    outcomes: set[bool] = set()
    for n in range(6):
        email = f"r{n}@exemple.test"
        site.confirmed(slug, email=email)
        token = token_of(withdrawn(site, email))
        start = threading.Barrier(2)
        browser = site.browser()

        def tap(token: str = token, start: threading.Barrier = start) -> bool:
            start.wait()
            try:
                with site.database.write() as session:
                    undoing.undo(session, token)
            except Conflict:
                return False
            return True

        def again(browser: TestClient = browser, email: str = email, start: threading.Barrier = start) -> int:
            start.wait()
            return sign_with(browser, slug, email)

        with ThreadPoolExecutor(2) as pool:
            tapped, signed = pool.submit(tap), pool.submit(again)
            back = tapped.result()
            assert signed.result() == 303
        outcomes.add(back)
        with site.database.read() as session:
            mine = [row for _, row in erasing.signatures_of(session, email)]
            assert [row.state for row in mine] == ["confirmed" if back else "pending"]
            assert counting.differences(session) == []
    assert outcomes


def test_undo_while_a_form_takes_the_seat_says_so_and_changes_nothing(site: Site) -> None:
    """The form is written and not committed yet: nobody sees it, and the database gives the seat to one of them."""
    slug = site.publish()
    site.confirmed(slug, consent_updates="on")
    page = withdrawn(site)
    before = whole(site)["subscription"], site.count(slug)
    written, waits = threading.Event(), threading.Event()

    def sign_again() -> None:
        with site.database.write() as session:
            petition = session.scalars(select(Petition).where(Petition.slug == slug)).one()
            form = SignForm.model_validate(FORM | {"given_name": "Marion"})
            request = SignRequest(signing_of(session, petition), form, "fr", site.settings.origin)
            sign_group(session, [request])
            session.flush()
            written.set()
            waits.wait(10)

    with ThreadPoolExecutor(2) as pool:
        signing = pool.submit(sign_again)
        assert written.wait(10)
        tapped = pool.submit(site.client.post, page)
        wait_for(lambda: tapped.done() or somebody_waits(site), "who undoes it waits for the form")
        waits.set()
        signing.result()
        assert tapped.result().status_code == 409
    assert [(row.given_name, row.state) for row in site.signatures()] == [("Marion", "pending")]
    assert (whole(site)["subscription"], site.count(slug)) == before
    with site.database.read() as session:
        assert counting.differences(session) == []
        assert session.scalars(select(Undo.undone_at)).all() == [None]


CHOSEN = Chosen("initial", "Dit à l’instant.", {"updates": True, "organiser_contact": True}, channel="thanks")


@pytest.mark.parametrize("how", ["line", "mail", "everything"])
def test_what_was_chosen_at_the_very_moment_comes_back_as_well(site: Site, how: str) -> None:
    """From the thanks of another tab, which hold the signature while one leaves: it was taken, so it is theirs."""
    slug = site.publish()
    site.confirmed(slug)
    browser = opened(site)
    leave = {"line": line(browser) + "/retirer", "mail": mailed(site)}.get(how, "/mes-signatures/effacer")
    (mine,) = site.signatures()
    chosen, waits = threading.Event(), threading.Event()

    def choose() -> None:
        with site.database.write() as session:
            choosing.choose_again(session, session.get_one(Petition, mine.petition_id), mine.id, CHOSEN)
            session.flush()
            chosen.set()
            waits.wait(10)

    with ThreadPoolExecutor(2) as pool:
        begun = pool.submit(choose)
        assert chosen.wait(10)
        leaving = pool.submit(browser.post, leave)
        wait_for(lambda: leaving.done() or somebody_waits(site), "who leaves waits for what is being chosen")
        waits.set()
        begun.result()
        page = leaving.result().headers["location"]
    assert site.signatures() == []
    assert undo(site, page) == 303
    (back,) = site.signatures()
    assert (back.id, back.display) == (mine.id, "initial")
    with site.database.read() as session:
        (comment,) = session.scalars(select(Comment)).all()
        assert (comment.text, comment.state, comment.signature_id) == ("Dit à l’instant.", "waiting", mine.id)
        assert session.scalars(select(CommentRevision.text)).all() == ["Dit à l’instant."]
        assert session.scalars(select(Subscription.purpose)).all() == ["updates"]
        latest = consent_queries.latest(session, mine.petition_id, mine.id)
        assert {purpose for purpose, word in latest.items() if word.kind == "confirmed"} == {
            "sign", "public_name", "updates", "organiser_contact",
        }  # fmt: skip
        assert counting.differences(session) == []


def somebody_waits(site: Site) -> bool:
    if site.database.is_sqlite:
        return True  # one writer: it does, sooner or later
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    with site.database.read() as session:
        return bool(session.scalar(text(waiting)))


def test_an_address_corrected_within_the_minute_takes_nobody_s_place(site: Site) -> None:
    """Signed again, and sent to another address after all: the seat is free, and the mails that left are remembered."""
    slug = site.publish()
    site.confirmed(slug, display="full")
    site.sign(slug, email=f"{MARIE}.example")  # a form that waits, of another address
    page = withdrawn(site)
    site.sign(slug, given_name="Marion")
    assert site.client.post(page).status_code == 409
    correct = f"/petitions/{slug}/verifier/adresse"
    assert site.client.post(correct, data={"email": "marion@exemple.test", "altcha": ""}).status_code == 303
    assert undo(site, page) == 303
    assert sorted((row.given_name, row.state) for row in site.signatures()) == [
        ("Marie", "confirmed"), ("Marie", "pending"), ("Marion", "pending"),
    ]  # fmt: skip
    there = next(mail for mail in site.mails() if mail.to == "marion@exemple.test").link("/confirmer/")
    assert site.client.post(there).status_code == 303
    assert site.count(slug) == 2
    with site.database.read() as session:
        assert counting.differences(session) == []


def test_the_mails_of_forms_that_were_taken_back_are_remembered_again(site: Site) -> None:
    """Whoever erases everything and undoes it does not get more of them than before."""
    slug = site.publish()
    correct = f"/petitions/{slug}/verifier/adresse"
    for n in range(2):
        site.sign(slug, email=MARIE)
        site.mails()
        assert site.client.post(correct, data={"email": f"p{n}@exemple.test", "altcha": ""}).status_code == 303

    def confirmations() -> int:
        return len({mail.source for mail in site.mails() if mail.to == MARIE and "/confirmer/" in mail.text})

    site.sign(slug, email=MARIE)
    got = confirmations()
    with site.database.read() as session:
        kept = session.scalars(select(OutboxMail.subject).order_by(OutboxMail.id)).all()
    page = opened(site).post("/mes-signatures/effacer").headers["location"]
    assert undo(site, page) == 303
    with site.database.read() as session:
        again = session.scalars(select(OutboxMail.subject).order_by(OutboxMail.id)).all()
    assert {*kept} <= {*again}
    site.sign(slug, email=MARIE, given_name="Marie-Anne")
    assert confirmations() == got


def test_the_places_are_as_they_were(site: Site) -> None:
    """Counted anew with somebody gone, and with them back; small groups stay merged."""
    slug = site.publish()
    sign(site, slug, 12, "35000")
    site.confirmed(slug)
    assert tally(site) == 1
    before = cells(site)
    assert before == {"35": 13}
    page = withdrawn(site)
    petition_jobs.fold_counts(site.database)
    assert undo(site, page) == 303
    site.later(days=1, minutes=1)
    assert tally(site) == 1
    assert cells(site) == before
    assert site.count(slug) == 13
    with site.database.read() as session:
        assert counting.differences(session) == []


def sign_with(browser: TestClient, slug: str, email: str) -> int:
    return int(browser.post(f"/petitions/{slug}/signatures", data=FORM | {"email": email}).status_code)


@pytest.mark.databases("sqlite")
@pytest.mark.parametrize("where", ["line", "mail", "everything", "unopened", "not_me"])
def test_each_asks_once_and_says_what_goes(site: Site, where: str) -> None:
    slug = site.publish()
    link = site.confirmed(slug, display="full", comment="Vivement la réouverture.", consent_updates="on")
    browser = opened(site)
    manage = site.mails()[-1].link("/mes-signatures/")
    ways: dict[str, Callable[[], str]] = {
        "line": lambda: line(browser) + "/retirer",
        "mail": lambda: mailed(site),
        "everything": lambda: "/mes-signatures/effacer",
        "unopened": lambda: manage.replace("/mes-signatures/", "/mes-signatures/effacer/"),
        "not_me": lambda: link.replace("/confirmer/", "/pas-moi/"),
    }
    page = ways[where]()
    asked = browser.get(page)
    said = text_of(asked.text)
    assert "une minute pour l’annuler" in said
    if where != "not_me":
        for named in ("Marie", "Vivement la réouverture", "suites de cette pétition", "la preuve de vos accords"):
            assert named in said, named
    assert site.count(slug) == 1
    action = asked.text.rpartition('<form method="post" action="')[2].partition('"')[0]
    done = browser.post(action, data={"act": "erase"} if where in {"everything", "unopened"} else {})
    assert done.headers["location"].startswith("/mes-signatures/annuler/")
    assert site.count(slug) == 0
    shown = browser.get(done.headers["location"])
    assert undo_time(shown.text) in text_of(shown.text)
    assert MARIE not in shown.text + done.headers["location"]


def undo_time(page: str) -> str:
    """Until when, to the second, by the clock of France: it needs no script."""
    from app.zone import ZONE

    left = int(page.partition('data-undo="')[2].partition('"')[0])
    assert 50 <= left <= 60
    until = [(clock.now() + timedelta(seconds=n)).astimezone(ZONE).strftime("%H:%M:%S") for n in (left, left + 1)]
    return next((each for each in until if each in page), until[0])


def test_a_restore_within_the_minute_forgets_again(site: Site, slug: str) -> None:
    """The backup is older: whoever withdrew since is gone after it, and the link finds nothing."""
    since = clock.now() - timedelta(hours=1)
    with site.database.read() as session:
        (row,) = (row for _, row in erasing.signatures_of(session, MARIE) if row.given_name == "Marie")
        petition_id, signature_id = row.petition_id, row.id
    page = withdrawn(site)
    with site.database.read() as session:
        journal = erasing.records(session, since)
    assert signature_id.hex in repr(journal)
    assert undo(site, page) == 303
    with site.database.read() as session:
        assert signature_id.hex not in repr(erasing.records(session, since))  # undone: a restore leaves them alone
    database = Database(site.settings, open_vault(site.settings), Bus(site.settings))
    try:
        with database.write() as session:
            assert erasing.replay(session, journal) == 1
            assert session.get(Signature, (petition_id, signature_id)) is None
    finally:
        database.close()
