"""What changes a count is a line; what is served is what C2SP says; what was published is never taken back unsaid."""

import ast
import base64
import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from app import clock
from app.cli import main as command
from app.errors import Gone
from app.mail.addresses import canonical
from app.petitions import actions as petition_actions
from app.petitions import addresses, on_paper
from app.petitions import keys as petition_keys
from app.petitions import queries as petition_queries
from app.petitions.models import Petition
from app.privacy import retention
from app.register import actions, entries, notes, queries, tree
from app.register.actions.writing import behind
from app.register.entries import Entry, Kind
from app.register.models import RegisterHead, RegisterNews, RegisterPlace, RegisterTile
from app.register.notes import Head, Verifier
from app.settings import Settings
from app.signatures.actions import setting_aside, withdraw
from tests.conftest import SECRET
from tests.register.scene import Scene
from tests.site import Site

APP = Path(__file__).parents[2] / "app"


def test_each_change_of_the_count_is_a_line(scene: Scene) -> None:
    scene.confirmed("anne")
    scene.confirmed("bao")
    path = scene.confirmed("chloe")
    anne, *_ = scene.ids()
    scene.sequence()
    with scene.site.database.write() as session:
        setting_aside.set_aside(session, scene.petition_id, [anne], None, "burst")
    with scene.site.database.write() as session:
        setting_aside.invalidate(session, scene.petition_id, [anne], None, "burst")
    with scene.site.database.write() as session:
        setting_aside.put_back(session, scene.petition_id, [anne], None)
    assert scene.differences() == []
    clock.travel(timedelta(hours=3))
    assert scene.site.client.post(path.replace("/confirmer/", "/pas-moi/")).status_code in {200, 303}
    assert scene.differences() == []
    scene.sequence()
    assert scene.said() == ["confirmed +1"] * 3 + ["set-aside -1", "restored +1", "withdrawn -1"]
    assert scene.site.count(scene.slug) == 2 == sum(entry.change for entry in scene.entries())
    hours = [entry.hour for entry in scene.entries()]
    assert hours[-1] - hours[0] >= timedelta(hours=3)
    assert scene.differences() == []


def test_only_the_register_changes_a_count() -> None:
    """Whoever changes one elsewhere would do it without a line."""
    doors = {"add_to_count", "replace_counts"}
    wrong = []
    for path in sorted(APP.rglob("*.py")):
        here = path.relative_to(APP).as_posix()
        calls = [node.func for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
        said = {ast.unparse(call) for call in calls}
        named = {name for name in said if name.split(".")[-1] in doors or name == "on_paper.add"}
        if named and not here.startswith("register/"):
            wrong.append(here)
    # What is told in their own way: a total made anew, with its correction; the end of life; sheets, by the register.
    assert wrong == ["petitions/on_paper.py", "privacy/actions/ending.py", "privacy/counting.py"]


# Receipts


def test_a_receipt_is_its_owners_alone(scene: Scene) -> None:
    scene.confirmed("anne")
    scene.confirmed("bao")
    anne, bao = scene.ids()
    with scene.site.database.read() as session:
        assert actions.receipt(session, scene.petition_id, anne, "anne@exemple.test", Kind.CONFIRMED) is None
    scene.sequence()
    with scene.site.database.read() as session:
        found = actions.receipt(session, scene.petition_id, anne, "Anne@Exemple.test", Kind.CONFIRMED)
        keys = petition_keys.of(session, scene.petition_id)
        assert actions.receipt(session, scene.petition_id, anne, "bao@exemple.test", Kind.CONFIRMED) is None
        assert actions.receipt(session, scene.petition_id, anne, "anne@exemple.test", Kind.WITHDRAWN) is None
    assert found is not None
    proof, secret = found
    # What a verifier does, with the receipt and the address alone.
    note = notes.opened(proof.note, [scene.verifier])
    head = Head.read(note.text)
    name = head.origin.rpartition("/")[2]
    assert proof.entry.commitment == entries.commitment(secret, canonical("anne@exemple.test"), name, Kind.CONFIRMED)
    assert tree.root_by_inclusion(tree.leaf(bytes(proof.entry)), proof.position, head.size, proof.hashes) == head.root
    # Neither the other's secret nor the other's address opens it.
    for other in (
        entries.commitment(actions.secret_of(keys, bao), "anne@exemple.test", name, Kind.CONFIRMED),
        entries.commitment(secret, "bao@exemple.test", name, Kind.CONFIRMED),
        entries.commitment(secret, "anne@exemple.test", name, Kind.WITHDRAWN),
        entries.commitment(secret, "anne@exemple.test", "another-petition", Kind.CONFIRMED),
    ):
        assert other != proof.entry.commitment


def test_who_withdraws_is_given_what_opens_the_line_and_may_ask_for_its_proof(scene: Scene) -> None:
    scene.confirmed("anne")
    [anne] = scene.ids()
    with scene.site.database.write() as session:
        secret = actions.secret_of(petition_keys.of(session, scene.petition_id), anne)
        commitment = actions.commitment_of(session, scene.petition_id, anne, "anne@exemple.test", Kind.WITHDRAWN)
        assert withdraw(session, scene.petition_id, anne)
    assert len(secret) == entries.SECRET
    assert scene.status(f"preuve/{commitment.hex()}") == 404
    scene.sequence()
    text = scene.get(f"preuve/{commitment.hex()}").decode()
    assert text.startswith("c2sp.org/tlog-proof@v1\nextra ")
    entry = Entry.read(base64.b64decode(text.split("\n")[1].removeprefix("extra ")))
    assert (entry.kind, entry.change, entry.commitment) == (Kind.WITHDRAWN, -1, commitment)
    for nobody in (commitment.hex().upper(), "00" * 32, commitment.hex()[:-2], "x"):
        assert scene.status(f"preuve/{nobody}") == 404, nobody


# What is served


@pytest.mark.databases("sqlite")
def test_resources_are_static(scene: Scene) -> None:
    assert scene.status("checkpoint") == 404  # nothing is signed yet
    scene.sequencer.look_after()
    assert scene.head().size == 0
    for n in range(3):
        scene.confirmed(f"p{n}")
    assert scene.head().size == 0
    scene.sequence()
    head = scene.head()
    assert head.origin == f"127.0.0.1:8000/registre/{scene.slug}"
    assert head.size == 3
    early = scene.get("tile/0/000.p/3"), scene.get("tile/entries/000.p/2")
    scene.confirmed("later")
    scene.sequence()
    # What was served stays what it was, for a year; nothing that no head has is there, nor another spelling.
    assert (scene.get("tile/0/000.p/3"), scene.get("tile/entries/000.p/2")) == early
    client = scene.site.client
    answer = client.get(f"/registre/{scene.slug}/tile/entries/000.p/4", headers={"accept-encoding": "gzip"})
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["content-type"] == "application/octet-stream"
    assert "set-cookie" not in answer.headers
    assert answer.content == scene.get("tile/entries/000.p/4")
    checkpoint = client.get(f"/registre/{scene.slug}/checkpoint")
    assert checkpoint.headers["cache-control"] == "public, max-age=1"
    assert checkpoint.headers["content-type"] == "text/plain; charset=utf-8"
    for nowhere in (
        "tile/0/000", "tile/0/000.p/5", "tile/0/000.p/0", "tile/0/000.p/256", "tile/0/001.p/1", "tile/1/000.p/1",
        "tile/00/000.p/3", "tile/0/0.p/3", "tile/0/x000/000.p/3", "tile/64/000.p/1", "tile/data/000.p/3",
        "tile/entries/000", "tile/0/000.p/03", "tile/-1/000.p/3", "tile/0/x999/x999/x999/x999/x999/999",
    ):  # fmt: skip
        assert scene.status(nowhere) == 404, nowhere
    assert client.get("/registre/nulle-part/checkpoint").status_code == 404
    download = scene.get("registre.txt")
    lines, _, note = download.partition(b"\n\n")
    assert lines.split(b"\n") == scene.lines()
    assert note == scene.get("checkpoint")


@pytest.mark.databases("sqlite")
def test_a_register_keeps_its_name(scene: Scene) -> None:
    scene.confirmed("anne")
    scene.sequence()
    with scene.site.database.write() as session:
        petition = petition_queries.by_slug(session, scene.slug)
        assert petition is not None
        addresses.rename(session, petition, "une-autre-adresse")
    moved = scene.site.client.get("/registre/une-autre-adresse/tile/0/000.p/1")
    assert (moved.status_code, moved.headers["location"]) == (308, f"/registre/{scene.slug}/tile/0/000.p/1")
    scene.site.confirmed("une-autre-adresse", email="bao@exemple.test")
    scene.sequence()
    assert (scene.head().origin, scene.head().size) == (f"127.0.0.1:8000/registre/{scene.slug}", 2)


# Keys and clocks


@pytest.mark.databases("sqlite")
def test_a_new_key_signs_beside_the_old_one_once(scene: Scene) -> None:
    scene.confirmed("anne")
    scene.sequence()
    before, pen = scene.verifier, scene.sequencer.pen
    assert (Verifier.read(str(before)), before.name) == (before, "127.0.0.1:8000/registre")
    scene.sequencer.pen = replace(pen, seeds=[b"a new key that is of 32 bytes...", *pen.seeds])
    after = scene.verifier
    assert after != before
    scene.sequencer.look_after()  # it needs no news: whoever knows the old key sees the new one at once
    note = notes.Note.read(scene.get("checkpoint").decode())
    assert [verifier for verifier, _ in note.signed_by([before, after])] == [after, before]
    scene.confirmed("bao")
    scene.sequence()
    note = notes.Note.read(scene.get("checkpoint").decode())
    assert [verifier for verifier, _ in note.signed_by([before, after])] == [after]
    with pytest.raises(notes.Unverified):
        notes.opened(str(note), [before])


@pytest.mark.databases("sqlite")
def test_a_clock_that_goes_back_stops_nothing(scene: Scene) -> None:
    scene.confirmed("anne")
    scene.sequence()
    clock.travel(timedelta(days=-2))
    scene.site.app.state.signing_cache.clear()
    with scene.site.database.write() as session:
        session.execute(sa.insert(RegisterNews).values(
            petition_id=scene.petition_id, kind="confirmed", hour=clock.hour_of(clock.now()), version=1,
            change=1, lines=1, commitments=bytes(32), rest="",
        ))  # fmt: skip
    scene.sequence()
    assert scene.head().size == 2
    first, second = scene.entries()
    assert second.hour < first.hour
    # Within the same second nothing is signed twice, whatever waits.
    scene.confirmed("bao")
    scene.sequencer.sequence()
    assert scene.head().size == 2
    scene.sequence()
    assert scene.head().size == 3


# The end of life


def test_after_day_d_the_register_still_verifies_and_says_nothing_of_anybody(scene: Scene) -> None:
    for name in ("anne", "bao"):
        scene.confirmed(name)
    anne, bao = scene.ids()
    scene.sequence()
    with scene.site.database.write() as session:
        assert withdraw(session, scene.petition_id, bao)
        petition_actions.close(session, session.get_one(Petition, scene.petition_id))
    clock.travel(timedelta(days=250))
    retention.run(scene.site.database, scene.site.settings)
    assert scene.differences() == []
    scene.sequence()
    assert scene.said() == ["confirmed +1"] * 2 + ["withdrawn -1", "erased-total +0"]
    assert scene.entries()[-1].rest == "1" == str(scene.site.count(scene.slug))
    with scene.site.database.read() as session:
        with pytest.raises(Gone):
            actions.commitment_of(session, scene.petition_id, anne, "anne@exemple.test", Kind.CONFIRMED)
        head = queries.head(session, scene.petition_id)
        assert head is not None
        assert head.closed
    # A proof that somebody has kept is as good as before, and the head is not signed over and over.
    assert scene.status(f"preuve/{scene.entries()[0].rest}") == 200
    clock.travel(timedelta(days=2))
    assert scene.sequencer.look_after() == 0
    everything = scene.get("registre.txt")
    assert b"exemple" not in everything
    assert anne.bytes not in everything
    assert re.findall(rb"(?m)^v1 \S+ \S+ \d+ \S+ ?[0-9a-f]*$", everything) == scene.lines()


# What was there before, and what an older release does


def test_signatures_that_were_there_before_are_told_in_their_own_hours(scene: Scene) -> None:
    for name in ("anne", "bao", "chloe"):
        scene.confirmed(name)
        scene.site.later(hours=2)
    anne, bao, _ = scene.ids()
    hour = clock.hour_of(clock.now())
    with scene.site.database.write() as session:
        on_paper.add(session, scene.petition_id, {(hour, 1): 5})  # as a release did that knew no register
        setting_aside.set_aside(session, scene.petition_id, [bao], None, "burst")
        for table in (RegisterNews, RegisterHead, RegisterTile, RegisterPlace):
            session.execute(sa.delete(table))
    scene.site.database.info["vault"].register_names.clear()
    scene.sequencer.look_after()
    scene.confirmed("dora")  # while it is being caught up with
    assert scene.reconcile() == 1
    scene.sequence()
    assert sorted(scene.said()) == ["confirmed +1"] * 3 + ["paper +5"]
    assert scene.site.count(scene.slug) == 8
    with scene.site.database.read() as session:
        found = actions.receipt(session, scene.petition_id, anne, "anne@exemple.test", Kind.CONFIRMED)
    assert found is not None
    assert scene.signature(0).confirmed_at is not None
    assert found.proof.entry.hour == clock.hour_of(scene.signature(0).confirmed_at)  # type: ignore[arg-type]
    assert scene.reconcile() == 0
    # What no row explains is a correction.
    with scene.site.database.write() as session:
        petition_queries.add_to_count(session, scene.petition_id, {(hour, 1): -2})
    assert scene.reconcile() == 1
    scene.sequence()
    assert scene.said()[-1] == "corrected -2"


# A backup that is put back


def test_a_backup_older_than_the_published_head_is_told_in_the_register(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    settings, file = _operated(scene, monkeypatch)
    scene.confirmed("anne")
    scene.sequence()
    _run("backup", file)
    for name in ("bao", "chloe"):
        scene.confirmed(name)
        scene.sequence()
    lost = scene.head()
    scene.site.__exit__(None, None, None)
    scene.site.database.close()
    assert f"« {scene.slug} » avait 3 lignes publiées, et la sauvegarde en a 1" in _run("restore", file, "--yes")
    checks = CliRunner().invoke(command, ["doctor"]).output
    assert f"plus ancienne que ce que ces registres ont publié : {scene.slug}" in checks
    with Site(settings) as site:
        again = Scene(site, scene.slug)
        again.sequencer.look_after()
        assert again.said() == ["confirmed +1", "rolled-back +0"]
        assert again.entries()[-1].rest == f"3 {lost.root.hex()}"
        with site.database.read() as session:
            assert behind(session, again.sequencer.pen) == []
        again.confirmed("dora")
        again.sequence()
        # Once, even for a worker that starts again.
        Scene(site, scene.slug).sequencer.look_after()
        again.sequence()
        assert again.said() == ["confirmed +1", "rolled-back +0", "confirmed +1"]
        assert again.differences() == []


def test_a_backup_put_back_on_a_machine_that_knows_nothing_is_told_as_well(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings, file = _operated(scene, monkeypatch)
    scene.confirmed("anne")
    scene.sequence()
    before = scene.head()
    _run("backup", file)
    scene.confirmed("bao")
    scene.sequence()
    scene.site.__exit__(None, None, None)
    scene.site.database.close()
    (settings.var / "register" / "heads").unlink()
    assert f"ce que le registre public « {scene.slug} » avait publié après la sauvegarde" in _run(
        "restore", file, "--yes"
    )
    with Site(settings) as site:
        again = Scene(site, scene.slug)
        assert again.said() == ["confirmed +1", "rolled-back +0"]
        assert again.entries()[-1].rest == f"1 {before.root.hex()}"
        assert again.head().size == 2  # signed, and kept beside the database
    assert "registre public" not in _run(
        "restore", _run_backup(file), "--yes"
    )  # where it is known, nothing more is said


def _operated(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> tuple[Settings, Path]:
    """By commands, from now on; and the file of a backup."""
    settings = scene.site.settings
    values = {"DATABASE_URL": settings.database_url, "VAR_DIR": settings.var_dir, "SECRET_KEY": SECRET}
    for name, value in values.items():
        monkeypatch.setenv(f"SIGNONS_{name}", value)
    return settings, settings.var / "sauvegarde.age"


def _run_backup(file: Path) -> Path:
    later = file.with_name("plus-tard.age")
    _run("backup", later)
    return later


def _run(*arguments: str | Path) -> str:
    result = CliRunner().invoke(command, [str(part) for part in arguments])
    assert result.exit_code == 0, (result.output, result.exception)
    return result.output
