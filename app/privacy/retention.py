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
from app.privacy.actions import ending, undoing
from app.privacy.queries import (
    comments,
    deliveries,
    drafts,
    evidence,
    mailings,
    notices,
    people,
    runs,
    signatures,
    taken,
)
from app.settings import Settings

BATCH = 500
EVERY = timedelta(hours=23)
LOCK = 0x5169_6E70
log = structlog.get_logger("retention")


@dataclass(frozen=True)
class Step:
    """One line of the schedule, and the table whose rows it counts.

    ``due`` counts what is overdue and since when; ``apply`` does at most *n* of it, and gives how many
    rows went and whether there may be more.
    """

    line: str
    table: str
    due: Callable[[Session, datetime], tuple[int, datetime | None]]
    apply: Callable[[Session, datetime, int], tuple[int, bool]]


def _until_fewer(some: Callable[[Session, datetime, int], int]) -> Callable[[Session, datetime, int], tuple[int, bool]]:
    """A deletion that gives how many rows went: there may be more when it was as many as asked."""

    def apply(session: Session, now: datetime, limit: int) -> tuple[int, bool]:
        n = some(session, now, limit)
        return n, n >= limit

    return apply


def steps(settings: Settings) -> list[Step]:
    """Every line of the schedule that the machine applies, under the line's name."""
    origin, some, end, copies = settings.origin, _until_fewer, ending, settings.var / "scans"
    return [
        # First, because others take along mails that are about them: each row is counted once.
        Step("outbox", "outbox_mail, caught_mail", mailings.mails_due, some(mailings.delete_mails)),
        Step("mail_budget", "mail_budget", mailings.recipients_due, some(mailings.delete_recipients)),
        Step("bounced_address", "bounced_address, bounce_seen", mailings.bounced_due, some(mailings.delete_bounced)),
        Step("pending_signature", "signature", signatures.pending_due, end.delete_pending),
        Step("confirmed_signature", "signature", end.signatures_due, end.purge_some),
        Step(
            "paper_sheet",
            "sheet, sheet_line",
            end.sheets_due,
            lambda session, now, n: end.forget_sheets(session, now, n, copies),
        ),
        Step("updates_optin", "subscription", mailings.updates_due, some(end.end_updates)),
        Step(
            "newsletter_optin",
            "subscription",
            mailings.newsletter_due,
            lambda session, now, n: end.renew(session, now, n, origin),
        ),
        Step("suppression_list", "suppression", mailings.suppressions_due, some(mailings.delete_suppressions)),
        Step("posting_address", "posting_record", signatures.postings_due, some(signatures.delete_postings)),
        Step("waiting_comment", "comment", comments.waiting_due, some(end.refuse_unhandled)),
        Step("published_comment", "comment", comments.published_due, some(end.forget_published)),
        Step("refused_comment", "comment, author_limit", comments.refused_due, some(end.forget_refused)),
        Step("notice", "notice, appeal, right_of_reply", notices.notices_due, some(notices.forget_notices)),
        Step("consent_evidence", "consent_event", evidence.evidence_due, end.destroy_evidence),
        Step(
            "organiser_account",
            "account",
            people.accounts_due,
            lambda session, now, n: end.end_accounts(session, now, n, origin),
        ),
        Step("invitation", "invitation", people.invitations_due, some(people.delete_invitations)),
        Step("audit_log", "audit_line", people.audit_due, some(people.delete_audit)),
        Step(
            "export_file",
            "export_record, export_permission, withdrawal",
            signatures.exports_due,
            some(signatures.delete_exports),
        ),
        Step("delivery_proof", "delivery_proof", deliveries.proofs_due, some(deliveries.delete_proofs)),
        Step("undo", "undo, decision", taken.undo_due, some(undoing.forget_expired)),
        Step("erasure_journal", "withdrawal", signatures.withdrawals_due, some(signatures.forget_withdrawal_keys)),
        Step("self_service_session", "self_service_session", people.self_service_due, some(people.delete_self_service)),
        Step("staff_session", "staff_session", people.staff_sessions_due, some(people.delete_staff_sessions)),
        Step("sign_in_failure", "sign_in_throttle", people.throttles_due, some(people.delete_throttles)),
        Step("petition_draft", "draft", drafts.drafts_due, some(drafts.delete_drafts)),
        Step("news_draft", "petition_update", drafts.news_due, some(drafts.delete_news)),
        Step("data_request", "data_request", people.requests_due, some(people.delete_requests)),
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
            run_id = runs.begin_run(session, now)
        for step in steps(settings):
            report[step.line] = _whole(database, step, now)
            # Step by step, so that a run that is killed leaves what it did.
            with database.write() as session:
                runs.note(session, run_id, report)
        with database.write() as session:
            runs.end_run(session, run_id, clock.now())
        database.fold_log()
    log.info("retention", **report)
    return report


def _whole(database: Database, step: Step, now: datetime) -> int:
    total, more = 0, True
    while more:
        with database.write() as session:
            n, more = step.apply(session, now, BATCH)
        total += n
    return total


@contextmanager
def _alone(database: Database) -> Iterator[bool]:
    """True for the one process that holds the lock (SQLite: the steps are harmless twice)."""
    if database.is_sqlite:
        yield True
        return
    with database.engine.connect() as connection:
        alone = runs.try_lock(connection, LOCK)
        connection.commit()
        try:
            yield alone
        finally:
            if alone:
                runs.unlock(connection, LOCK)
                connection.commit()


def overdue_seconds(session: Session, settings: Settings) -> float:
    """Age of the oldest row that should be gone already (a metric: alert above a day)."""
    now = clock.now()
    oldest = [since for step in steps(settings) if (since := step.due(session, now)[1]) is not None]
    return max(((now - since).total_seconds() for since in oldest), default=0.0)


def is_due(session: Session, now: datetime) -> bool:
    """Once a day."""
    last = runs.last_run(session)
    return last is None or now - last >= EVERY
