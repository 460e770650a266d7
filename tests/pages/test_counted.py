"""The number explained, for every kind of petition; the register's own pages; receipts by the link of their page."""

import io
import re
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from app import clock
from app.petitions.models import CountDelta, CountTotal
from app.privacy import jobs as privacy_jobs
from app.privacy import retention
from app.register import notes, receipts, verifier
from app.register.entries import Kind
from app.register.jobs import Sequencer
from app.register.notes import Note, Signer, Verifier
from app.signatures.actions import setting_aside
from app.web.forms import MAX_NUMBER
from tests.conftest import settings_for
from tests.deliveries.handing import desk as delivery_desk
from tests.paper.desk import opened as paper_desk
from tests.privacy.test_self_service import opened
from tests.register.scene import Scene
from tests.site import Site, text_of

pytestmark = pytest.mark.databases("sqlite")


@pytest.fixture
def scene(site: Site) -> Scene:
    return Scene(site, site.publish())


def explained(site: Site, slug: str) -> str:
    """As it is now: nothing is shown that was made for somebody a second ago."""
    site.app.state.page_cache.entries.clear()
    answer = site.client.get(f"/petitions/{slug}/comptage")
    assert answer.status_code == 200
    return text_of(answer.text).replace("\u202f", " ")


def withdraw(site: Site, path: str) -> str:
    """From the thanks; gives the page that says that it is done."""
    link = re.findall(r'href="(/mes-signatures/retirer/[^"]+)"', site.client.get(path).text)[0]
    answer = site.client.post(link)
    assert answer.status_code == 303
    return str(answer.headers["location"])


# The page


def test_every_term_and_every_correction(scene: Scene) -> None:
    site = scene.site
    paths = [scene.confirmed(name) for name in ("anne", "bao", "chloe", "dieudonne", "elias")]
    ids = scene.ids()
    withdraw(site, paths[0])
    undo = withdraw(site, paths[1])
    assert site.client.post(undo).status_code == 303
    with site.database.write() as session:
        setting_aside.set_aside(session, scene.petition_id, ids[2:4], None, "domain")
        setting_aside.put_back(session, scene.petition_id, ids[2:3], None)
    with site.database.write() as session:
        setting_aside.invalidate(session, scene.petition_id, ids[3:4], None, "domain")  # which changes no count
    for _ in range(2):  # as news, and as lines
        said = explained(site, scene.slug)
        assert "5 confirmées en ligne" in said
        assert "− 2 retirées par les personnes qui les avaient confirmées" in said
        assert "− 2 écartées parce qu’elles semblaient fausses" in said
        assert re.search("semblaient fausses \\d+(?:er)? \\w+ \\d+ : adresses d’un même domaine", said)
        assert "+ 2 remises dans le compte" in said
        assert "= 3 signatures" in said
        assert "2 signatures écartées. Motif : adresses d’un même domaine peu courant." in said
        assert "1 signature remise dans le compte. Motif : vérifiées par une personne." in said
        data = site.client.get(f"/petitions/{scene.slug}/comptage.json")
        assert data.headers["access-control-allow-origin"] == "*"
        assert (data.json()["count"], sum(data.json()["terms"].values())) == (3, 3)
        assert {(one["kind"], one["change"]) for one in data.json()["corrections"]} == {("aside", -2), ("back", 1)}
        scene.sequence()
    assert data.json()["register"]["size"] == 11


def test_the_moment_of_the_last_check(scene: Scene) -> None:
    site = scene.site
    scene.confirmed("anne")
    assert "Vérifié le" not in explained(site, scene.slug)
    privacy_jobs.verify_counts(site.database)
    assert "lignes, compte et registre s’accordent." in explained(site, scene.slug)
    with site.database.write() as session:
        for table, column in ((CountTotal, "confirmed"), (CountDelta, "change")):
            session.execute(update(table).values({column: 7}))
    clock.travel(timedelta(hours=1))
    privacy_jobs.verify_counts(site.database)
    said = explained(site, scene.slug)
    assert "a trouvé un écart. L’exploitant en est averti" in said
    assert "Dernier accord : le" in said
    assert "s’accordent" not in said


def test_a_petition_that_nobody_has_signed(site: Site) -> None:
    slug = site.publish()
    said = explained(site, slug)
    assert "Aucune signature n’est encore confirmée" in said
    assert "Le registre de cette pétition commence avec sa première signature." in said
    assert site.client.get(f"/petitions/{slug}/comptage.json").json()["terms"] == {}


def test_one_signed_on_paper_only(site: Site) -> None:
    desk = paper_desk(site)
    desk.ask(1)
    desk.counted(1, ("35000", 12))
    said = explained(site, desk.slug)
    assert "12 sur papier : 1 feuille, vérification le" in said
    assert "= 12 signatures" in said
    assert "en ligne" not in said


def test_once_its_signatures_are_erased(scene: Scene) -> None:
    site = scene.site
    path = scene.confirmed("anne")
    withdraw(site, scene.confirmed("bao"))
    scene.sequence()
    token = re.findall(r'href="(/confirmer/[^"]+/recu.txt)"', site.client.get(path).text)[0]
    receipt = site.client.get(token).text
    key = scene.sequencer.pen.vkey
    site.later(days=900)
    retention.run(site.database, site.settings)
    scene.sequence()
    said = explained(site, scene.slug)
    assert "2 confirmées en ligne" in said
    assert "− 1 retirée" in said
    assert "Les signatures elles-mêmes ont été effacées" in said
    assert "ne dit plus rien de personne" in said
    assert scene.said() == ["confirmed +1", "confirmed +1", "withdrawn -1", "erased-total +0"]
    assert site.client.get(token).status_code == 410  # r cannot be made again
    assert receipts.check(receipt, "anne@exemple.test", [key]).receipt.entry.kind == Kind.CONFIRMED


# The register's own pages


def test_the_list_of_registers_and_the_key(scene: Scene) -> None:
    site = scene.site
    assert "Aucun registre encore" in text_of(site.client.get("/registre").text)
    scene.confirmed("anne")
    scene.sequence()
    clock.travel(timedelta(seconds=2))
    page = site.client.get("/registre")
    key = site.client.get("/registre/cles.txt").text.strip()
    assert str(Verifier.read(key)) == scene.sequencer.pen.vkey == key
    assert key in page.text
    assert f"/petitions/{scene.slug}/comptage" in page.text
    assert site.client.get(f"/registre?page={MAX_NUMBER}").status_code == 200
    assert site.client.get(f"/registre/{scene.slug}").headers["location"] == f"/petitions/{scene.slug}/comptage"
    assert site.client.get("/registre/verifier.py").content == Path(verifier.__file__).read_bytes()
    assert key in site.client.get("/registre/verifier").text


def test_heads_in_a_feed(scene: Scene) -> None:
    scene.confirmed("anne")
    scene.sequence()
    clock.travel(timedelta(hours=2))
    scene.confirmed("bao")
    scene.sequence()
    feed = scene.site.client.get(f"/registre/{scene.slug}/tetes.atom")
    assert feed.headers["content-type"].startswith("application/atom+xml")
    assert re.findall(r"<title>Tête de taille (\d+)</title>", feed.text) == ["2", "1"]
    assert scene.get("checkpoint").decode().split("\n")[2] in feed.text


# Receipts


def test_a_receipt_by_the_link_of_its_page(scene: Scene) -> None:
    site = scene.site
    path = scene.confirmed("anne")
    link = re.findall(r'href="(/confirmer/[^"]+/recu.txt)"', site.client.get(path).text)[0]
    early = site.client.get(link)
    assert (early.status_code, early.headers["retry-after"]) == (503, "2")
    assert "Votre reçu n’est pas encore prêt" in text_of(early.text)
    scene.sequence()
    answer = site.client.get(link)
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    assert answer.headers["content-disposition"] == f'attachment; filename="recu-{scene.slug}.txt"'
    key = scene.sequencer.pen.vkey
    assert receipts.check(answer.text, "Anne@exemple.test", [key]).receipt.entry.kind == Kind.CONFIRMED
    assert "anne" not in answer.text
    assert site.client.get(link.replace("/confirmer/", "/confirmer/x")).status_code == 404
    undo = withdraw(site, path)
    scene.sequence()
    clock.travel(timedelta(seconds=-2))  # within the minute
    (left,) = re.findall(rf'href="({undo}/0/recu.txt)"', site.client.get(undo).text)
    said = site.client.get(left)
    assert said.headers["cache-control"] == "no-store"
    assert receipts.check(said.text, "anne@exemple.test", [key]).receipt.entry.kind == Kind.WITHDRAWN
    assert site.client.get(f"{undo}/1/recu.txt").status_code == 404
    assert site.client.get(link).status_code == 410
    assert site.client.post(undo).status_code == 303
    assert site.client.get(left).status_code == 410
    scene.sequence()
    scene.sequence()
    assert receipts.check(site.client.get(link).text, "anne@exemple.test", [key]).receipt.entry.kind == Kind.RESTORED
    clock.travel(timedelta(minutes=2))
    assert site.client.get(left).status_code == 410


def test_a_receipt_from_my_signatures_is_for_who_opened_them(scene: Scene) -> None:
    site = scene.site
    scene.confirmed("anne")
    site.sign(scene.slug, email="anne@exemple.test", given_name="Paul")
    scene.confirmed("bao")
    scene.sequence()
    mine = opened(site, "anne@exemple.test")
    (link,) = re.findall(r'href="(/mes-signatures/ligne/[^"]+/recu.txt)"', mine.get("/mes-signatures/liste").text)
    answer = mine.get(link)
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    assert receipts.check(answer.text, "anne@exemple.test").receipt.entry.kind == Kind.CONFIRMED
    assert site.client.get(link).status_code == 410
    assert opened(site, "bao@exemple.test").get(link).status_code == 404


# Witnesses


def test_what_a_witness_may_post(database_url: str, tmp_path: Path) -> None:
    witness = Signer.named("temoin.exemple", b"w" * 32, notes.COSIGNATURE)
    other = Signer.named("autre.exemple", b"o" * 32, notes.COSIGNATURE)
    with Site(settings_for(database_url, tmp_path, register_witnesses=str(witness.verifier))) as site:
        scene = Scene(site, site.publish())
        scene.confirmed("anne")
        scene.sequence()
        note, there = scene.note(), f"/registre/{scene.slug}/cosignatures"
        now = int(clock.now().timestamp())

        def posted(signer: Signer, text: str = note.text, ours: str = note.signatures[0].line, at: int = now) -> int:
            return site.client.post(there, data={"note": f"{text}\n{ours}{signer.line(text, at)}"}).status_code

        forged = note.text.replace("\n1\n", "\n9\n")
        ours = scene.sequencer.pen.signer
        assert posted(other) == 404
        assert posted(witness, forged) == 422  # our signature is of another text
        assert posted(witness, forged, ours.line(forged)) == 409  # a head that this log never had
        assert posted(witness, ours="") == 422
        assert posted(witness, at=now + 3600) == 422
        assert site.client.post(there, data={"note": "n’importe quoi"}).status_code == 422
        assert site.client.post(there, data={"note": "x" * 30_000}).status_code == 422
        assert site.client.post(there).status_code == 422
        assert site.client.post("/registre/absente/cosignatures", data={"note": ""}).status_code == 404
        assert len(scene.note().signatures) == 1
        for _ in range(2):
            assert posted(witness) == 204
        assert [signature.name for signature in scene.note().signatures] == [ours.name, witness.name]
        scene.confirmed("bao")
        scene.sequence()
        assert len(scene.note().signatures) == 1  # it has not seen this one
        assert "Cosigné par temoin.exemple" in explained(site, scene.slug)
        feed = site.client.get(f"/registre/{scene.slug}/tetes.atom").text
        assert feed.count("temoin.exemple") == 1


def test_without_witnesses_there_is_no_such_door(scene: Scene) -> None:
    scene.confirmed("anne")
    scene.sequence()
    assert scene.site.client.post(f"/registre/{scene.slug}/cosignatures", data={"note": "x"}).status_code == 404


# Elsewhere


def test_a_pack_has_the_head_of_its_moment(site: Site) -> None:
    slug = site.publish()
    scene = Scene(site, slug)
    scene.confirmed("anne")
    scene.sequence()
    answer = site.staff("organiser", slug).post(delivery_desk(slug, "/dossier"))
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        head, read_me = archive.read("registre-tete.txt").decode(), archive.read("LISEZ-MOI.txt").decode()
    key = Sequencer(site.database, site.settings).pen.vkey
    assert str(notes.opened(head, [Verifier.read(key)])) == scene.get("checkpoint").decode()
    assert key in read_me
    assert f"/registre/{slug}" in read_me
    assert "/registre/verifier" in read_me
    assert Note.read(head).text.split("\n")[1] == "1"
