"""The pack: three files of one moment that say the same, never more than signers were told."""

import csv
import hashlib
import io
import re
import subprocess
import threading
import zipfile
from pathlib import Path

import httpx2
import pytest
from sqlalchemy import insert, select
from starlette.testclient import TestClient

from app import clock, crypto
from app.audit import AuditLine
from app.deliveries import pack
from app.exports import xlsx
from app.exports.models import ExportRecord
from app.petitions import jobs
from app.petitions import keys as petition_keys
from app.petitions.models import PetitionState
from app.petitions.queries import by_slug
from app.privacy import retention
from app.signatures import jobs as signature_jobs
from app.signatures.models import Signature
from app.signatures.public import seal_field
from tests.deliveries.handing import desk, hand_over, signed_in
from tests.paper.desk import opened as opened_desk
from tests.privacy.test_self_service import line, opened
from tests.site import Site, text_of

NAMES = [
    "Zoé-Éléonore d’Œuf",
    "محمد",
    "李小龙",
    "Ирина",
    "\u0301\u0301Marie",
    "🌳",
    "A" * 60,
    "=1+1",
    "#set page",
    "\\*x*",
]


def packed(browser: TestClient, slug: str) -> httpx2.Response:
    return browser.post(desk(slug, "/dossier"))


def files_of(answer: httpx2.Response) -> dict[str, bytes]:
    """By their ending."""
    assert answer.status_code == 200, answer.text
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        return {name.rpartition(".")[2]: archive.read(name) for name in archive.namelist()}


def words(pdf: bytes, tmp_path: Path) -> str:
    (tmp_path / "p.pdf").write_bytes(pdf)
    return subprocess.run(
        ["pdftotext", "-layout", tmp_path / "p.pdf", "-"], capture_output=True, check=True, text=True
    ).stdout


def fill(site: Site, slug: str, n: int, places: tuple[str, ...] = ("35",)) -> None:
    """So many confirmed signatures, in one statement."""
    with site.database.write() as session:
        petition = by_slug(session, slug)
        assert petition is not None
        keys, now, rows = petition_keys.of(session, petition.id), clock.now(), []
        for i in range(n):
            row_id, place = crypto.uuid7(), places[i % len(places)]
            row = {
                "petition_id": petition.id, "id": row_id, "email_key": crypto.digest(keys.dedup, str(i).encode()),
                "state": "confirmed", "given_name": f"Prénom{i}", "postal_code": f"{place}{i % 1000:03}",
                "family_name_sealed": seal_field(keys, f"Nom{i}", row_id.bytes, "family_name"),
                "email_sealed": seal_field(keys, f"a{i}@exemple.test", row_id.bytes, "email"),
                "country": "FR", "departement": place, "display": "hidden", "locale": "fr", "text_version": 1,
                "form_digest": b"", "created_at": now, "confirmed_at": now, "place": i + 1, "mails": 1,
                "mails_today": 1, "mailed_on": now.date(), "reminded": False, "code_failures": 0,
            }  # fmt: skip
            rows.append(row)
        session.execute(insert(Signature), rows)


def test_three_files_of_one_moment_say_the_same(site: Site, tmp_path: Path) -> None:
    slug = site.publish()
    for n, name in enumerate(NAMES[:4]):
        site.confirmed(slug, given_name=name, family_name="Durand", email=f"n{n}@exemple.test")
    organiser = site.staff("organiser", slug)
    answer = packed(organiser, slug)
    assert re.fullmatch(
        rf'attachment; filename="dossier-{slug}-\d{{4}}-\d\d-\d\d\.zip"', answer.headers["content-disposition"]
    )
    assert answer.headers["cache-control"] == "no-store"
    files = files_of(answer)
    assert set(files) == {"csv", "xlsx", "pdf", "txt"}
    rows = list(csv.reader(io.StringIO(files["csv"].decode("utf-8-sig"), newline=""), delimiter=";"))
    assert rows[0] == ["Référence", "Prénom", "Nom", "Code postal", "Pays", "Signée le"]
    printed = words(files["pdf"], tmp_path)
    with zipfile.ZipFile(io.BytesIO(files["xlsx"])) as workbook:
        book = "".join(workbook.read(name).decode() for name in workbook.namelist())
    for row in rows[1:]:
        assert row[0] in printed
        assert row[0] in book
        assert row[3] in printed
    assert "Zoé-Éléonore d’Œuf Durand" in printed
    assert "4 signatures confirmées le" in printed
    assert "Claire Vasseur, Maire de Montfleur" in printed
    assert "Rouvrir" in printed
    assert "page 1 / " in printed
    for kind in ("csv", "xlsx"):
        digest = hashlib.sha256(files[kind]).hexdigest()
        assert digest in printed
        assert digest in files["txt"].decode("utf-8-sig")
    with site.database.read() as session:
        record = session.scalars(select(ExportRecord)).one()
        assert (record.purpose, record.rows) == ("delivery", 4)
        assert record.sha256 == hashlib.sha256(files["csv"]).hexdigest()
        assert {"export.begun", "delivery.packed", "export.finished"} <= set(session.scalars(select(AuditLine.act)))


@pytest.mark.databases("sqlite")
def test_a_pack_has_its_line_in_every_journal(site: Site) -> None:
    slug = site.publish()
    site.confirmed(slug)
    organiser, admin = site.staff("organiser", slug), site.staff("admin")
    files_of(packed(organiser, slug))
    of_petition = f"/organisation/petitions/{slug}/exports"
    for browser, path in (
        (organiser, of_petition),
        (organiser, f"{of_petition}/1"),
        (admin, "/administration/exports"),
    ):
        page = browser.get(path)
        assert page.status_code == 200, path
        assert "Dossier" in text_of(page.text)


@pytest.mark.databases("sqlite")
def test_with_paper_the_list_is_told_from_the_number(site: Site, tmp_path: Path) -> None:
    desk = opened_desk(site, delivery_mode="identities")
    desk.ask(2)
    desk.counted(1, ("35000", 11))
    files = files_of(packed(desk.first, desk.slug))
    assert "Signataires" not in words(files["pdf"], tmp_path)
    assert "la liste est vide" in files["txt"].decode()
    for n in range(3):
        site.confirmed(desk.slug, email=f"p{n}@exemple.test")
    files = files_of(packed(desk.first, desk.slug))
    printed, read_me = " ".join(words(files["pdf"], tmp_path).split()), files["txt"].decode("utf-8-sig")
    assert "Sur 14 signatures, 11 sur papier, sans nom : la liste a 3 lignes." in printed
    assert "Signataires" in printed
    assert "14 signatures, le" in read_me
    assert "Dont 11 sur papier, sans nom : la liste a 3 lignes." in read_me
    assert "disent le même nombre" not in read_me
    assert files["csv"].count(b"\r\n") == 1 + 3


def places_of(content: bytes) -> dict[str, int]:
    rows = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=";")
    return {place: int(n) for place, n in list(rows)[1:]}


def test_two_packs_or_exports_around_one_signature_do_not_tell_where_it_is_from(site: Site) -> None:
    desk = opened_desk(site, delivery_mode="count")
    organiser, slug = desk.first, desk.slug
    ways = [site.confirmed(slug, email=f"b{n}@exemple.test", postal_code="29000") for n in range(12)]
    for n in range(13):
        site.confirmed(slug, email=f"f{n}@exemple.test", postal_code="35000")
    desk.ask(1)
    desk.counted(1, ("75011", 11))
    jobs.fold_counts(site.database)
    assert signature_jobs.tally_places(site.database) == 1

    def withdraw(way: str) -> None:
        assert site.client.post(way.replace("/confirmer/", "/pas-moi/")).status_code in {200, 303}

    def both() -> dict[str, int]:
        out = organiser.post(f"/organisation/petitions/{slug}/exports", data={"purpose": "delivery"})
        files = files_of(packed(organiser, slug))
        assert out.status_code == 200
        assert places_of(files["csv"]) == places_of(out.content)
        assert sum(places_of(out.content).values()) == site.count(slug)
        assert f"{site.count(slug)} signatures, le" in files["txt"].decode()
        return places_of(out.content)

    assert both() == {"29": 12, "35": 13, "75": 11}
    around = []
    for code in ("35000", "29000"):
        way = site.confirmed(slug, email=f"une{code}@exemple.test", postal_code=code)
        around.append(both())
        withdraw(way)
    assert around[0] == around[1]
    assert "Autres" in around[0]
    for way in ways[:3]:
        withdraw(way)
    left = both()
    assert "29" not in left
    assert left["Autres"] >= 10


@pytest.mark.databases("sqlite")
def test_of_a_petition_taken_down_no_pack_is_made(site: Site) -> None:
    slug = site.publish()
    site.confirmed(slug)
    organiser = site.staff("organiser", slug)
    with site.database.write() as session:
        petition = by_slug(session, slug)
        assert petition is not None
        petition.state = PetitionState.REFUSED
    refused = packed(organiser, slug)
    assert refused.status_code == 409
    assert "n’est plus en ligne" in text_of(refused.text)
    with site.database.read() as session:
        assert session.scalars(select(ExportRecord)).all() == []


@pytest.mark.databases("sqlite")
def test_while_signatures_are_being_erased_no_list_is_made(site: Site) -> None:
    """What is left of it would pass for the whole."""
    slug = site.publish()
    site.confirmed(slug)
    organiser = site.staff("organiser", slug)
    path = f"/organisation/petitions/{slug}/exports"
    asked = organiser.post(path, data={"purpose": "delivery", "prepare": "on", "reason": "Remise à la mairie."})
    with site.database.write() as session:
        petition = by_slug(session, slug)
        assert petition is not None
        petition.final_count = 1
    assert packed(organiser, slug).status_code == 410
    assert organiser.post(path, data={"purpose": "delivery"}).status_code == 410
    assert organiser.post(asked.headers["location"] + "/fichier").status_code == 410
    for page in (path, desk(slug)):
        assert "effacées, comme prévu" in text_of(organiser.get(page).text)


@pytest.mark.databases("sqlite")
def test_the_paper_is_accessible_and_made_for_archives(site: Site, tmp_path: Path) -> None:
    slug = site.publish()
    site.confirmed(slug)
    files = files_of(packed(site.staff("organiser", slug), slug))
    (tmp_path / "p.pdf").write_bytes(files["pdf"])
    said = subprocess.run(["pdfinfo", tmp_path / "p.pdf"], capture_output=True, check=True, text=True).stdout
    assert re.search(r"Tagged:\s+yes", said)
    assert re.search(r"Page size:.*A4", said)
    assert b"/Lang" in files["pdf"]
    assert b"pdfuaid" in files["pdf"]
    assert b"pdfaid" in files["pdf"]


@pytest.mark.databases("sqlite")
def test_whatever_people_are_called_a_paper_comes_out(site: Site, tmp_path: Path) -> None:
    slug = site.publish()
    fill(site, slug, len(NAMES))
    with site.database.write() as session:
        for name, row in zip(NAMES, session.scalars(select(Signature)), strict=True):
            row.given_name = name
    printed = words(files_of(packed(site.staff("organiser", slug), slug))["pdf"], tmp_path)
    assert all(f"Nom{n}," in printed for n in range(len(NAMES)))
    assert "=1+1 Nom" in printed


@pytest.mark.databases("sqlite")
def test_where_only_numbers_were_promised_no_name_is_anywhere(site: Site, tmp_path: Path) -> None:
    slug = site.publish(delivery_mode="count")
    fill(site, slug, 45, ("35", "29", "35", "2A"))
    organiser = site.staff("organiser", slug)
    files = files_of(packed(organiser, slug))
    rows = list(csv.reader(io.StringIO(files["csv"].decode("utf-8-sig"), newline=""), delimiter=";"))
    assert rows == [["Département", "Signatures"], ["29", "11"], ["2A", "11"], ["35", "23"]]
    printed = words(files["pdf"], tmp_path)
    assert "Aucun nom n’est dans ce dossier" in printed
    everything = printed + files["csv"].decode() + files["txt"].decode()
    assert "Nom1" not in everything
    assert "35001" not in everything
    assert hand_over(organiser, slug).status_code == 303


@pytest.mark.databases("sqlite")
def test_small_places_are_together_and_make_up_the_number(site: Site, tmp_path: Path) -> None:
    slug = site.publish()
    fill(site, slug, 40, ("35", "35", "29", "22"))
    printed = words(files_of(packed(site.staff("organiser", slug), slug))["pdf"], tmp_path)
    assert re.search(r"35\s+20\n", printed)
    assert re.search(r"Autres\s+20\n", printed)


@pytest.mark.databases("sqlite")
def test_too_many_for_paper_are_beside_it(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pack, "LISTED", 20)
    monkeypatch.setattr(xlsx, "MOST", 25)
    slug = site.publish()
    fill(site, slug, 30)
    files = files_of(packed(site.staff("organiser", slug), slug))
    assert set(files) == {"csv", "pdf", "txt"}
    assert files["csv"].count(b"\r\n") == 31
    printed = words(files["pdf"], tmp_path)
    assert "elle est dans le fichier qui accompagne" in printed
    assert "Nom1" not in printed


@pytest.mark.databases("sqlite")
def test_when_the_list_cannot_be_set_the_rest_is(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    slug = site.publish()
    fill(site, slug, 3)
    child, said = pack._child, list[str]()

    def failing_once(data: str) -> bytes | None:
        said.append(data)
        return None if len(said) == 1 else child(data)

    monkeypatch.setattr(pack, "_child", failing_once)
    printed = words(files_of(packed(site.staff("organiser", slug), slug))["pdf"], tmp_path)
    assert "3 signatures confirmées" in printed
    assert "Nom1" not in printed


@pytest.mark.databases("sqlite")
def test_names_leave_only_with_a_fresh_proof(site: Site) -> None:
    slug, numbers = site.publish(), site.publish(delivery_mode="count")
    organiser = site.staff("organiser", slug, numbers)
    site.later(minutes=11)
    asked = organiser.post(desk(slug, "/dossier"))
    assert asked.status_code == 403
    assert organiser.post(desk(numbers, "/dossier")).status_code == 200
    with site.database.read() as session:
        assert len(session.scalars(select(ExportRecord)).all()) == 1  # of the other petition
    admin = site.staff("admin")
    assert admin.post(desk(slug, "/dossier")).status_code == 422  # somebody else has to agree first


def test_whoever_withdraws_after_the_pack_is_to_be_passed_on(site: Site) -> None:
    slug = site.publish()
    site.confirmed(slug, email="part@exemple.test")
    site.confirmed(slug, email="reste@exemple.test")
    organiser = site.staff("organiser", slug)
    files = files_of(packed(organiser, slug))
    site.later(minutes=1)
    browser = opened(site, "part@exemple.test")
    assert browser.post(line(browser) + "/retirer").status_code == 303
    assert hand_over(organiser, slug).status_code == 303
    said = site.client.get(f"/petitions/{slug}.json").json()["delivery"]["lines"][0]
    assert said["signatures"] == 2  # those of the pack that was handed over
    site.later(seconds=61)  # they may think again until then
    page = text_of(organiser.get(f"/organisation/petitions/{slug}/exports").text)
    assert "À répercuter" in page
    reference = re.search(r"S-[0-9a-f]{12}", page)
    assert reference is not None
    assert reference[0].encode() in files["csv"]


def test_packs_while_people_withdraw_never_miss_one(site: Site) -> None:
    """Whoever is in the file and withdraws is told of; whoever withdrew before is not in it."""
    slug = site.publish()
    for n in range(4):
        site.confirmed(slug, email=f"w{n}@exemple.test")
    organiser = site.staff("organiser", slug)
    browsers = [opened(site, f"w{n}@exemple.test") for n in range(4)]
    ways = [line(browser) + "/retirer" for browser in browsers]
    begin, answers = threading.Barrier(5), []

    def withdraw(browser: TestClient, way: str) -> None:
        begin.wait()
        assert browser.post(way).status_code == 303

    def make() -> None:
        begin.wait()
        answers.append(packed(organiser, slug))

    threads = [threading.Thread(target=withdraw, args=pair) for pair in zip(browsers, ways, strict=True)]
    threads.append(threading.Thread(target=make))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    site.later(seconds=61)
    listed = set(re.findall(rb"S-[0-9a-f]{12}", files_of(answers[0])["csv"]))
    told = set(
        re.findall(
            r"S-[0-9a-f]{12}", organiser.get(f"/organisation/petitions/{slug}/exports").text.partition("Journal")[0]
        )
    )
    assert {one.decode() for one in listed} == told


@pytest.mark.databases("sqlite")
def test_once_erased_there_is_nothing_to_pack(site: Site) -> None:
    slug = site.publish()
    site.confirmed(slug)
    site.account("organiser", slug)
    site.later(days=366 + 183)
    retention.run(site.database, site.settings)
    organiser = signed_in(site)
    assert packed(organiser, slug).status_code == 410
    assert "effacées, comme prévu" in text_of(organiser.get(desk(slug)).text)
    assert hand_over(organiser, slug).status_code == 303
