"""The log itself: opened by the one process that appends, checked, added to, signed."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from urllib.parse import urlsplit

import structlog
from sqlalchemy.orm import Session

from app.clock import hour_of
from app.crypto import Vault
from app.register import entries, notes, queries, tree
from app.register.entries import PERSONAL, Entry, Kind
from app.register.models import RegisterHead
from app.register.notes import Head, Signer, Verifier
from app.register.published import Published
from app.settings import Settings

log = structlog.get_logger("register")


class Broken(Exception):
    """The stored log is not the one that its head tells: nothing is added to it, nothing signed."""


@dataclass(frozen=True)
class Pen:
    """Who writes: the host that logs are of, the keys that sign, and what was published from here."""

    host: str
    seeds: list[bytes]
    published: Published

    @classmethod
    def of(cls, settings: Settings, vault: Vault) -> "Pen":
        return cls(urlsplit(settings.origin).netloc, vault.registers, Published(settings.var))

    @cached_property
    def signer(self) -> Signer:
        """One key for every log of this instance: what is printed is one line."""
        return Signer(f"{self.host}/registre", self.seeds[0])

    @cached_property
    def vkey(self) -> str:
        return str(self.signer.verifier)

    @property
    def vkeys(self) -> list[str]:
        """Of every key at hand, the present one first."""
        return [str(Signer(self.signer.name, seed).verifier) for seed in self.seeds]

    def origin(self, row: RegisterHead) -> str:
        """Of a log: fixed by its first signature, whatever host or address come later."""
        return row.origin or f"{self.host}/registre/{row.name}"

    def signers(self, before: str) -> list[Signer]:
        """The present key; beside it, the one that has signed *before* where it is another and at hand."""
        if before in {"", self.vkey}:
            return [self.signer]
        known = Verifier.read(before)
        earlier = (Signer(known.name, seed) for seed in self.seeds)
        return [self.signer, *(one for one in earlier if one.verifier == known)]


class Log:
    """One petition's, locked until the commit."""

    def __init__(self, session: Session, petition_id: int, pen: Pen, now: datetime) -> None:
        """Raises Broken. Says in the log itself that it was taken back, if it was."""
        self.session, self.pen, self.now = session, pen, now
        self.row = queries.lock(session, petition_id)
        size = self.row.size
        edge = tree.edge(size)
        stored = queries.tiles(session, petition_id, edge)
        try:
            cut = {(tile.level, tile.number): tree.first_of(stored[tile.level, tile.number], tile) for tile in edge}
        except (KeyError, tree.Unproven):
            raise Broken(self.row.name) from None
        self._tree = tree.Growing(size, cut)
        if self._tree.root() != self.row.root:
            raise Broken(self.row.name)
        self._places: list[tuple[bytes, int]] = []
        self._sums: Counter[Kind] = Counter()
        self._rolled_back = False
        self._declare()

    def _declare(self) -> None:
        """What was published is in it; or else a backup was put back, and everybody reads so."""
        last = self.pen.published.get(self.pen.origin(self.row))
        if last is None or tells(self.session, self.row, last):
            return
        self.roll_back(last)

    def roll_back(self, last: Head) -> None:
        """This log goes on without what had been published as *last*."""
        log.error("register_rolled_back", register=self.row.name, published=last.size, here=self.row.size)
        rest = f"{last.size} {last.root.hex()}"
        self.append(Entry(Kind.ROLLED_BACK, 0, 0, hour_of(self.now), rest))
        self.row.rolled_back_at = self.now
        self._rolled_back = True

    def append(self, entry: Entry) -> None:
        position = self._tree.append(bytes(entry))
        if entry.commitment:
            self._places.append((entry.commitment, position))
        self.row.total += entry.change
        self._sums[entry.kind] += entry.change
        if entry.kind == Kind.PAPER:
            self.row.paper += entry.change
        if entry.kind == Kind.ERASED_TOTAL:
            self.row.closed = True

    def append_people(self, kind: Kind, version: int, hour: datetime, commitments: bytes) -> None:
        """The same for a group, as fast as it goes."""
        add, places = self._tree.append, self._places
        lines = entries.person(kind, version, hour, commitments)
        for nth, line in enumerate(lines):
            places.append((commitments[32 * nth : 32 * nth + 32], add(line)))
        self.row.total += PERSONAL[kind] * len(lines)
        self._sums[kind] += PERSONAL[kind] * len(lines)

    def keep(self) -> None:
        """Write down what was added."""
        if self._tree.size == self.row.size:
            return
        queries.keep_tiles(self.session, self.row.petition_id, self._tree.changed())
        queries.keep_places(self.session, self.row.petition_id, self._places)
        queries.add_sums(self.session, self.row.petition_id, self._sums)
        self.row.size, self.row.root = self._tree.size, self._tree.root()
        self._places, self._sums = [], Counter()
        self.session.flush()

    def sign(self) -> Head | None:
        """What is kept is public once this is committed; the head when it is a new one."""
        row, pen = self.row, self.pen
        before = (row.signed_size, row.signed_by)
        row.origin, row.signed_at = pen.origin(row), self.now
        head = Head(row.origin, row.size, row.root)
        new = before != (row.size, pen.vkey) or not row.note
        if new:
            row.note = notes.sign(str(head), pen.signers(row.signed_by))
            row.signed_by, row.signed_size = pen.vkey, row.size
        queries.keep_checkpoint(self.session, row, self.now)
        self.session.flush()
        return head if new else None

    @property
    def due(self) -> bool:
        """Whether a second has gone by since the last signature, whichever way the clock has moved.

        A head that takes back another is published at once: nobody is to declare it again. So is the first of a key.
        """
        signed = self.row.signed_at
        at_once = self._rolled_back or self.row.signed_by != self.pen.vkey
        return at_once or signed is None or abs(self.now - signed) >= queries.EVERY


def tells(session: Session, row: RegisterHead, head: Head) -> bool:
    """Whether that head is one of this log's, now or earlier."""
    if head.size > row.size:
        return False
    if head.size == row.size:
        return head.root == row.root
    try:
        return tree.root(queries.reader(session, row.petition_id), head.size) == head.root
    except tree.Unproven:
        return False


def behind(session: Session, pen: Pen) -> list[tuple[RegisterHead, Head]]:
    """Logs that lack what was published of them from here: the database is older, or another one."""
    published = ((row, pen.published.get(pen.origin(row))) for row in queries.heads(session))
    return [(row, head) for row, head in published if head is not None and not tells(session, row, head)]
