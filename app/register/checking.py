"""A register seen from outside, by whoever has neither account nor database: read whole, and again after a while.

Pure, but for the *source*, which gives what is at an address below the register's.
"""

import re
from base64 import b64decode, b64encode
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from app.register import entries, notes, tree
from app.register.entries import PERSONAL, Entry, Kind
from app.register.notes import Head, Note, Verifier
from app.register.tree import ENTRIES, WIDTH, Stack, Tile

_FIGURES = re.compile(rb"[0-9a-f]{64}")


class Source(Protocol):
    """Raises Unreachable, Missing."""

    def get(self, path: str) -> bytes: ...

    def many(self, paths: Sequence[str]) -> Iterator[bytes]: ...


class Unreachable(Exception):
    """The site cannot be asked now."""


class Missing(Unreachable):
    """It answers, and there is no such thing."""


class Rewritten(Exception):
    """What must never happen to a register, in a sentence; *told*: it says so itself, in a line for everybody."""

    def __init__(self, sentence: str, *, told: bool = False) -> None:
        super().__init__(sentence)
        self.told = told


class GivenUp(NamedTuple):
    """What a line says: what had been published, as far as *size* and *root*, goes no further than its position."""

    position: int
    size: int
    root: str
    line: str


@dataclass
class Reading:
    """A log as far as it was read: its root, and what its lines add up to by their kind."""

    stack: Stack = field(default_factory=Stack)
    sums: Counter[str] = field(default_factory=Counter)
    # What a line of a person begins with → its kind: most begin like another one.
    _known: dict[bytes, str] = field(default_factory=dict)
    given_up: list[GivenUp] = field(default_factory=list)

    @property
    def size(self) -> int:
        return self.stack.size

    @property
    def total(self) -> int:
        return sum(self.sums.values())

    def add(self, line: bytes) -> int:
        """Its change. Raises Rewritten when it is no line of a register."""
        beginning, _, rest = line.rpartition(b" ")
        kind = self._known.get(beginning)
        if kind is None or _FIGURES.fullmatch(rest) is None:
            entry = self._read(line)
            kind, change = entry.kind.value, entry.change
            if entry.kind in PERSONAL:
                self._known[beginning] = kind
        else:
            change = PERSONAL[Kind(kind)]
        self.stack.push(line)
        self.sums[kind] += change
        return change

    def _read(self, line: bytes) -> Entry:
        try:
            entry = Entry.read(line)
        except entries.Malformed:
            raise Rewritten(f"La ligne {self.size + 1} du registre n’en est pas une : {_shown(line)}.") from None
        if entry.kind == Kind.ROLLED_BACK:
            size, root = entry.rest.split(" ")
            self.given_up.append(GivenUp(self.size, int(size), root, line.decode()))
        return entry

    def as_kept(self) -> dict[str, Any]:
        roots = [b64encode(root).decode() for root in self.stack.roots]
        return {"size": self.size, "roots": roots, "sums": dict(self.sums), "given_up": self.given_up}

    @classmethod
    def kept(cls, said: Mapping[str, Any]) -> "Reading":
        stack = Stack(said["size"], [b64decode(root) for root in said["roots"]])
        given_up = [GivenUp(*each) for each in said.get("given_up", [])]
        return cls(stack, Counter(said["sums"]), given_up=given_up)


def _shown(line: bytes) -> str:
    text = line[:60].decode("ascii", "backslashreplace")
    return f"« {text if text.isprintable() else ascii(text)} »"


def head_of(source: str, keys: Sequence[Verifier]) -> Head:
    """Of a checkpoint that one of these keys has signed. Raises Rewritten."""
    try:
        return Head.read(notes.opened(source, keys).text)
    except notes.Malformed:
        raise Rewritten("La tête du registre n’est pas écrite comme une tête (C2SP tlog-checkpoint).") from None
    except notes.Unverified:
        raise Rewritten("La tête du registre n’est pas signée par la clé attendue.") from None


def lines_of(source: Source, first: int, size: int) -> Iterator[bytes]:
    """The entries from *first* on of a register of *size*; only the bundles that have them."""
    tiles = [
        Tile(ENTRIES, number, min(WIDTH, size - number * WIDTH)) for number in range(first // WIDTH, -(-size // WIDTH))
    ]
    for tile, content in zip(tiles, source.many([tile.path for tile in tiles]), strict=True):
        start = tile.number * WIDTH
        try:
            found = tree.entries_of(content)
        except tree.Unproven:
            found = []
        if len(found) != tile.width:
            raise Rewritten(f"Le paquet {tile.path} n’a pas ses {tile.width} lignes : il en manque au registre.")
        yield from found[max(0, first - start) :]


def read(lines: Iterable[bytes], reading: Reading | None = None) -> Reading:
    reading = reading or Reading()
    for line in lines:
        reading.add(line)
    return reading


def lead_to(reading: Reading, head: Head) -> None:
    """Raises Rewritten unless what was read is what the head says."""
    if reading.size != head.size:
        raise Rewritten(f"La tête dit {head.size} lignes, et il y en a {reading.size}.")
    if reading.stack.root() != head.root:
        raise Rewritten("Les lignes ne mènent pas à la tête signée : l’une d’elles a été changée, ôtée ou déplacée.")


def downloaded(lines: Iterable[bytes], keys: Sequence[Verifier]) -> tuple[Reading, Head, Note]:
    """A file: a line an entry, an empty one, the head; without *keys*, the head's signature is not looked at."""
    reading, rest = Reading(), iter(lines)
    for line in rest:
        if not (entry := line.rstrip(b"\r\n")):
            break
        reading.add(entry)
    source = b"".join(rest).replace(b"\r\n", b"\n").decode("utf-8", "replace")
    if not source:
        raise Rewritten("Ce fichier est incomplet : la tête du registre manque à sa fin.")
    try:
        note = Note.read(source)
        head = head_of(source, keys) if keys else Head.read(note.text)
    except notes.Malformed:
        raise Rewritten("Ce fichier est incomplet : la tête du registre n’y est pas entière.") from None
    lead_to(reading, head)
    return reading, head, note


# Watching


@dataclass(frozen=True)
class Seen:
    """What a watcher remembers of a register: the last head, as it was signed, and all that leads to it."""

    reading: Reading
    note: str
    keys: Sequence[str]

    @property
    def head(self) -> Head:
        return Head.read(Note.read(self.note).text)

    def as_kept(self) -> dict[str, Any]:
        return {"keys": list(self.keys), "note": self.note, **self.reading.as_kept()}

    @classmethod
    def kept(cls, said: Mapping[str, Any]) -> "Seen":
        return cls(Reading.kept(said), said["note"], said["keys"])


class Differs(Exception):
    """The register is whole, and the site shows another number."""

    def __init__(self, seen: Seen, shown: int) -> None:
        super().__init__(
            f"Le site affiche {shown} signatures, et les lignes de son registre en font {seen.reading.total} :"
            " ce devrait être le même nombre."
        )
        self.seen = seen


def look_again(source: Source, before: Seen | None, keys: Sequence[str]) -> Seen:
    """What it is now, when it has only grown. Raises Rewritten, Unreachable."""
    verifiers = [Verifier.read(key) for key in keys]
    note = source.get("checkpoint").decode("utf-8", "replace")
    head = head_of(note, verifiers)
    if before is None:
        reading = read(lines_of(source, 0, head.size))
        lead_to(reading, head)
        return Seen(reading, note, keys)
    last = before.head
    if head.origin != last.origin:
        raise Rewritten(f"Ce n’est plus le même registre : {head.origin}, et c’était {last.origin}.")
    if head.size > last.size:
        reading = read(lines_of(source, last.size, head.size), Reading.kept(before.reading.as_kept()))
        if reading.stack.root() == head.root:
            return Seen(reading, note, keys)
    elif head.size == last.size and head.root == last.root:
        return Seen(before.reading, note, keys)
    raise _what_happened(source, before, head)


def _what_happened(source: Source, before: Seen, head: Head) -> Rewritten:
    """The head of before is not in the log of now: does a line say so? Not one that was there before."""
    last, here = before.head, Reading()
    for line in lines_of(source, 0, head.size):
        here.add(line)
    lead_to(here, head)
    for position, size, root, _ in (line for line in here.given_up if line not in before.reading.given_up):
        if size >= last.size > position or (size, root) == (last.size, last.root.hex()):
            return Rewritten(
                f"Le site a remis en place une sauvegarde et le dit, à la ligne {position + 1} de son registre : il lui"
                f" manque les lignes {position + 1} à {size} d’avant. Demandez-lui pourquoi.",
                told=True,
            )
        if last.size > position >= size:
            return Rewritten(
                f"Le site a remis en place une sauvegarde et le dit, à la ligne {position + 1} de son registre, sans"
                " savoir ce qu’il avait publié ensuite : il lui manque les lignes"
                f" {position + 1} à {last.size} d’avant. Demandez-lui pourquoi.",
                told=True,
            )
    if head.size < last.size:
        return Rewritten(f"Le registre a {head.size} lignes ; il en avait {last.size} : il en a été ôté.")
    if head.size == last.size:
        return Rewritten(f"Deux têtes signées ont la même taille, {head.size} lignes, et ne disent pas la même chose.")
    return Rewritten(f"Les {last.size} premières lignes ne sont plus celles d’avant : le registre a été réécrit.")


def sums_between(source: Source, before: Seen, after: Seen) -> set[int]:
    """Every total that the register went through from one look to the next."""
    total = before.reading.total
    found = {total}
    again = Reading()
    for line in lines_of(source, before.reading.size, after.reading.size):
        total += again.add(line)
        found.add(total)
    return found
