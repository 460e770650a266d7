"""Periodic work on bounces."""

from dataclasses import dataclass

import structlog

from app.bounces import actions, mailbox, queries, reading
from app.db import Database, away
from app.settings import Settings

log = structlog.get_logger("bounces")
# In one go: the next is in a few minutes, and what is taken is not taken again.
MOST = 500


@dataclass
class Fetched:
    taken: int = 0
    left: int = 0


def fetch(database: Database, settings: Settings) -> Fetched | None:
    """Empty the mailbox; None when another process is at it. Raises Unreachable, or what a database that is away does.

    No message stops those behind it: one that fails is left there, flagged.
    """
    done = Fetched()
    if not settings.bounce_imap_url:
        return done
    with queries.alone(database) as alone:
        if not alone:
            return None
        with mailbox.opened(settings.bounce_imap_url) as box:
            for uid in box.waiting()[:MOST]:
                _take(database, settings, box, uid, done)
            box.empty()
    log.info("bounces_fetched", taken=done.taken, left=done.left)
    return done


def _take(database: Database, settings: Settings, box: mailbox.Mailbox, uid: str, done: Fetched) -> None:
    raw = box.source(uid)
    said = reading.read(raw)
    try:
        with database.write() as session:
            actions.receive(session, raw, said, settings.bounce_address)
    except Exception as error:
        if away(error):
            raise
        log.error("bounce_poison", error=type(error).__name__, exc_info=error)
        box.leave(uid)
        done.left += 1
    else:
        box.remove(uid)
        done.taken += 1


def fetch_quietly(database: Database, settings: Settings) -> None:
    """The same for the worker: a mailbox that is away is one line in the log, and tried again."""
    try:
        fetch(database, settings)
    except mailbox.Unreachable as error:
        log.warning("bounces_unreachable", reason=str(error))
