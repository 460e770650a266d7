"""Periodic work on the journal."""

from datetime import timedelta

import structlog

from app import clock
from app.audit import chain
from app.db import Database

EVERY = timedelta(hours=23)
log = structlog.get_logger("audit")


def seal(database: Database) -> None:
    """Seal what was written since; a quiet journal costs one small SELECT."""
    with database.read() as session:
        waiting = chain.has_unsealed(session)
    while waiting:
        with database.write() as session:
            waiting = chain.seal_some(session) == chain.BATCH


def note_head(database: Database) -> None:
    """The head leaves the database: whoever rewrites the journal would have to rewrite the log, too."""
    with database.read() as session:
        head = chain.head(session)
    log.info("audit_head", position=head.position, seal=head.seal.hex())


def verify(database: Database) -> None:
    """All of it, once a day, whoever does it."""
    with database.read() as session:
        row = chain.row(session)
        if row is not None and row.verified_at is not None and clock.now() - row.verified_at < EVERY:
            return
    with database.read() as session:
        found = chain.look(session)
    with database.write() as session:
        chain.note_look(session, found)
    if found.broken_at is not None:
        log.error("audit_broken", position=found.broken_at)
