"""register: a million entries sequenced, a receipt from among them, the whole verified from its download."""

import time
from collections.abc import Iterator
from datetime import timedelta
from hashlib import sha256

from app import clock
from app.clock import hour_of
from app.register import actions, jobs, notes, queries, tree
from app.register.actions import downloads
from app.register.entries import Entry, Kind
from app.register.notes import Head
from tests.bench import stage
from tests.bench.results import Result
from tests.bench.stage import Stage

ENTRIES = 1_000_000
# As they come: a row a group.
GROUP = 64
# Waiting at once: what a worker finds that was away for a while.
WAITING = 100_000
RECEIPTS = 200


def register() -> Iterator[Result]:
    for on in (stage.on_postgres, stage.on_sqlite):
        with on() as site:
            yield from _measured(site)


def _measured(site: Stage) -> Iterator[Result]:
    name = site.database.engine.dialect.name
    rates = []
    for first in range(0, ENTRIES, WAITING):
        _told(site, first, WAITING)
        rates.append(_sequenced(site))
    slowest = f"slowest hundred thousand {min(rates):,.0f}/s"
    yield Result("register", f"entries sequenced, {name}", "/s", rates, "goal", [5000.0], 1.0, note=slowest)
    times = sorted(_receipt(site, nth * (ENTRIES // RECEIPTS)) for nth in range(RECEIPTS))
    worst = f"of {ENTRIES:,} entries, the slowest of {RECEIPTS}: {times[-1]:.1f} ms"
    middle = times[len(times) // 2]
    yield Result("register", f"a receipt, {name}", "ms", [middle], "limit", [20.0], 1.0, at_most=True, note=worst)
    if name == "postgresql":
        yield Result(
            "register",
            "a million entries verified from their download",
            "s",
            [_verified(site)],
            "limit",
            [30.0],
            1.0,
            at_most=True,
        )


def _commitment(nth: int) -> bytes:
    return sha256(b"%d" % nth).digest()


def _told(site: Stage, first: int, n: int) -> None:
    hour = hour_of(clock.now())
    with site.database.write() as session:
        for start in range(first, first + n, GROUP):
            each = [_commitment(nth) for nth in range(start, min(start + GROUP, first + n))]
            changes = {(hour, 1): len(each)}
            queries.count_people(session, site.petition_id, Kind.CONFIRMED, hour, changes, {1: each})


def _sequenced(site: Stage) -> float:
    clock.travel(timedelta(seconds=2))
    began = time.perf_counter()
    done = jobs.Sequencer(site.database, site.settings).sequence()
    rate = done / (time.perf_counter() - began)
    clock.travel(timedelta(seconds=2))
    jobs.Sequencer(site.database, site.settings).sequence()
    return rate


def _receipt(site: Stage, nth: int) -> float:
    """Milliseconds, the connection included."""
    began = time.perf_counter()
    with site.database.read() as session:
        proof = actions.proof_of(session, site.petition_id, _commitment(nth))
    took = (time.perf_counter() - began) * 1000
    assert proof is not None
    head = Head.read(notes.Note.read(proof.note).text)
    assert tree.root_by_inclusion(tree.leaf(bytes(proof.entry)), proof.position, head.size, proof.hashes) == head.root
    return took


def _verified(site: Stage) -> float:
    """Seconds: each line read, added up, hashed to the signed head."""
    with site.database.read() as session:
        head = queries.head(session, site.petition_id)
    assert head is not None
    text = b"".join(downloads.whole(site.database, site.petition_id, head.signed_size, head.note))
    pen = jobs.Sequencer(site.database, site.settings).pen
    began = time.perf_counter()
    lines, _, note = text.partition(b"\n\n")
    told = Head.read(notes.opened(note.decode(), [pen.signer.verifier]).text)
    stack, total = tree.Stack(), 0
    for line in lines.split(b"\n"):
        total += Entry.read(line).change
        stack.push(line)
    assert (stack.size, stack.root(), total) == (told.size, told.root, head.total)
    return time.perf_counter() - began
