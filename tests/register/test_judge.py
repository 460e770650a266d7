"""Go's own ``sumdb/note`` and ``sumdb/tlog`` read what we serve, and see every way in which it could lie."""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from app import clock
from app.clock import hour_of
from app.register import notes, queries, tree
from app.register.entries import Kind
from app.register.notes import Head, Signer
from app.register.tree import Tile
from tests.register.scene import Scene

MODULE = Path("/usr/share/gocode/src/golang.org/x/mod/sumdb")
pytestmark = pytest.mark.databases("sqlite")


@pytest.fixture(scope="module")
def judge(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program, built of Debian's packages alone: no network."""
    if shutil.which("go") is None or not MODULE.is_dir():
        pytest.skip("Go (golang-go, golang-golang-x-mod-dev) is not at hand: it has not judged the register")
    folder = tmp_path_factory.mktemp("judge")
    shutil.copy(Path(__file__).with_name("judge.go"), folder / "judge.go")
    alone = {"GO111MODULE": "off", "GOPATH": "/usr/share/gocode", "GOCACHE": str(folder / "cache"), "GOFLAGS": ""}
    build = ["go", "build", "-o", str(folder / "judge"), str(folder / "judge.go")]
    done = subprocess.run(build, env={**os.environ, **alone}, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder / "judge"


@pytest.fixture
def copy(scene: Scene, tmp_path: Path) -> Path:
    """A register of 700 lines, as it was served: files and nothing else; ``older``: its head when it had 300."""
    _lines(scene, 300)
    (tmp_path / "older").write_bytes(scene.get("checkpoint"))
    _lines(scene, 400)
    return saved(scene, tmp_path / "copy")


def _lines(scene: Scene, n: int) -> None:
    with scene.site.database.write() as session:
        for start in range(0, n, 50):
            commitments = b"".join(bytes([start // 50, nth]) * 16 for nth in range(50))
            row = {"kind": Kind.CONFIRMED, "hour": hour_of(clock.now()), "version": 1, "change": 1}
            queries.add_news(session, scene.petition_id, [row | {"lines": 50, "commitments": commitments}])
    assert scene.sequence() == n


def saved(scene: Scene, folder: Path) -> Path:
    for path in ["checkpoint", *(tile.path for tile in tree.all_tiles(scene.head().size))]:
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(scene.get(path))
    return folder


def judged(judge: Path, folder: Path, vkey: str, *more: str | Path) -> tuple[int, str]:
    done = subprocess.run([judge, folder, vkey, *more], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout


def test_go_reads_what_we_serve(judge: Path, scene: Scene, copy: Path, tmp_path: Path) -> None:
    scene.confirmed("anne")
    scene.sequence()
    copy = saved(scene, tmp_path / "again")
    commitment = scene.entries()[-1].rest
    (tmp_path / "proof").write_bytes(scene.get(f"preuve/{commitment}"))
    vkey = str(scene.verifier)
    assert judged(judge, copy, vkey, tmp_path / "older", tmp_path / "proof", commitment) == (0, "holds 701\n")
    # Somebody else's line, and somebody else's proof.
    other = scene.entries()[0].rest
    assert "another's proof" in judged(judge, copy, vkey, "", tmp_path / "proof", other)[1]
    text = (tmp_path / "proof").read_text()
    first_hash = text.split("\n")[3]
    another = ("B" if first_hash.startswith("A") else "A") + first_hash[1:]
    (tmp_path / "proof").write_text(text.replace(first_hash, another, 1))
    assert judged(judge, copy, vkey, "", tmp_path / "proof", commitment)[0] == 1


def rewritten(scene: Scene, copy: Path) -> None:
    file = copy / Tile(tree.ENTRIES, 0).path
    file.write_bytes(file.read_bytes().replace(b"v1 confirmed +1 1", b"v1 confirmed +1 2", 1))


def removed(scene: Scene, copy: Path) -> None:
    file = copy / Tile(tree.ENTRIES, 0).path
    lines = tree.entries_of(file.read_bytes())
    file.write_bytes(tree.bundle([*lines[:100], *lines[101:], lines[0]]))


def reordered(scene: Scene, copy: Path) -> None:
    file = copy / Tile(tree.ENTRIES, 1).path
    lines = tree.entries_of(file.read_bytes())
    file.write_bytes(tree.bundle([lines[1], lines[0], *lines[2:]]))


def rewritten_with_its_tiles(scene: Scene, copy: Path) -> None:
    """Everything but the signature: the tree of other lines."""
    head, lines = scene.head(), scene.lines()
    lines[3] = lines[3].replace(b"+1 1", b"+1 2")
    _write(copy, lines)
    (copy / "checkpoint").write_text((copy / "checkpoint").read_text().replace(str(head), str(_head(head, lines))))


def forked(scene: Scene, copy: Path) -> None:
    """Signed with our own key, even: only who has kept the older head can see it."""
    head, lines = scene.head(), scene.lines()
    lines[3] = lines[3].replace(b"+1 1", b"+1 2")
    _write(copy, lines)
    (copy / "checkpoint").write_text(notes.sign(str(_head(head, lines)), [scene.sequencer.pen.signer]))


def signed_by_another(scene: Scene, copy: Path) -> None:
    signer = Signer(scene.verifier.name, b"another key, of 32 bytes as well")
    (copy / "checkpoint").write_text(notes.sign(str(scene.head()), [signer]))


def _head(head: Head, lines: list[bytes]) -> Head:
    stack = tree.Stack()
    for line in lines:
        stack.push(line)
    return Head(head.origin, stack.size, stack.root())


def _write(copy: Path, lines: list[bytes]) -> None:
    growing = tree.Growing(0, {})
    for line in lines:
        growing.append(line)
    contents = growing.changed()
    for tile in tree.all_tiles(len(lines)):
        (copy / tile.path).write_bytes(tree.first_of(contents[tile.level, tile.number], tile))


@pytest.mark.parametrize(
    "lie",
    [rewritten, removed, reordered, rewritten_with_its_tiles, forked, signed_by_another],
    ids=lambda f: f.__name__,
)
def test_both_see_a_register_that_lies(
    judge: Path, scene: Scene, copy: Path, tmp_path: Path, lie: Callable[[Scene, Path], None]
) -> None:
    vkey, older = str(scene.verifier), tmp_path / "older"
    assert judged(judge, copy, vkey, older) == (0, "holds 700\n")
    assert ours(copy, older, scene) == ""
    lie(scene, copy)
    assert judged(judge, copy, vkey, older)[0] == 1
    assert ours(copy, older, scene)


def ours(copy: Path, older: Path, scene: Scene) -> str:
    """The same look with ``tree`` and ``notes``; what is wrong."""
    try:
        head = Head.read(notes.opened((copy / "checkpoint").read_text(), [scene.verifier]).text)
        before = Head.read(notes.opened(older.read_text(), [scene.verifier]).text)
    except notes.Unverified:
        return "signature"

    def read(level: int, number: int) -> bytes:
        return (copy / Tile(level, number, min(256, (head.size >> 8 * level) - 256 * number)).path).read_bytes()

    if tree.root(read, head.size) != head.root:
        return "tiles"
    stack = tree.Stack()
    for number in range(-(-head.size // 256)):
        for line in tree.entries_of(_bundle(copy, head.size, number)):
            stack.push(line)
    if stack.root() != head.root:
        return "entries"
    try:
        proof = tree.consistency(read, before.size, head.size)
        tree.check_consistency(before.size, before.root, head.size, head.root, proof)
    except tree.Unproven as invalid:
        return str(invalid)
    return ""


def _bundle(copy: Path, size: int, number: int) -> bytes:
    return (copy / Tile(tree.ENTRIES, number, min(256, size - 256 * number)).path).read_bytes()
