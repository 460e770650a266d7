"""Trees, notes and lines: what the specifications say, and nothing else."""

import contextlib
from datetime import UTC, datetime
from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.register import entries, notes, tree
from app.register.entries import Entry, Kind
from app.register.notes import COSIGNATURE, Head, Note, Signer, Verifier
from app.register.tree import Tile

# The example of c2sp.org/signed-note, and Go's own.
VKEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
NOTE = (
    "This is an example message.\n\n— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZ"
    "XsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
)
HOUR = datetime(2026, 11, 27, 16, tzinfo=UTC)


def mth(lines: list[bytes]) -> bytes:
    """RFC 6962, 2.1, word for word."""
    if len(lines) < 2:
        return sha256(b"\0" + lines[0]).digest() if lines else sha256().digest()
    k = 1
    while k * 2 < len(lines):
        k *= 2
    return sha256(b"\1" + mth(lines[:k]) + mth(lines[k:])).digest()


@settings(max_examples=25, deadline=None, derandomize=True)
@given(st.data())
def test_a_tree_that_grows_by_pieces_is_that_of_the_rfc(data: st.DataObject) -> None:
    sizes = sorted(data.draw(st.sets(st.sampled_from([1, 2, 3, 7, 255, 256, 257, 511, 512, 513, 700]), min_size=1)))
    lines = [b"line %d" % n for n in range(sizes[-1])]
    stored: dict[tuple[int, int], bytes] = {}
    before = 0
    for size in sizes:
        growing = tree.Growing(before, {tile[:2]: stored[tile[:2]] for tile in tree.edge(before)})
        for line in lines[before:size]:
            growing.append(line)
        stored |= growing.changed()
        before = size
        assert growing.root() == mth(lines[:size])
    size = sizes[-1]
    root, stack = mth(lines), tree.Stack()
    for line in lines:
        stack.push(line)
    assert tree.root(_read(stored), size) == root == stack.root()
    position, earlier = data.draw(st.integers(0, size - 1)), data.draw(st.integers(0, size))
    proof = tree.inclusion(_read(stored), position, size)
    assert tree.root_by_inclusion(tree.leaf(lines[position]), position, size, proof) == root
    consistency = tree.consistency(_read(stored), earlier, size)
    tree.check_consistency(earlier, mth(lines[:earlier]), size, root, consistency)
    # Neither another line, nor another place, nor a proof that is longer, shorter or of another.
    for lie in ([*proof, root], proof[:-1], [root, *proof[1:]]):
        if lie != proof:
            with contextlib.suppress(tree.Unproven):
                assert tree.root_by_inclusion(tree.leaf(lines[position]), position, size, lie) != root
    if 0 < earlier < size:
        other = mth([*lines[: earlier - 1], b"another"])
        for old, lie in ((other, consistency), (mth(lines[:earlier]), [*consistency, root])):
            with pytest.raises(tree.Unproven):
                tree.check_consistency(earlier, old, size, root, lie)


def _read(stored: dict[tuple[int, int], bytes]) -> tree.Read:
    return lambda level, number: stored[level, number]


def test_paths_are_those_of_tlog_tiles() -> None:
    assert Tile(0, 1234067).path == "tile/0/x001/x234/067"
    assert Tile(tree.ENTRIES, 273, 112).path == "tile/entries/273.p/112"
    # "A tree of size 70,000 …" and "of size 256 …", c2sp.org/tlog-tiles.
    assert [tile for tile in tree.edge(70_000) if tile.level >= 0] == [Tile(0, 273, 112), Tile(1, 1, 17), Tile(2, 0, 1)]
    assert tree.edge(256) == [Tile(1, 0, 1)]
    for tile in tree.all_tiles(70_000):
        assert tile.within(70_000)
        assert tree.parse_path(tile.path) == tile
    assert not Tile(1, 1, 18).within(70_000)
    for wrong in ("tile/0/1", "tile/00/001", "tile/0/x000/001", "tile/0/001.p/256", "tile/0/001.p/0", "tile/0/001/"):
        assert tree.parse_path(wrong) is None


def test_notes_are_those_of_c2sp() -> None:
    verifier = Verifier.read(VKEY)
    assert str(verifier) == VKEY
    assert notes.opened(NOTE, [verifier]).text == "This is an example message.\n"
    for lie in (
        NOTE.replace("an example", "another"), NOTE.replace("aQM=", "aQQ="), NOTE.replace("\n\n", "\n"), NOTE[:-1],
        NOTE.replace("— ", "- "), NOTE.replace("Uw2Q", "Uw2R"), NOTE.replace("foo ", "bar "), NOTE + "\t", "",
    ):  # fmt: skip
        with pytest.raises((notes.Malformed, notes.Unverified)):
            notes.opened(lie, [verifier])
    for lie in (VKEY.replace("530d", "530e"), VKEY[:-4], VKEY.replace("+", " "), "a b+530d903a+AekyeRrm"):
        with pytest.raises(notes.Malformed):
            Verifier.read(lie)


def test_a_witness_signs_beside_the_log() -> None:
    signer = Signer("petitions.example/registre", bytes(range(32)))
    witness = Signer("witness.example/w1", bytes(range(1, 33)), COSIGNATURE)
    head = Head("petitions.example/registre/gare", 20852163, sha256(b"root").digest())
    assert notes.cosigned(str(head), 1679315147).decode() == f"cosignature/v1\ntime 1679315147\n{head}"
    note = notes.sign(str(head), [signer]) + witness.line(str(head), 1679315147)
    found = Note.read(note).signed_by([signer.verifier, witness.verifier])
    assert [verifier for verifier, _ in found] == [signer.verifier, witness.verifier]
    assert found[1][1].time == 1679315147
    assert Head.read(Note.read(note).text) == head
    later = witness.line(str(Head(head.origin, head.size + 1, head.root)), 1679315147)
    with pytest.raises(notes.Unverified):
        Note.read(notes.sign(str(head), [signer]) + later).signed_by([witness.verifier])
    for lie in ("x\n01\nAA==\n", "x\n1\nAA==\n", "\n1\n\n", f"x\n-1\n{'A' * 43}=\n", f"x\n1\n{'A' * 43}="):
        with pytest.raises(notes.Malformed):
            Head.read(lie)


def test_lines_have_one_spelling() -> None:
    commitment = entries.commitment(bytes(16), "anne@exemple.test", "gare", Kind.CONFIRMED)
    known = sha256(bytes(16) + sha256(b"anne@exemple.test").digest() + b"gareconfirmed").digest()
    assert commitment == known
    [line] = entries.person(Kind.CONFIRMED, 1, HOUR, commitment)
    assert line == b"v1 confirmed +1 1 2026-11-27T16Z " + known.hex().encode()
    told = [
        Entry.read(line),
        Entry(Kind.PAPER, -12, 2, HOUR),
        Entry(Kind.ERASED_TOTAL, 0, 0, HOUR, "12110"),
        Entry(Kind.ROLLED_BACK, 0, 0, HOUR, "7 " + "0a" * 32),
    ]
    assert [Entry.read(bytes(entry)) for entry in told] == told
    for lie in (
        line.replace(b"+1", b"+2"), line.replace(b"+1", b"1"), line.replace(b"16Z", b"24Z"), line + b" ", line[:-1],
        line.replace(b"v1", b"v2"), line.replace(b" 1 ", b" 01 "), line.upper(), b"v1 paper -0 1 2026-11-27T16Z",
        b"v1 paper +1 1 2026-11-27T16Z more", b"v1 erased-total +1 0 2026-11-27T16Z 4", "v1 é".encode(), b"",
        b"v1 rolled-back +0 0 2026-11-27T16Z 7", b"v1 paper +1 1 2026-02-30T16Z", line.replace(b" +", b"  +"),
    ):  # fmt: skip
        with pytest.raises(entries.Malformed):
            Entry.read(lie)


def test_a_bundle_is_whole() -> None:
    content = tree.bundle([b"one", b"", b"three"])
    assert tree.entries_of(content) == [b"one", b"", b"three"]
    assert tree.first_of(content, Tile(tree.ENTRIES, 0, 2)) == tree.bundle([b"one", b""])
    for cut in (content[:-1], content[:1], content[: len(content) - 6]):
        with pytest.raises(tree.Unproven):
            tree.entries_of(cut)
    with pytest.raises(tree.Unproven):
        tree.first_of(content, Tile(tree.ENTRIES, 0, 4))
