"""What happens at the same moment: withdrawals while a file goes out, erasures while the schedule runs."""

import csv
import hashlib
import io
import threading
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from random import Random

import pytest
from sqlalchemy import func, select

from app import clock
from app.audit import AuditLine
from app.errors import NotFound
from app.exports import actions as exports
from app.exports.models import ExportRecord
from app.petitions import actions as petition_actions
from app.petitions.queries import by_slug
from app.privacy import counting, retention
from app.privacy.actions import erasing, self_service
from app.privacy.actions.self_service import Person
from app.signatures.models import Signature, Withdrawal
from tests.privacy.crowd import crowd
from tests.privacy.test_self_service import line, opened
from tests.site import Site, text_of

ROWS = 2600


def begin(site: Site, slug: str, purpose: str) -> int:
    with site.database.write() as session:
        petition = by_slug(session, slug)
        assert petition is not None
        return exports.begin(session, petition, purpose, None).id


def lines(site: Site, slug: str) -> set[str]:
    """References that the organiser is told to pass on."""
    email = "lectrice@exemple.test"
    organiser = site.staff("organiser", slug, email=email)
    page = organiser.get(f"/organisation/petitions/{slug}/exports").text
    return {word for word in text_of(page).replace(",", " ").split() if word.startswith("S-")}


def read(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=";"))[1:]


@pytest.mark.slow
@pytest.mark.parametrize("purpose", ["delivery", "contact"])
def test_who_withdraws_while_a_file_goes_out_is_passed_on_if_in_it(site: Site, purpose: str) -> None:
    slug = site.publish()
    people = [{"email": f"p{n}@exemple.test", "given_name": name(n), "consent_organiser": "on"} for n in range(ROWS)]
    ids = crowd(site, slug, people)
    leaving = Random(7).sample(ids, 60)
    before, during = leaving[:20], leaving[20:]

    def withdraw(target: tuple[int, uuid.UUID]) -> None:
        with site.database.write() as session:
            assert erasing.withdraw(session, *target, "web")

    for target in before:
        withdraw(target)
    record_id = begin(site, slug, purpose)
    started = threading.Barrier(5)

    def leave(targets: Sequence[tuple[int, uuid.UUID]]) -> None:
        started.wait()
        for target in targets:
            withdraw(target)

    with ThreadPoolExecutor(4) as pool:
        parts = [pool.submit(leave, during[n::4]) for n in range(4)]
        started.wait()
        pieces = []
        for piece in exports.stream(site.database, record_id):
            pieces.append(piece)
            threading.Event().wait(0.05)  # a slow reader: they leave meanwhile
        for part in parts:
            part.result()

    content = b"".join(pieces)
    rows = read(content)
    with site.database.read() as session:
        record = session.get_one(ExportRecord, record_id)
        assert (record.rows, record.sha256) == (len(rows), hashlib.sha256(content).hexdigest())
        assert session.scalar(select(func.count()).select_from(Signature)) == ROWS - 60
        assert counting.differences(session) == []
        gone = set(session.scalars(select(Withdrawal.reference).where(Withdrawal.purpose == purpose)))
    in_file = {row[0] for row in rows}
    assert len(gone) == 60
    assert gone & in_file, "nobody left while the file was going out"
    assert lines(site, slug) == gone & in_file


def name(n: int) -> str:
    """A given name of letters only, as forms want them."""
    return "Nom" + "".join(chr(97 + int(digit)) for digit in str(n))


def test_taking_back_the_agreement_to_be_contacted_is_passed_on_for_contact_files_only(site: Site) -> None:
    slug = site.publish()
    site.confirmed(slug, consent_organiser="on")
    site.confirmed(slug, email="autre@exemple.test")
    contents = {}
    for purpose in ("delivery", "contact", "audit"):
        contents[purpose] = b"".join(exports.stream(site.database, begin(site, slug, purpose)))
    (in_contact,) = [row[0] for row in read(contents["contact"])]
    browser = opened(site)
    browser.post(line(browser) + "/arreter", data={"purpose": "organiser_contact"})
    assert lines(site, slug) == {in_contact}
    assert site.count(slug) == 2
    # A file made afterwards has nothing to drop; the one of before, then, has the whole signature.
    b"".join(exports.stream(site.database, begin(site, slug, "contact")))
    browser.post(line(browser) + "/retirer")
    with site.database.read() as session:
        kinds = sorted((row.purpose, row.reference) for row in session.scalars(select(Withdrawal)))
    delivery = {row[0] for row in read(contents["delivery"])}
    assert [purpose for purpose, _ in kinds] == ["contact", "delivery"]
    organiser = site.browser()
    form = {"email": "lectrice@exemple.test", "password": "une phrase de passe"}
    organiser.post("/connexion", data=form)
    references = {ref for _, ref in kinds}

    def told() -> set[str]:
        page = text_of(organiser.get(f"/organisation/petitions/{slug}/exports").text)
        return {ref for ref in references if ref in page}

    # The agreement is passed on at once; the signature once its minute to come back is over.
    assert told() == {in_contact}
    site.later(seconds=61)
    assert told() == {in_contact} | (delivery & references) == references


def test_the_person_sees_the_files_that_had_them(site: Site) -> None:
    slug = site.publish()
    site.confirmed(slug, consent_organiser="on")
    site.confirmed(slug, email="autre@exemple.test")
    for purpose in ("delivery", "contact"):
        b"".join(exports.stream(site.database, begin(site, slug, purpose)))
    seen = {}
    for email in ("marie@exemple.test", "autre@exemple.test"):
        with site.database.read() as session:
            (mine,) = self_service.everything(session, email)
            seen[email] = [export["purpose"] for export in mine["exports"]]
    assert seen == {"marie@exemple.test": ["delivery", "contact"], "autre@exemple.test": ["delivery"]}


@pytest.fixture
def ended(site: Site) -> tuple[str, str]:
    """Two petitions full of people, one whose D has come, one with overdue forms."""
    first, second = site.publish(), site.publish()
    people = [{"email": f"p{n}@exemple.test", "consent_updates": "on" if n % 5 == 0 else ""} for n in range(1200)]
    crowd(site, first, people)
    crowd(site, second, people[:600], confirm=False)
    with site.database.write() as session:
        found = by_slug(session, first)
        assert found is not None
        petition_actions.close(session, found)
    site.later(days=200)
    return first, second


@pytest.mark.slow
def test_erasures_while_the_schedule_runs(site: Site, ended: tuple[str, str]) -> None:
    erased = [f"p{n}@exemple.test" for n in range(0, 1200, 40)]
    started = threading.Barrier(4)
    errors: list[BaseException] = []

    def guarded(work: Callable[[], object]) -> Callable[[], None]:
        def run() -> None:
            started.wait()
            try:
                work()
            except BaseException as error:
                errors.append(error)

        return run

    def erase(addresses: list[str]) -> None:
        for address in addresses:
            with site.database.write() as session:
                erasing.erase(session, address)

    works = [lambda: retention.run(site.database, site.settings), *(lambda n=n: erase(erased[n::3]) for n in range(3))]
    threads = [threading.Thread(target=guarded(work)) for work in works]  # type: ignore[arg-type]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    with site.database.read() as session:
        assert session.scalar(select(func.count()).select_from(Signature)) == 0
        acts = session.scalar(select(func.count()).where(AuditLine.act == "person.erased"))
        keys = session.scalars(select(Withdrawal.email_key).where(Withdrawal.email_key.is_not(None))).all()
        assert acts == len(erased)
        assert len(keys) == len(set(keys)), "one line each in the journal of erasures"
        assert counting.differences(session) == []
    for address in erased:
        with site.database.read() as session:
            assert list(erasing.signatures_of(session, address)) == []


def test_erasing_twice_at_once_writes_one_line(site: Site) -> None:
    slug = site.publish()
    site.confirmed(slug, consent_updates="on", consent_organiser="on", comment="À deux.")
    started = threading.Barrier(4)

    def erase() -> int:
        started.wait()
        with site.database.write() as session:
            return erasing.erase(session, "marie@exemple.test")

    with ThreadPoolExecutor(4) as pool:
        done = [future.result() for future in [pool.submit(erase) for _ in range(4)]]
    assert sorted(done) == [0, 0, 0, 1]
    with site.database.read() as session:
        assert session.scalar(select(func.count()).where(Withdrawal.email_key.is_not(None))) == 1
    assert site.count(slug) == 0


def test_two_devices_of_one_person(site: Site) -> None:
    """Withdrawn on one, the other is told that it is gone: no error page, nothing comes back."""
    slug = site.publish()
    site.confirmed(slug, display="full")
    telephone, computer = opened(site), opened(site)
    path = line(computer)
    assert telephone.post(path + "/retirer").status_code == 303
    form = {"given_name": "Marie", "family_name": "Durand", "postal_code": "35000", "country": "FR", "display": "full"}
    for answer in (
        computer.post(path + "/corriger", data=form),
        computer.post(path + "/arreter", data={"purpose": "updates"}),
        computer.post(path + "/retirer"),
    ):
        assert answer.status_code == 404
        assert "n’existe pas, ou plus" in answer.text
    assert computer.get("/mes-signatures/liste").status_code == 200
    assert site.count(slug) == 0
    assert computer.post("/mes-signatures/effacer").status_code == 303


def test_correcting_and_withdrawing_at_the_same_instant(site: Site) -> None:
    slug = site.publish()
    for n in range(12):
        site.confirmed(slug, email=f"p{n}@exemple.test", display="full")
    now = clock.now()
    for n in range(12):
        who = Person(f"p{n}@exemple.test", b"")
        with site.database.read() as session:
            (mine,) = self_service.everything(session, who.email)
        started = threading.Barrier(2)

        def correct(who: Person = who, line_id: str = mine["id"], started: threading.Barrier = started) -> str:
            started.wait()
            try:
                with site.database.write() as session:
                    self_service.correct(
                        session, who, line_id, given_name="Maria", family_name="Dupont", postal_code="35000",
                        country="FR", display="full",
                    )  # fmt: skip
            except NotFound:
                return "gone"
            return "corrected"

        def leave(who: Person = who, line_id: str = mine["id"], started: threading.Barrier = started) -> str:
            started.wait()
            with site.database.write() as session:
                self_service.withdraw(session, who, line_id)
            return "left"

        with ThreadPoolExecutor(2) as pool:
            first, second = pool.submit(correct), pool.submit(leave)
            assert (first.result() in {"gone", "corrected"}, second.result()) == (True, "left")
    assert site.count(slug) == 0
    assert site.signatures() == []
    assert clock.now() > now
