"""What a register says: one line of ASCII an entry.

    v1 <kind> <change> <version of the text> <hour> [<the rest>]
    v1 confirmed +1 1 2026-11-27T16Z 6b2f…(64 hexadecimal figures: the commitment)

*change* is what the count becomes larger by: the changes of a register, added up, are the count. The hour is UTC, the
event's own, never finer. The rest: the commitment of one person's event; ``erased-total``: the last count;
``rolled-back``: size and root (hexadecimal) of the head that had been published before a backup was put back,
or of the backup itself where nobody can tell what had been published after it.

The commitment is SHA-256(secret ‖ SHA-256(canonical address) ‖ name of the register ‖ kind): the secret, 16 bytes, is
an HMAC of the signature's id with a key of the petition's own; the name is what follows the last ``/`` of the log's
origin. Without the secret it can be tied to no address, and none has the secret once that key, or the id, is gone.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache
from hashlib import sha256

SECRET = 16


class Kind(StrEnum):
    CONFIRMED = "confirmed"
    WITHDRAWN = "withdrawn"
    SET_ASIDE = "set-aside"
    RESTORED = "restored"
    PAPER = "paper"
    # What history needs: a count that was repaired, what was counted before there was a register.
    CORRECTED = "corrected"
    # At the end of life: nothing changes, but rows and keys are gone for good.
    ERASED_TOTAL = "erased-total"
    # A backup older than the last published head was put back: this log goes on from there.
    ROLLED_BACK = "rolled-back"


# What one line of a person's event changes.
PERSONAL = {Kind.CONFIRMED: 1, Kind.RESTORED: 1, Kind.WITHDRAWN: -1, Kind.SET_ASIDE: -1}
_KINDS = "|".join(Kind)
_LINE = re.compile(
    rf"v1 ({_KINDS}) ([+-](?:0|[1-9]\d{{0,8}})) (0|[1-9]\d{{0,5}}) (\d{{4}}-\d\d-\d\dT\d\dZ)(?: (.+))?", re.ASCII
)
_REST = {
    Kind.ERASED_TOTAL: re.compile(r"0|[1-9]\d{0,9}", re.ASCII),
    Kind.ROLLED_BACK: re.compile(r"(0|[1-9]\d{0,11}) [0-9a-f]{64}", re.ASCII),
    **dict.fromkeys(PERSONAL, re.compile("[0-9a-f]{64}")),
}


class Malformed(Exception):
    """Not a line of a register."""


@dataclass(frozen=True)
class Entry:
    kind: Kind
    change: int
    version: int
    hour: datetime
    rest: str = ""

    @property
    def commitment(self) -> bytes:
        """b"" when it is nobody's event."""
        return bytes.fromhex(self.rest) if self.kind in PERSONAL else b""

    def __bytes__(self) -> bytes:
        said = f"v1 {self.kind} {self.change:+d} {self.version} {said_hour(self.hour)}"
        return f"{said} {self.rest}".rstrip().encode("ascii")

    @classmethod
    def read(cls, line: bytes) -> "Entry":
        """Raises Malformed."""
        found = _LINE.fullmatch(line.decode("ascii", "replace"))
        if found is None:
            raise Malformed("not a line of a register")
        kind, change, rest = Kind(found[1]), int(found[2]), found[5] or ""
        if found[2] == "-0":
            raise Malformed("another spelling")
        shape = _REST.get(kind)
        if (shape is None and rest) or (shape is not None and shape.fullmatch(rest) is None):
            raise Malformed("what follows the hour is not of its kind")
        if kind in PERSONAL and change != PERSONAL[kind]:
            raise Malformed("a person counts once")
        if kind in {Kind.ERASED_TOTAL, Kind.ROLLED_BACK} and change:
            raise Malformed("it changes nothing")
        return cls(kind, change, int(found[3]), _hour(found[4]), rest)


@lru_cache(maxsize=1024)
def _hour(said: str) -> datetime:
    try:
        return datetime.strptime(said, "%Y-%m-%dT%HZ").replace(tzinfo=UTC)
    except ValueError:
        raise Malformed("no such hour") from None


def said_hour(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%HZ")


def commitment(secret: bytes, address: str, name: str, kind: Kind) -> bytes:
    """*address*: canonical."""
    return sha256(secret + sha256(address.encode()).digest() + name.encode() + kind.encode()).digest()


def person(kind: Kind, version: int, hour: datetime, commitments: bytes) -> list[bytes]:
    """The lines of a group: 32 bytes of *commitments* each."""
    start = f"v1 {kind} {PERSONAL[kind]:+d} {version} {said_hour(hour)} "
    figures = commitments.hex()
    return [(start + figures[at : at + 64]).encode() for at in range(0, len(figures), 64)]
