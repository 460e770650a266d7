"""A count changes: whatever does that comes here, and both the count and the register's news are told.

In the transaction of the change, so that neither is ever without the other.
"""

import uuid
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import NamedTuple

from sqlalchemy.orm import Session

from app import clock
from app.mail.addresses import canonical
from app.petitions import keys as petition_keys
from app.petitions import on_paper
from app.petitions import queries as petition_queries
from app.register import queries
from app.register.actions.receipts import secret_of
from app.register.entries import PERSONAL, Kind, commitment


class Person(NamedTuple):
    """Of whose signature something is told; *hour*: in which the count has it, the one of its confirmation."""

    id: uuid.UUID
    address: str
    version: int
    hour: datetime


def count(session: Session, petition_id: int, kind: Kind, people: Iterable[Person], now: datetime) -> None:
    """One more for each of these, or one less, by the *kind* of what happened to them."""
    people = list(people)
    changes: Counter[tuple[datetime, int]] = Counter()
    for person in people:
        changes[person.hour, person.version] += PERSONAL[kind]
    if kind != Kind.CONFIRMED and queries.is_counted_for_good(session, petition_id):
        petition_queries.add_to_count(session, petition_id, changes)
        return  # what is counted for good is shown, whoever leaves
    if not people:
        return
    keys, name = petition_keys.of(session, petition_id), queries.name_of(session, petition_id)
    versions: dict[int, list[bytes]] = {}
    for person in people:
        secret = secret_of(keys, person.id)
        one = commitment(secret, canonical(person.address), name, kind)
        versions.setdefault(person.version, []).append(one)
    queries.count_people(session, petition_id, kind, clock.hour_of(now), changes, versions)


def count_paper(session: Session, petition_id: int, changes: Mapping[tuple[datetime, int], int], now: datetime) -> None:
    """Signatures on paper that count from now on, or no longer; by the hour in which the count has them."""
    on_paper.add(session, petition_id, changes)
    hour = clock.hour_of(now)
    rows = [{"version": version, "change": n} for (_, version), n in changes.items() if n]
    queries.add_news(session, petition_id, [{"kind": Kind.PAPER, "hour": hour} | row for row in rows])


def correct(session: Session, petition_id: int, n: int, now: datetime) -> None:
    """The count was made again from its rows, which the register had not told so."""
    if n:
        row = {"kind": Kind.CORRECTED, "hour": clock.hour_of(now), "version": 0, "change": n}
        queries.add_news(session, petition_id, [row])


def close(session: Session, petition_id: int, total: int, now: datetime) -> None:
    """The rows are gone, and the keys with them: the last count, for good."""
    row = {"kind": Kind.ERASED_TOTAL, "hour": clock.hour_of(now), "version": 0, "change": 0}
    queries.add_news(session, petition_id, [row | {"rest": str(total)}])
