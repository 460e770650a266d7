"""The daily job that applies the schedule: small steps, each its own transaction, in any order.

A step knows what is due and does some of it; it may be killed anywhere and run again. One process
at a time on PostgreSQL (advisory lock); what it did is kept for the operator.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy.orm import Session

from app import clock
from app.db import Database
from app.privacy import end_of_life, queries
from app.settings import Settings

BATCH = 500
EVERY = timedelta(hours=23)
LOCK = 0x5169_6E70
log = structlog.get_logger("retention")


@dataclass(frozen=True)
class Step:
    """``due`` counts what is overdue and since when; ``apply`` does at most *n* of it."""

    line: str
    due: Callable[[Session, datetime], tuple[int, datetime | None]]
    apply: Callable[[Session, datetime, int], int]


def steps(settings: Settings) -> list[Step]:
    """Every line of the schedule that the machine applies, under the line's name."""
    origin = settings.origin
    return [
        Step("pending_signature", queries.pending_due, end_of_life.delete_pending),
        Step("confirmed_signature", end_of_life.petitions_due, end_of_life.purge_some),
        Step("updates_optin", queries.updates_due, end_of_life.end_updates),
        Step("newsletter_optin", queries.newsletter_due, lambda s, now, n: end_of_life.renew(s, now, n, origin)),
        Step("suppression_list", queries.suppressions_due, queries.delete_suppressions),
        Step("posting_address", queries.postings_due, queries.delete_postings),
        Step("waiting_comment", queries.waiting_due, end_of_life.refuse_unhandled),
        Step("published_comment", queries.published_due, end_of_life.forget_published),
        Step("refused_comment", queries.refused_due, end_of_life.forget_refused),
        Step("notice", queries.notices_due, queries.forget_notices),
        Step("consent_evidence", queries.evidence_due, end_of_life.destroy_evidence),
        Step("organiser_account", queries.accounts_due, lambda s, now, n: end_of_life.end_accounts(s, now, n, origin)),
        Step("audit_log", queries.audit_due, queries.delete_audit),
        Step("export_file", queries.exports_due, queries.delete_exports),
        Step("erasure_journal", queries.withdrawals_due, queries.forget_withdrawal_keys),
        Step("outbox", queries.mails_due, queries.delete_mails),
        Step("self_service_session", queries.self_service_due, queries.delete_self_service),
        Step("staff_session", queries.staff_sessions_due, queries.delete_staff_sessions),
        Step("data_request", queries.requests_due, queries.delete_requests),
    ]


def dry_run(database: Database, settings: Settings) -> dict[str, int]:
    """What would go now, per line; nothing is changed."""
    now = clock.now()
    with database.read() as session:
        return {step.line: step.due(session, now)[0] for step in steps(settings)}


def run(database: Database, settings: Settings) -> dict[str, int]:
    """Apply the schedule; returns how many rows went, per line. Empty when another process is at it."""
    now = clock.now()
    report: dict[str, int] = {}
    with _alone(database) as alone:
        if not alone:
            return report
        with database.write() as session:
            run_id = queries.begin_run(session, now)
        for step in steps(settings):
            report[step.line] = _whole(database, step, now)
        with database.write() as session:
            queries.end_run(session, run_id, clock.now(), report)
    log.info("retention", **report)
    return report


def _whole(database: Database, step: Step, now: datetime) -> int:
    total = 0
    while True:
        with database.write() as session:
            n = step.apply(session, now, BATCH)
        total += n
        if n < BATCH:
            return total


@contextmanager
def _alone(database: Database) -> Iterator[bool]:
    """True for the one process that holds the lock (SQLite: the steps are harmless twice)."""
    if database.is_sqlite:
        yield True
        return
    with database.engine.connect() as connection:
        alone = queries.try_lock(connection, LOCK)
        connection.commit()
        try:
            yield alone
        finally:
            if alone:
                queries.unlock(connection, LOCK)
                connection.commit()


def overdue_seconds(session: Session, settings: Settings) -> float:
    """Age of the oldest row that should be gone already (a metric: alert above a day)."""
    now = clock.now()
    oldest = [since for step in steps(settings) if (since := step.due(session, now)[1]) is not None]
    return max(((now - since).total_seconds() for since in oldest), default=0.0)


def is_due(session: Session, now: datetime) -> bool:
    """Once a day."""
    last = queries.last_run(session)
    return last is None or now - last >= EVERY
