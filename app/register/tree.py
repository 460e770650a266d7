"""The tree of a log (RFC 6962) in tiles of 256 hashes (C2SP ``tlog-tiles``): growing it, proving, checking.

Pure: whoever proves gives a function that reads tiles, whoever grows a tree gets those that changed.
"""

import re
import struct
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from hashlib import sha256
from typing import NamedTuple

HASH = 32
WIDTH = 256
# The level of what is hashed: bundles of entries, each after its length.
ENTRIES = -1
EMPTY = sha256(b"").digest()
# A level and a number give a tile's hashes, as many as there are, or are wanted.
Read = Callable[[int, int], bytes]
_LENGTH = struct.Struct(">H")


class Unproven(Exception):
    """A proof that does not prove, or a bundle that is none."""


def leaf(entry: bytes) -> bytes:
    return sha256(b"\0" + entry).digest()


def node(left: bytes, right: bytes) -> bytes:
    return sha256(b"\1" + left + right).digest()


def _split(hashes: bytes) -> list[bytes]:
    return [hashes[start : start + HASH] for start in range(0, len(hashes), HASH)]


def _whole(hashes: Sequence[bytes]) -> bytes:
    """The root over two to the something of them."""
    while len(hashes) > 1:
        pairs = iter(hashes)
        hashes = [sha256(b"\1" + left + right).digest() for left, right in zip(pairs, pairs, strict=True)]
    return hashes[0]


# Tiles


class Tile(NamedTuple):
    """``width`` hashes of a level, or entries, from ``number`` × 256."""

    level: int
    number: int
    width: int = WIDTH

    @property
    def path(self) -> str:
        """Its address below the log's, ``tile/0/x001/234.p/5``."""
        level = "entries" if self.level == ENTRIES else str(self.level)
        thousands = f"{self.number:03}"
        thousands = "0" * (-len(thousands) % 3) + thousands
        *first, last = (thousands[start : start + 3] for start in range(0, len(thousands), 3))
        number = "/".join([*(f"x{part}" for part in first), last])
        return f"tile/{level}/{number}" + ("" if self.width == WIDTH else f".p/{self.width}")

    def within(self, size: int) -> bool:
        """A tree of *size* has it: no tile beyond it, none that is empty."""
        return (self.number * WIDTH + self.width) << 8 * max(self.level, 0) <= size


_PATH = re.compile(r"tile/(entries|0|[1-9]\d?)/((?:x\d{3}/){0,5}\d{3})(?:\.p/([1-9]\d{0,2}))?", re.ASCII)


def parse_path(path: str) -> Tile | None:
    """The tile of that address; None for another spelling of it, too."""
    found = _PATH.fullmatch(path)
    if found is None:
        return None
    level = ENTRIES if found[1] == "entries" else int(found[1])
    tile = Tile(level, int(re.sub("[x/]", "", found[2])), int(found[3] or WIDTH))
    return tile if tile.path == path and level <= 63 else None


def edge(size: int) -> list[Tile]:
    """The tiles at the right of a tree that are not full, bundle included: a tree grows from them."""
    tiles = [Tile(ENTRIES, size // WIDTH, size % WIDTH)]
    level = 0
    while size:
        tiles.append(Tile(level, size // WIDTH, size % WIDTH))
        level, size = level + 1, size // WIDTH
    return [tile for tile in tiles if tile.width]


def all_tiles(size: int) -> Iterator[Tile]:
    """Every one of a tree of *size*, full or not."""
    yield from _level(ENTRIES, size)
    level = 0
    while size:
        yield from _level(level, size)
        level, size = level + 1, size // WIDTH


def _level(level: int, hashes: int) -> Iterator[Tile]:
    yield from (Tile(level, number) for number in range(hashes // WIDTH))
    if hashes % WIDTH:
        yield Tile(level, hashes // WIDTH, hashes % WIDTH)


def bundle(entries: Iterable[bytes]) -> bytes:
    return b"".join([_LENGTH.pack(len(entry)) + entry for entry in entries])


def entries_of(content: bytes, most: int = WIDTH) -> list[bytes]:
    """The first *most* of a bundle. Raises Unproven when they are not whole."""
    found: list[bytes] = []
    at = 0
    while at < len(content) and len(found) < most:
        if at + 2 > len(content):
            raise Unproven("a bundle that ends within a length")
        (length,) = _LENGTH.unpack_from(content, at)
        found.append(content[at + 2 : at + 2 + length])
        if len(found[-1]) < length:
            raise Unproven("a bundle that ends within an entry")
        at += 2 + length
    return found


def first_of(content: bytes, tile: Tile) -> bytes:
    """As much of a stored tile as one of this width holds. Raises Unproven when it holds less."""
    if tile.level != ENTRIES:
        if len(content) < tile.width * HASH:
            raise Unproven(f"{tile.path} is not there")
        return content[: tile.width * HASH]
    entries = entries_of(content, tile.width)
    if len(entries) < tile.width:
        raise Unproven(f"{tile.path} is not there")
    return bundle(entries)


class Growing:
    """A tree that entries are added to: its right edge is all that it needs."""

    def __init__(self, size: int, edge: Mapping[tuple[int, int], bytes]) -> None:
        """*edge*: the content of each tile of ``edge(size)`` by (level, number)."""
        self.size = size
        self._hashes = {level: _split(content) for (level, _), content in edge.items() if level != ENTRIES}
        self._entries = edge.get((ENTRIES, size // WIDTH), b"")
        # What is to be stored: full tiles, and the edge as it is now.
        self._full: dict[tuple[int, int], bytes] = {}
        self._grown: set[int] = set()

    def append(self, entry: bytes) -> int:
        """Its position."""
        position = self.size
        self._entries += _LENGTH.pack(len(entry)) + entry
        self.size += 1
        if self.size % WIDTH == 0:
            self._full[ENTRIES, position // WIDTH] = self._entries
            self._entries = b""
        self._push(0, leaf(entry))
        return position

    def _push(self, level: int, digest: bytes) -> None:
        hashes = self._hashes.setdefault(level, [])
        hashes.append(digest)
        self._grown.add(level)
        if len(hashes) == WIDTH:
            self._full[level, (self.size >> 8 * (level + 1)) - 1] = b"".join(hashes)
            self._hashes[level] = []
            self._push(level + 1, _whole(hashes))

    def changed(self) -> dict[tuple[int, int], bytes]:
        """(level, number) → content of every tile that is new or has grown."""
        found = dict(self._full)
        if self._entries:
            found[ENTRIES, self.size // WIDTH] = self._entries
        for level in self._grown:
            if self._hashes[level]:
                found[level, self.size >> 8 * (level + 1)] = b"".join(self._hashes[level])
        return found

    def root(self) -> bytes:
        found = b""
        for level in sorted(self._hashes):
            for digest in reversed(_perfect(self._hashes[level])):
                found = node(digest, found) if found else digest
        return found or EMPTY


def _perfect(hashes: Sequence[bytes]) -> list[bytes]:
    """The roots of the largest whole trees over them, from the left."""
    roots, at = [], 0
    while at < len(hashes):
        width = 1 << (len(hashes) - at).bit_length() - 1
        roots.append(_whole(hashes[at : at + width]))
        at += width
    return roots


class Stack:
    """The root of entries that come one after the other, none of which is kept."""

    def __init__(self, size: int = 0, roots: Sequence[bytes] = ()) -> None:
        """Empty, or as another one was left."""
        self.size = size
        self.roots = list(roots)

    def push(self, entry: bytes) -> None:
        digest, size, roots = sha256(b"\0" + entry).digest(), self.size, self.roots
        while size & 1:
            digest = sha256(b"\1" + roots.pop() + digest).digest()
            size >>= 1
        roots.append(digest)
        self.size += 1

    def root(self) -> bytes:
        found = b""
        for digest in reversed(self.roots):
            found = node(digest, found) if found else digest
        return found or EMPTY


# Proofs


def root(read: Read, size: int) -> bytes:
    """Of the first *size* entries."""
    return _root(read, 0, size) if size else EMPTY


def inclusion(read: Read, position: int, size: int) -> list[bytes]:
    """From the sibling of the entry's own hash up: RFC 6962, 2.1.1."""
    return _path(read, position, 0, size)


def consistency(read: Read, before: int, size: int) -> list[bytes]:
    """That the first *before* entries are those of the tree of that size: RFC 6962, 2.1.2."""
    return [] if before in {0, size} else _subproof(read, before, 0, size, same=True)


def _largest(n: int) -> int:
    """The largest power of two below *n*."""
    return 1 << (n - 1).bit_length() - 1


def _root(read: Read, low: int, high: int) -> bytes:
    n = high - low
    if n & (n - 1) == 0:
        return _at(read, n.bit_length() - 1, low)
    middle = low + _largest(n)
    return node(_root(read, low, middle), _root(read, middle, high))


def _at(read: Read, height: int, low: int) -> bytes:
    """The root over 2**height entries from *low*: so many hashes of one tile."""
    level, within = divmod(height, 8)
    number, start = divmod(low >> 8 * level, WIDTH)
    hashes = read(level, number)[start * HASH : (start + (1 << within)) * HASH]
    if len(hashes) != HASH << within:
        raise Unproven(f"tile {level}/{number} is too short")
    return _whole(_split(hashes))


def _path(read: Read, position: int, low: int, high: int) -> list[bytes]:
    if high - low == 1:
        return []
    middle = low + _largest(high - low)
    if position < middle:
        return [*_path(read, position, low, middle), _root(read, middle, high)]
    return [*_path(read, position, middle, high), _root(read, low, middle)]


def _subproof(read: Read, before: int, low: int, high: int, *, same: bool) -> list[bytes]:
    if before == high - low:
        return [] if same else [_root(read, low, high)]
    half = _largest(high - low)
    if before <= half:
        return [*_subproof(read, before, low, low + half, same=same), _root(read, low + half, high)]
    return [*_subproof(read, before - half, low + half, high, same=False), _root(read, low, low + half)]


def root_by_inclusion(digest: bytes, position: int, size: int, proof: Sequence[bytes]) -> bytes:
    """The root that this proof leads to from an entry's hash. Raises Unproven."""
    if not 0 <= position < size:
        raise Unproven("a position outside of the tree")
    at, last, found = position, size - 1, digest
    for sibling in proof:
        if last == 0:
            raise Unproven("a proof that is too long")
        if at & 1 or at == last:
            found = node(sibling, found)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            found = node(found, sibling)
        at, last = at >> 1, last >> 1
    if last:
        raise Unproven("a proof that is too short")
    return found


def check_consistency(before: int, old: bytes, size: int, new: bytes, proof: Sequence[bytes]) -> None:
    """The tree of root *new* only adds to that of root *old* (RFC 9162, 2.1.4.2). Raises Unproven."""
    if before > size:
        raise Unproven("a tree that has become smaller")
    if before in {0, size}:
        if proof or (before == size and old != new) or (before == 0 and old != EMPTY):
            raise Unproven("two heads of one size")
        return
    path = [old, *proof] if before & (before - 1) == 0 else list(proof)
    if not path:
        raise Unproven("a proof that is too short")
    at, last = before - 1, size - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    first = second = path[0]
    for sibling in path[1:]:
        if last == 0:
            raise Unproven("a proof that is too long")
        if at & 1 or at == last:
            first, second = node(sibling, first), node(sibling, second)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            second = node(second, sibling)
        at, last = at >> 1, last >> 1
    if last or (first, second) != (old, new):
        raise Unproven("a tree that was rewritten")
