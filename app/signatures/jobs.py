"""Periodic work on signatures."""

from datetime import timedelta
from time import monotonic

from app import clock
from app.db import Database
from app.petitions import tallies
from app.register import queries as register_queries
from app.register.actions.writing import Pen
from app.signatures import actions, figures
from app.signatures.actions import registering


def tell_amendments(database: Database, origin: str) -> int:
    """The next group of those who signed an earlier version, when the last one has left."""
    with database.write() as session:
        return actions.tell_some(session, origin)


def remind_pending(database: Database, origin: str) -> int:
    with database.write() as session:
        return actions.remind(session, origin)


def tally_places(database: Database) -> int:
    """Where those counted are from, one petition after another; returns how many tallies were made.

    Rows are read outside of any transaction that writes: nobody waits for it, whatever it takes.
    """
    now = clock.now()
    with database.read() as session:
        found = tallies.due(session, now)
    made = 0
    for petition_id in found:
        with database.write() as session:
            claim = tallies.claim(session, petition_id, clock.now())
        if claim is None:
            continue
        began, at = monotonic(), clock.now()
        with database.read() as session:
            cells = figures.by_departement(session, petition_id)
        cost = timedelta(seconds=monotonic() - began)
        with database.write() as session:
            tallies.keep(session, claim, cells, at, cost)
        made += 1
    return made


def reconcile_registers(database: Database, pen: Pen, *, correct: bool = True) -> int:
    """Registers tell what is shown, whatever release counted it; returns how many did not.

    A stretch of rows a transaction: killed between two, the next run finds what the others have told. *correct*: what
    no row explains becomes a correction.
    """
    with database.read() as session:
        differing = register_queries.differences(session)
    for one in differing:
        after, left, ours = None, 0, True
        while ours:
            with database.write() as session:
                stretch = registering.tell_missing(session, one.petition_id, pen, clock.now(), after)
            ours = stretch is not None
            if stretch is None or stretch.last is None:
                break
            after, left = stretch.last, left + stretch.left
        if correct and ours and not left:
            with database.write() as session:
                registering.settle(session, one.petition_id, pen, clock.now())
    return len(differing)
