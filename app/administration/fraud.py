"""What looks odd among the latest signatures of one petition. A hint is a hint: a person decides.

Worked out when the page is asked for, from what this petition's signers typed and when: no tracker,
no address of a computer, nothing kept, nothing joined to another petition.
"""

import uuid
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import Any

from sqlalchemy.orm import Session

from app import crypto
from app.folding import fold
from app.petitions import keys as petition_keys
from app.petitions.keys import Keys
from app.signatures import doubts, queries
from app.signatures.places import is_odd
from app.signatures.public import open_field, public_name, reference
from app.zone import ZONE

RECENT = 5000
# A minute is a burst when it has this many signatures, and this many times the median minute.
BURST, TIMES = 10, 5
SAME_DOMAIN, SAME_NAME = 5, 3
MOST_GROUPS = 30
# Lines shown in a card, and when it is opened alone.
FEW, ALL = 25, 500
MINUTE = timedelta(minutes=1)
# Where most people have their mailbox: sharing one of these says nothing.
COMMON = frozenset({
    "gmail.com", "googlemail.com", "orange.fr", "wanadoo.fr", "free.fr", "sfr.fr", "neuf.fr", "laposte.net",
    "bbox.fr", "numericable.fr", "aol.com", "aliceadsl.fr", "club-internet.fr", "cegetel.net", "9online.fr",
    "hotmail.com", "hotmail.fr", "outlook.com", "outlook.fr", "live.com", "live.fr", "msn.com",
    "yahoo.com", "yahoo.fr", "ymail.com", "icloud.com", "me.com", "mac.com", "gmx.com", "gmx.fr",
    "proton.me", "protonmail.com", "pm.me", "mailo.com", "posteo.net", "tutanota.com", "riseup.net",
})  # fmt: skip


@dataclass(frozen=True)
class Line:
    """One signature as this desk may see it: no address, no family name but by the signer's choice."""

    id: uuid.UUID
    reference: str
    at: datetime
    shown: str
    departement: str
    # No commune has this postal code.
    odd_code: bool
    state: str
    # What looked like a robot when it was typed, in words.
    signals: Sequence[str] = ()

    @property
    def clock(self) -> str:
        """To the second: a machine is regular."""
        return self.at.astimezone(ZONE).strftime("%d/%m/%Y %H:%M:%S")


@dataclass(frozen=True)
class Group:
    """Signatures that have something odd in common: *kind* is a reason, *what* names it."""

    key: str
    kind: str
    what: str
    lines: Sequence[Line]
    # The median of the minutes, for a burst.
    usual: float = 0

    @property
    def since(self) -> datetime:
        return min(line.at for line in self.lines)

    @property
    def until(self) -> datetime:
        return max(line.at for line in self.lines)


@dataclass(frozen=True)
class _Seen:
    """A line with what groups are made of, which is not for showing."""

    line: Line
    minute: datetime
    domain: str
    name: str


def groups(session: Session, petition_id: int, locale: str) -> list[Group]:
    """What is worth a look, the largest first. Raises Gone when the petition's data are."""
    keys = petition_keys.of(session, petition_id)
    seen = [_seen(row, keys, locale) for row in queries.latest_confirmed(session, petition_id, RECENT)]
    found = [*_bursts(seen, keys), *_domains(seen, keys), *_names(seen, keys), *_signals(seen)]
    return sorted(found, key=lambda group: -len(group.lines))[:MOST_GROUPS]


def waiting(session: Session, petition_id: int, locale: str) -> Group:
    """What came without its proof of work and counts only when somebody has looked, the latest first."""
    keys = petition_keys.of(session, petition_id)
    lines = [_line(row, keys, locale) for row in queries.latest_waiting(session, petition_id, ALL)]
    return Group("attente", "waiting", "", lines)


def aside(session: Session, petition_id: int, locale: str) -> Group:
    """What was set aside or invalidated, the latest first."""
    keys = petition_keys.of(session, petition_id)
    lines = [_line(row, keys, locale) for row in queries.latest_aside(session, petition_id, ALL)]
    return Group("ecartees", "aside", "", lines)


def _line(row: Any, keys: Keys, locale: str) -> Line:
    return Line(
        id=row.id,
        reference=reference(keys, row.id, "review"),
        at=row.confirmed_at,
        shown=" · ".join(part for part in public_name(row, keys, locale) if part),
        departement=row.departement or row.country,
        odd_code=is_odd(row.postal_code, row.country),
        state=row.state,
        signals=doubts.words(row.doubt),
    )


def _seen(row: Any, keys: Keys, locale: str) -> _Seen:
    family = open_field(keys, row.family_name_sealed, row.id.bytes, "family_name")
    email = open_field(keys, row.email_sealed, row.id.bytes, "email")
    return _Seen(
        _line(row, keys, locale),
        row.confirmed_at.replace(second=0, microsecond=0),
        email.rpartition("@")[2].lower(),
        " ".join(fold(f"{row.given_name} {family}").split()),
    )


def _bursts(seen: Sequence[_Seen], keys: Keys) -> Iterator[Group]:
    """Minutes that follow one another make one burst."""
    minutes = Counter(one.minute for one in seen)
    usual = median(minutes.values()) if minutes else 0
    busy = sorted(minute for minute, n in minutes.items() if n >= BURST and n >= TIMES * usual)
    runs: list[list[datetime]] = []
    for minute in busy:
        if runs and minute - runs[-1][-1] == MINUTE:
            runs[-1].append(minute)
        else:
            runs.append([minute])
    for run in runs:
        lines = [one.line for one in seen if run[0] <= one.minute <= run[-1]]
        yield Group(_key(keys, "burst", run[0].isoformat()), "burst", "", lines, usual)


def _domains(seen: Sequence[_Seen], keys: Keys) -> Iterator[Group]:
    for domain, lines in _alike(seen, lambda one: one.domain):
        if len(lines) >= SAME_DOMAIN and domain not in COMMON:
            yield Group(_key(keys, "domain", domain), "domain", domain, lines)


def _names(seen: Sequence[_Seen], keys: Keys) -> Iterator[Group]:
    for name, lines in _alike(seen, lambda one: one.name):
        if len(lines) >= SAME_NAME:
            yield Group(_key(keys, "name", name), "name", "", lines)


def _signals(seen: Sequence[_Seen]) -> Iterator[Group]:
    """One card a signal: it says what it is, and lists who has it."""
    for letter, word in doubts.WORDS.items():
        if lines := [one.line for one in seen if word in one.line.signals]:
            yield Group(f"signal-{letter}", "signal", word, lines)


def _alike(seen: Iterable[_Seen], what: Callable[[_Seen], str]) -> Iterable[tuple[str, list[Line]]]:
    found: defaultdict[str, list[Line]] = defaultdict(list)
    for one in seen:
        found[what(one)].append(one.line)
    return found.items()


def _key(keys: Keys, kind: str, value: str) -> str:
    """Names the group in an address without saying what it is made of."""
    return crypto.digest(keys.dedup, b"group", f"{kind} {value}".encode()).hex()[:12]
