"""A register is watched from elsewhere: a served instance, and between it and the watcher somebody who lies."""

import json
import os
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import pytest
from click.testing import CliRunner

from app.cli import main
from app.register import notes, tree
from app.register.checking import Reading, read
from app.register.entries import Entry, Kind
from app.register.notes import Head, Note, Signer
from app.settings import Settings
from app.vault import open_vault
from tests.conftest import prepare, settings_for
from tests.services import Signons, serve, wait_for
from tests.site import Site

pytestmark = pytest.mark.slow
PEOPLE = 6


class Between(ThreadingHTTPServer):
    """Passes on what is asked of an instance, but for the answers that are put in the place of its own."""

    def __init__(self, there: str) -> None:
        super().__init__(("127.0.0.1", 0), Passing)
        self.there = there
        self.lies: dict[str, bytes | int] = {}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Passing(BaseHTTPRequestHandler):
    server: Between

    def do_GET(self) -> None:
        self._answer(None)

    def do_POST(self) -> None:
        self._answer(self.rfile.read(int(self.headers["content-length"])))

    def _answer(self, body: bytes | None) -> None:
        lie = self.server.lies.get(self.path)
        status, content = (lie, b"") if isinstance(lie, int) else (200, lie)
        if content is None:
            status, content = self._asked(body)
        self.send_response(status)
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _asked(self, body: bytes | None) -> tuple[int, bytes]:
        try:
            with urllib.request.urlopen(self.server.there + self.path, body, timeout=10) as answer:
                return answer.status, answer.read()
        except HTTPError as error:
            with error:
                return error.code, error.read()

    def log_message(self, *_: Any) -> None:
        """Nobody reads it."""


class Watched:
    def __init__(self, settings: Settings, slug: str, served: Signons, between: Between, folder: Path) -> None:
        self.settings, self.slug, self.served, self.between, self.folder = settings, slug, served, between, folder
        self.base = f"/registre/{slug}"
        self.signer = Signer(self.head.origin.rpartition("/")[0], open_vault(settings).registers[0])

    def get(self, path: str) -> bytes:
        with urllib.request.urlopen(f"{self.served.url}{path}", timeout=10) as answer:
            content: bytes = answer.read()
            return content

    @property
    def head(self) -> Head:
        return Head.read(Note.read(self.get(f"{self.base}/checkpoint").decode()).text)

    @property
    def lines(self) -> list[bytes]:
        return self.get(f"{self.base}/registre.txt").partition(b"\n\n")[0].split(b"\n")

    def sign(self, *names: str) -> None:
        """These people do, and their lines are public."""
        size = self.head.size
        with Site(self.settings) as site:
            for name in names:
                site.confirmed(self.slug, email=f"{name}@exemple.test")
        wait_for(lambda: self.head.size == size + len(names), "lines of the register", 20)

    def lie(self, lines: list[bytes], signer: Signer | None = None) -> None:
        """From now on the register has these lines, under a head that is signed."""
        grown = tree.Growing(0, {})
        for line in lines:
            grown.append(line)
        tiles = grown.changed()
        said = {tile.path: tiles[tile.level, tile.number] for tile in tree.all_tiles(grown.size)}
        head = Head(self.head.origin, grown.size, grown.root())
        self.between.lies = {f"{self.base}/{path}": content for path, content in said.items()}
        self.between.lies[f"{self.base}/checkpoint"] = notes.sign(str(head), [signer or self.signer]).encode()
        total = sum(Entry.read(line).change for line in lines)
        self.between.lies[f"/petitions/{self.slug}/compteur.json"] = json.dumps({"count": total}).encode()

    def watch(self, *more: str) -> tuple[int, str]:
        words = [
            "register",
            "watch",
            f"{self.between.url}{self.base}",
            "--state",
            str(self.folder / "state.json"),
            *more,
        ]
        done = CliRunner().invoke(main, words)
        return done.exit_code, done.output


@contextmanager
def _between(there: str) -> Iterator[Between]:
    with Between(there) as running:
        thread = threading.Thread(target=running.serve_forever, args=[0.05])
        thread.start()
        try:
            yield running
        finally:
            running.shutdown()
            thread.join()


WITNESS = Signer.named("temoin.exemple", b"w" * 32, notes.COSIGNATURE)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Settings, str, Signons]]:
    """An instance that runs, with one petition and its register."""
    folder = tmp_path_factory.mktemp("watched")
    settings = settings_for(f"sqlite:///{folder}/signons.db", folder, rate_post="10000/minute")
    prepare(settings)
    with Site(settings) as site:
        slug = site.publish()
        for n in range(PEOPLE):
            site.confirmed(slug, email=f"personne{n}@exemple.test")
    environment = {
        "SIGNONS_DATABASE_URL": settings.database_url,
        "SIGNONS_VAR_DIR": settings.var_dir,
        "SIGNONS_SECRET_KEY": settings.secret_key,
        "SIGNONS_REGISTER_WITNESSES": str(WITNESS.verifier),
    }
    with serve(environment) as server:
        url = f"{server.url}/registre/{slug}/checkpoint"

        def there() -> bool:
            try:
                with urllib.request.urlopen(url, timeout=10) as answer:
                    return f"\n{PEOPLE}\n" in answer.read().decode()
            except HTTPError:
                return False

        wait_for(there, "the register's first head", 30)
        yield settings, slug, server


@pytest.fixture
def watched(served: tuple[Settings, str, Signons], tmp_path: Path) -> Iterator[Watched]:
    settings, slug, server = served
    with _between(server.url) as between:
        yield Watched(settings, slug, server, between, tmp_path)


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for a count that never comes."""
    monkeypatch.setattr("app.cli.register.PAUSE", 0.05)


def test_what_only_grows_is_told_and_new_lines_alone_are_asked_for(watched: Watched) -> None:
    status, said = watched.watch()
    assert (status, f"{watched.head.size} lignes, vues pour la première fois" in said) == (0, True), said
    watched.sign("anne", "bao")
    status, said = watched.watch()
    assert (status, "2 de plus que la dernière fois" in said) == (0, True), said
    status, said = watched.watch()
    assert (status, "0 de plus" in said) == (0, True), said
    assert f"compte affiché : {watched.head.size}" in said


LATER = b"v1 paper +4 1 2026-11-27T18Z"
Lie = Callable[[list[bytes]], list[bytes]]
LIES: dict[str, tuple[Lie, str]] = {
    "rewritten": (lambda lines: [lines[0].replace(b"+1 1 ", b"+1 2 "), *lines[1:], LATER], "le registre a été réécrit"),
    "removed": (lambda lines: [*lines[:2], *lines[3:]], "il en a été ôté"),
    "removed, and others added": (lambda lines: [*lines[:2], *lines[3:], LATER, LATER], "le registre a été réécrit"),
    "reordered": (lambda lines: [lines[1], lines[0], *lines[2:], LATER], "le registre a été réécrit"),
    "two heads of one size": (lambda lines: [*lines[:-1], LATER], "Deux têtes signées ont la même taille"),
    "not a line": (lambda lines: [*lines, LATER, b"v1 confirmed +5 1 2026-11-27T18Z"], "n’en est pas une"),
}


@pytest.mark.parametrize(("lie", "sentence"), LIES.values(), ids=list(LIES))
def test_what_was_rewritten_is_said_each_time_and_both_heads_are_kept(
    watched: Watched, lie: Lie, sentence: str
) -> None:
    assert watched.watch()[0] == 0
    honest, lines = watched.get(f"{watched.base}/checkpoint").decode(), watched.lines
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Entry, "read", classmethod(_leniently))
        watched.lie(lie(lines))
    for _ in range(2):
        status, said = watched.watch()
        assert (status, sentence in said) == (1, True), said
    kept = next(watched.folder.glob("state-*.txt")).read_text()
    assert honest in kept
    assert kept.count("— ") == 2
    watched.between.lies = {}
    assert watched.watch()[0] == 0  # what was seen honest is still what is held against them


def _leniently(cls: type[Entry], line: bytes) -> Entry:
    kind, change, version = line.decode().split(" ")[1:4]
    return cls(Kind(kind), int(change), int(version), None)  # type: ignore[arg-type]


def test_a_backup_that_was_put_back_and_says_so(watched: Watched) -> None:
    assert watched.watch()[0] == 0
    head, lines = watched.head, watched.lines
    declared = f"v1 rolled-back +0 0 2026-11-27T18Z {head.size} {head.root.hex()}".encode()
    watched.lie([*lines[:3], declared, LATER])
    status, said = watched.watch()
    assert (status, "a remis en place une sauvegarde et le dit, à la ligne 4" in said) == (1, True), said
    status, said = watched.watch()
    assert (status, "0 de plus" in said) == (0, True), said


def test_a_backup_that_was_put_back_by_who_does_not_know_what_followed(watched: Watched) -> None:
    assert watched.watch()[0] == 0
    lines = watched.lines
    root = read(lines[:3]).stack.root()
    watched.lie([*lines[:3], f"v1 rolled-back +0 0 2026-11-27T18Z 3 {root.hex()}".encode(), LATER])
    status, said = watched.watch()
    assert (status, "sans savoir ce qu’il avait publié ensuite" in said) == (1, True), said
    # Told once: it explains nothing that is rewritten afterwards.
    assert watched.watch()[0] == 0
    watched.lie([*lines[:3], f"v1 rolled-back +0 0 2026-11-27T18Z 3 {root.hex()}".encode(), LATER, LATER])
    assert watched.watch()[0] == 0
    watched.lie([*lines[:3], f"v1 rolled-back +0 0 2026-11-27T18Z 3 {root.hex()}".encode(), lines[0]])
    status, said = watched.watch()
    assert (status, "il en a été ôté" in said) == (1, True), said


def test_lines_that_do_not_lead_to_the_head_and_a_head_that_is_not_theirs(watched: Watched) -> None:
    lines = watched.lines
    watched.lie(lines)
    path = next(path for path in watched.between.lies if "/tile/entries/" in path)
    swapped = tree.bundle([lines[1], lines[0], *lines[2:]])
    for lie, sentence in (
        (swapped, "ne mènent pas à la tête signée"),
        (swapped[:-9], "il en manque au registre"),
        (b"", "il en manque au registre"),
    ):
        watched.between.lies[path] = lie
        for status, said in (watched.watch(), _verify(f"{watched.between.url}{watched.base}")):
            assert (status, sentence in said) == (1, True), said
    watched.lie(lines, Signer(watched.signer.name, b"z" * 32))
    status, said = watched.watch()
    assert (status, "n’est pas signée par la clé attendue" in said) == (1, True), said


def test_the_count_that_is_shown_is_the_sum(watched: Watched) -> None:
    total = watched.head.size
    watched.between.lies[f"/petitions/{watched.slug}/compteur.json"] = json.dumps({"count": total + 3}).encode()
    status, said = watched.watch()
    assert (status, f"affiche {total + 3} signatures" in said) == (1, True), said


def test_a_site_that_cannot_be_reached_is_another_code(watched: Watched) -> None:
    assert watched.watch()[0] == 0
    checkpoint = f"{watched.base}/checkpoint"
    watched.between.lies = {checkpoint: 500}
    assert watched.watch()[0] == 2
    watched.between.lies = {checkpoint: 404}
    status, said = watched.watch()
    assert (status, "n’est plus là" in said) == (1, True), said
    watched.between.there = "http://127.0.0.1:9"
    done = CliRunner().invoke(
        main, ["register", "watch", "http://127.0.0.1:9/registre/rien", "--state", str(watched.folder / "s")]
    )
    assert done.exit_code == 2


def _verify(what: str, *more: str) -> tuple[int, str]:
    done = CliRunner().invoke(main, ["register", "verify", what, *more])
    return done.exit_code, done.output


def test_a_whole_register_is_verified_from_its_address_and_from_its_file(watched: Watched) -> None:
    key = str(watched.signer.verifier)
    status, said = _verify(f"{watched.served.url}/petitions/{watched.slug}", "--key", key)
    assert (status, f"confirmed +{watched.head.size}" in said) == (0, True), said
    content = watched.get(f"{watched.base}/registre.txt")
    path = watched.folder / "registre.txt"
    cases = {
        "whole": (content, 0),
        "with the line ends of Windows": (content.replace(b"\n", b"\r\n"), 0),
        "cut": (content[:-30], 1),
        "without its head": (content.partition(b"\n\n")[0] + b"\n", 1),
        "one line less": (content.partition(b"\n")[2], 1),
        "a line changed": (content.replace(b"+1 1 ", b"+1 2 ", 1), 1),
        "empty": (b"", 1),
    }
    for name, (text, expected) in cases.items():
        path.write_bytes(text)
        status, said = _verify(str(path), "--key", key)
        assert status == expected, (name, said)
    path.write_bytes(content)
    assert _verify(str(path), "--key", str(Signer(watched.signer.name, b"z" * 32).verifier))[0] == 1


def test_no_setting_is_needed(watched: Watched) -> None:
    program = Path(sys.executable).with_name("signons")
    environment = {"PATH": os.environ["PATH"], "HOME": str(watched.folder), "LANG": "C.UTF-8"}
    words = [str(program), "register", "watch", f"{watched.served.url}{watched.base}"]
    done = subprocess.run(words, env=environment, cwd=watched.folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert not (watched.folder / "var").exists()


def test_a_witness_signs_too_and_everybody_sees_it(watched: Watched) -> None:
    key = watched.folder / "temoin.key"
    status, said = watched.watch("--cosign", str(key))
    assert (status, "ne prend pas encore" in said) == (0, True), said
    assert str(Signer.read(key.read_text()).verifier) in said
    assert key.stat().st_mode & 0o077 == 0
    key.write_text(WITNESS.secret)
    for _ in range(2):
        status, said = watched.watch("--cosign", str(key))
        assert (status, f"cosignée par {WITNESS.name}" in said) == (0, True), said
    note = Note.read(watched.get(f"{watched.base}/checkpoint").decode())
    signed = note.signed_by([WITNESS.verifier, watched.signer.verifier])
    assert [verifier.name for verifier, _ in signed] == [watched.signer.name, WITNESS.name]
    assert abs(signed[1][1].time - time.time()) < 60
    page = watched.get(f"/petitions/{watched.slug}/comptage").decode()
    assert f"Cosigné par {WITNESS.name}" in page
    assert WITNESS.name in watched.get(f"{watched.base}/tetes.atom").decode()


def test_a_million_lines_are_added_up_in_time() -> None:
    """The whole is 10⁶ in 30 s on the machine of the figures; here a twentieth, ten times as slow."""
    line = b"v1 confirmed +1 1 2026-11-27T16Z "
    lines = [line + b"%064x" % n for n in range(50_000)]
    began = time.monotonic()
    reading = Reading()
    for each in lines:
        reading.add(each)
    reading.stack.root()
    assert reading.total == len(lines)
    assert time.monotonic() - began < 15
