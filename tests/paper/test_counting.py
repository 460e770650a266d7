"""Thirty sheets by two people, one of them twice; what they add up to, everywhere and until the end."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import delete, select, update

from app.cli import main
from app.paper import jobs as paper_jobs
from app.paper.models import Sheet, SheetLine, SheetState
from app.petitions import actions as petition_actions
from app.petitions import jobs, on_paper, queries
from app.petitions.models import PaperTotal
from app.privacy import counting, retention
from app.privacy.models import SignatureAggregate
from tests.conftest import SECRET
from tests.paper.desk import PNG, Desk, opened
from tests.petitions.amended import amend
from tests.site import Site, text_of


def signons(site: Site, *words: str) -> tuple[int, str]:
    environment = {
        "SIGNONS_DATABASE_URL": site.settings.database_url,
        "SIGNONS_VAR_DIR": str(site.settings.var),
        "SIGNONS_SECRET_KEY": SECRET,
        "SIGNONS_LOG_LEVEL": "ERROR",
    }
    done = CliRunner().invoke(main, list(words), env=environment)
    return done.exit_code, done.output


def test_thirty_sheets_by_two_people_one_of_them_twice(site: Site) -> None:
    desk = opened(site)
    site.confirmed(desk.slug)
    assert desk.ask(30).status_code == 303
    total = 0
    for number in range(1, 31):
        lines = (("35000", number % 9 + 1), ("29200", 2))
        first, second = (desk.first, desk.second) if number % 2 else (desk.second, desk.first)
        assert desk.enter(number, *lines, by=first).status_code == 303
        n = number % 9 + 3
        assert desk.check(number, n, by=second).status_code == 303
        total += n
    again = desk.enter(17, ("35000", 3))
    assert again.status_code == 422
    assert "La feuille 17 a déjà été saisie le" in text_of(again.text)
    assert "par premiere@exemple.test" in text_of(again.text)
    assert site.count(desk.slug) == total + 1
    assert (desk.data()["count"], desk.data()["paper"]) == (total + 1, total)
    for _ in range(2):  # folded or not
        assert signons(site, "counts", "verify")[0] == 0
        with site.database.read() as session:
            petition = queries.by_slug(session, desk.slug)
            assert petition is not None
            assert [n for _, n in queries.counts_per_hour(session, petition.id)] == [1]
            assert sum(n for _, n in on_paper.per_hour(session, petition.id)) == total
        jobs.fold_counts(site.database)
    page = text_of(site.client.get(f"/petitions/{desk.slug}").text)
    assert f"{total + 1} (comment les signatures sont comptées) signatures" in page
    assert f"dont {total} sur papier" in page
    explained = text_of(site.client.get(f"/petitions/{desk.slug}/comptage").text)
    assert "1 confirmée en ligne" in explained
    assert f"{total} sur papier : 30 feuilles, vérification le" in explained
    assert list(site.client.get(f"/petitions/{desk.slug}/compteur.json").json()) == ["count", "goal"]


def test_sixty_entries_and_sixty_checks_of_one_sheet_at_once_are_one(site: Site) -> None:
    desk = opened(site)
    assert desk.ask(2).status_code == 303
    with ThreadPoolExecutor(60) as crowd:
        entries = Counter(crowd.map(lambda n: desk.enter(1, ("35000", n % 12 + 1)).status_code, range(60)))
    assert entries[303] == 1
    assert set(entries) <= {303, 422, 503}  # refused in a sentence, or no place to wait
    with site.database.read() as session:
        (found,) = session.scalars(select(Sheet).where(Sheet.state == SheetState.ENTERED)).all()
        n = found.signatures
        assert n is not None
        assert [line.signatures for line in session.scalars(select(SheetLine))] == [n]
    with ThreadPoolExecutor(60) as crowd:
        checks = Counter(crowd.map(lambda _: desk.check(1, n).status_code, range(60)))
    assert checks[303] == 1
    assert set(checks) <= {303, 409, 503}
    assert site.count(desk.slug) == n
    assert desk.differences() == []


def test_verify_sees_what_drifts_and_repair_counts_again(site: Site) -> None:
    desk = opened(site)
    site.confirmed(desk.slug)
    desk.ask(3)
    desk.counted(1, ("35000", 12))
    amend(site, desk.slug, desk.first, site.staff("moderator"))
    desk.ask(1)
    desk.counted(2, ("29000", 7))  # printed before the amendment: of the first version
    desk.counted(4, ("29000", 5))
    assert signons(site, "counts", "verify")[0] == 0
    explained = text_of(site.client.get(f"/petitions/{desk.slug}/comptage").text)
    assert "Version Signatures dont sur papier 1 20 19 2 5 5" in explained
    with site.database.write() as session:
        session.execute(update(Sheet).where(Sheet.number == 4).values(signatures=4))
        session.execute(delete(PaperTotal).where(PaperTotal.version == 1))
    status, output = signons(site, "counts", "verify")
    assert status == 1
    assert f"{desk.slug}, papier" in output
    assert f"{desk.slug}, version 2" in output
    assert signons(site, "counts", "repair")[0] == 0
    assert desk.differences() == []
    assert (site.count(desk.slug), desk.data()["paper"]) == (1 + 12 + 7 + 4, 12 + 7 + 4)


def test_a_sheet_leaves_the_count_with_a_public_line_and_comes_back_by_two_people(site: Site) -> None:
    desk = opened(site)
    desk.ask(2)
    desk.counted(1, ("35000", 12))
    desk.counted(2, ("35000", 3))
    assert desk.do(1, "retrait", reason="beaucoup").status_code == 422
    assert desk.do(1, "retrait", reason="withdrawn").status_code == 303
    assert desk.do(1, "retrait", reason="withdrawn").status_code == 409
    assert (site.count(desk.slug), desk.data()["paper"]) == (3, 3)
    assert desk.differences() == []
    explained = text_of(site.client.get(f"/petitions/{desk.slug}/comptage").text)
    assert "12 signatures de la feuille 1, retirées du compte. Motif : signature retirée par son auteur." in explained
    assert "a été retirée du compte" in text_of(desk.enter(1, ("35000", 11)).text)
    assert desk.do(1, "reprise").status_code == 303
    form = desk.first.get(f"{desk.path}/saisir?feuille=1").text
    assert 'value="35000"' in form
    assert 'value="12"' in form
    desk.counted(1, ("35000", 11))
    assert (site.count(desk.slug), desk.data()["paper"]) == (14, 14)
    assert desk.differences() == []


def test_the_delivered_totals_have_paper_in_them(site: Site) -> None:
    desk = opened(site, delivery_mode="count")
    site.confirmed(desk.slug)
    desk.ask(2)
    desk.counted(1, ("35000", 10), ("29000", 1))
    assert desk.enter(2, ("29000", 1), form={"abroad": "1"}).status_code == 303
    assert desk.check(2, 2).status_code == 303
    answer = desk.first.post(f"/organisation/petitions/{desk.slug}/exports", data={"purpose": "delivery"})
    lines = answer.content.decode("utf-8-sig").split("\r\n")
    assert "Autres;14" in lines  # ten on the sheets lift nobody who signed online into sight
    assert sum(int(line.rpartition(";")[2]) for line in lines[1:] if line) == site.count(desk.slug) == 14


def test_day_d_keeps_the_number_and_forgets_places_copies_and_people(site: Site) -> None:
    desk = opened(site)
    site.confirmed(desk.slug)
    desk.ask(3)
    assert desk.enter(1, ("35000", 11), ("29000", 1), files={"scan": ("f.png", PNG, "image/png")}).status_code == 303
    assert desk.check(1, 12).status_code == 303
    assert desk.enter(2, ("29000", 2)).status_code == 303  # checked by nobody
    store = site.settings.var / "scans"
    assert len(list(store.iterdir())) == 1
    assert PNG[20:60] not in next(store.iterdir()).read_bytes()
    with site.database.write() as session:
        petition = queries.by_slug(session, desk.slug)
        assert petition is not None
        petition_actions.deliver(session, petition)
    assert "le nombre qui a été remis ne change plus" in text_of(desk.enter(3, ("35000", 1)).text)
    assert "le nombre qui a été remis ne change plus" in text_of(desk.check(2, 2).text)
    site.later(days=31)
    foretold = retention.dry_run(site.database, site.settings)["paper_sheet"]
    assert retention.run(site.database, site.settings)["paper_sheet"] == foretold == 3 + 3
    assert retention.run(site.database, site.settings)["paper_sheet"] == 0
    assert list(store.iterdir()) == []
    with site.database.read() as session:
        assert session.scalars(select(SheetLine)).all() == []
        for sheet in session.scalars(select(Sheet)):
            kept = (sheet.issued_by, sheet.entered_by, sheet.checked_by, sheet.scan, sheet.return_to)
            assert kept == (None, None, None, None, "")
        cells = {row.departement: row.signatures for row in session.scalars(select(SignatureAggregate))}
        assert counting.differences(session) == []
    assert cells == {"": 13}  # the one who signed online is not told by the eleven of a sheet
    assert (site.count(desk.slug), desk.data()["paper"]) == (13, 12)
    assert "12 sur papier : 1 feuille, vérification le" in text_of(
        site.client.get(f"/petitions/{desk.slug}/comptage").text
    )
    later = site.staff("organiser", desk.slug, email="plus.tard@exemple.test")
    assert desk.do(1, "retrait", by=later, reason="typed").status_code == 422
    assert desk.do(1, "copie", by=later).status_code == 404


@pytest.mark.databases("sqlite")
def test_copies_of_entries_that_came_to_nothing_are_swept(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    desk: Desk = opened(site)
    desk.ask(1)
    sent = {"scan": ("f.png", PNG, "image/png")}
    assert desk.enter(1, ("35000", 3), files=sent).status_code == 303
    assert desk.do(1, "reprise").status_code == 303
    assert desk.enter(1, ("35000", 4), files=sent).status_code == 303
    store: Path = site.settings.var / "scans"
    assert len(list(store.iterdir())) == 2
    assert paper_jobs.sweep_scans(site.database, store) == 0  # too young: its row may not be written yet
    monkeypatch.setattr(paper_jobs, "YOUNG", -paper_jobs.YOUNG)
    assert paper_jobs.sweep_scans(site.database, store) == 1
    assert desk.do(1, "copie", by=desk.second).content == PNG
    # Out of the count, and entered anew without a copy: the first one is nowhere any more.
    assert desk.check(1, 4).status_code == 303
    assert desk.do(1, "retrait", reason="withdrawn").status_code == 303
    assert paper_jobs.sweep_scans(site.database, store) == 1
    assert list(store.iterdir()) == []
    assert desk.do(1, "reprise").status_code == 303
    assert desk.enter(1, ("35000", 3), files=sent).status_code == 303
    assert desk.check(1, 4).status_code == 303  # not what was found: sent back
    assert desk.enter(1, ("35000", 4)).status_code == 303
    assert desk.do(1, "copie", by=desk.second).status_code == 404
    assert paper_jobs.sweep_scans(site.database, store) == 1
