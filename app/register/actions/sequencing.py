"""News become lines of the log: oldest first, each once, all that is told of a transaction in one transaction."""

from collections.abc import Callable, Collection
from datetime import datetime

import structlog
from sqlalchemy.orm import Session

from app.register import queries
from app.register.actions.writing import Broken, Log, Pen
from app.register.entries import PERSONAL, Entry, Kind
from app.register.models import RegisterNews
from app.register.notes import Head

# Of one transaction; a twentieth of a second.
LINES = 2000
log = structlog.get_logger("register")


class Done:
    """What one transaction has done: heads to be kept elsewhere once it is committed, and what it left alone."""

    def __init__(self) -> None:
        self.lines = 0
        self.heads: list[Head] = []
        self.broken: set[int] = set()
        # Somebody else is at it.
        self.elsewhere = False


def sequence_some(session: Session, pen: Pen, now: datetime, leaving: Collection[int] = (), lines: int = LINES) -> Done:
    done = Done()
    if not queries.take_turn(session):
        done.elsewhere = True
        return done
    by_petition: dict[int, list[RegisterNews]] = {}
    for row in queries.oldest_news(session, lines, leaving):
        by_petition.setdefault(row.petition_id, []).append(row)
    told: list[int] = []
    for petition_id, news in sorted(by_petition.items()):
        if _with_log(session, petition_id, pen, now, done, lambda one, news=news: _append(one, news)):  # type: ignore[misc]
            told += [row.id for row in news]
            done.lines += sum(row.lines for row in news)
    queries.delete_news(session, told)
    return done


def sign_some(session: Session, pen: Pen, now: datetime, petition_ids: Collection[int]) -> Done:
    """The heads of these, as they stand."""
    done = Done()
    if not queries.take_turn(session):
        done.elsewhere = True
        return done
    for petition_id in petition_ids:
        _with_log(session, petition_id, pen, now, done, lambda _: None)
    return done


def say_put_back(session: Session, pen: Pen, now: datetime) -> Done:
    """A backup was put back where nothing is kept of what had been published: each log that it has says from where it
    goes on, as nobody here can tell what followed."""
    done = Done()
    for row in queries.heads(session):
        head = Head(pen.origin(row), row.size, row.root)
        if row.size and pen.published.get(head.origin) is None:
            _with_log(session, row.petition_id, pen, now, done, lambda one, head=head: one.roll_back(head))  # type: ignore[misc]
    return done


def _with_log(
    session: Session, petition_id: int, pen: Pen, now: datetime, done: Done, work: Callable[[Log], None]
) -> bool:
    """False when it is broken: it stands still, and no other waits for it."""
    try:
        one = Log(session, petition_id, pen, now)
    except Broken as broken:
        log.error("register_broken", register=str(broken))
        done.broken.add(petition_id)
        return False
    work(one)
    one.keep()
    if one.due and (head := one.sign()) is not None:
        done.heads.append(head)
    return True


def _append(one: Log, news: list[RegisterNews]) -> None:
    for row in news:
        kind = Kind(row.kind)
        if kind in PERSONAL:
            one.append_people(kind, row.version, row.hour, row.commitments)
            continue
        if kind == Kind.ERASED_TOTAL and (missing := int(row.rest) - one.row.total):
            one.append(Entry(Kind.CORRECTED, missing, 0, row.hour))
        one.append(Entry(kind, row.change, row.version, row.hour, row.rest))
