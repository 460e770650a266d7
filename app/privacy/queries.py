"""Statements of the retention job and of erasure: what is due, and simple deletions."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, delete, func, insert, or_, select, text, update
from sqlalchemy.orm import Session

from app.accounts.models import Account, StaffSession
from app.audit import AuditLine
from app.comments.models import Comment, CommentRevision
from app.exports.models import ExportRecord
from app.mail import outbox
from app.mail.models import CaughtMail, OutboxMail
from app.moderation.models import Appeal, Decision, Notice, Reply
from app.petitions.models import Petition, PetitionKeys
from app.petitions.queries import insert_for
from app.privacy import periods
from app.privacy.models import DailyNumber, DataRequest, RetentionRun, SelfServiceSession
from app.signatures.models import PostingRecord, Signature, Withdrawal
from app.subscriptions.models import Subscription, Suppression

Due = tuple[int, datetime | None]
FORGOTTEN = "(effacé)"


def _due(session: Session, column: Any, period: timedelta, *where: Any) -> Due:
    """How many rows are older than their period, and since when the oldest is overdue."""
    n, oldest = session.execute(select(func.count(), func.min(column)).where(*where)).one()
    return n, oldest + period if oldest is not None else None


def _delete(session: Session, key: Any, limit: int, *where: Any) -> int:
    keys = session.scalars(select(key).where(*where).limit(limit)).all()
    if keys:
        session.execute(delete(key.class_).where(key.in_(keys)))
    return len(keys)


def pending_due(session: Session, now: datetime) -> Due:
    return _due(
        session,
        Signature.created_at,
        periods.PENDING,
        Signature.state == "pending",
        Signature.created_at <= now - periods.PENDING,
    )


def count_unconfirmed(session: Session, rows: Iterable[Signature]) -> None:
    """A daily number stays of what was never confirmed."""
    days: dict[tuple[int, Any], int] = {}
    for row in rows:
        key = (row.petition_id, row.created_at.date())
        days[key] = days.get(key, 0) + 1
    statement = insert_for(session)(DailyNumber)
    statement = statement.on_conflict_do_update(
        index_elements=["petition_id", "day"],
        set_={"unconfirmed": DailyNumber.__table__.c.unconfirmed + statement.excluded.unconfirmed},
    )
    if days:
        values = [{"petition_id": p, "day": d, "unconfirmed": n} for (p, d), n in sorted(days.items())]
        session.execute(statement, values)


def _after_end(column: Any, period: timedelta, now: datetime) -> Any:
    """Rows of petitions that ended at least *period* ago."""
    ended = func.coalesce(Petition.delivered_at, Petition.closed_at)
    return column.in_(select(Petition.id).where(ended <= now - period))


def updates_due(session: Session, now: datetime) -> Due:
    n = session.scalar(
        select(func.count()).where(
            Subscription.purpose == "updates",
            _after_end(Subscription.petition_id, periods.UPDATES_AFTER_END, now),
        )
    )
    oldest = session.scalar(
        select(func.min(func.coalesce(Petition.delivered_at, Petition.closed_at))).where(
            Petition.id.in_(select(Subscription.petition_id).where(Subscription.purpose == "updates"))
        )
    )
    return n or 0, oldest + periods.UPDATES_AFTER_END if n and oldest else None


def updates_to_end(session: Session, now: datetime, limit: int) -> Sequence[Subscription]:
    return session.scalars(
        select(Subscription)
        .where(
            Subscription.purpose == "updates",
            _after_end(Subscription.petition_id, periods.UPDATES_AFTER_END, now),
        )
        .limit(limit)
    ).all()


def _newsletter_where(now: datetime, renew: timedelta, answer: timedelta) -> Any:
    return (
        Subscription.purpose == "newsletter",
        or_(
            (Subscription.active_at <= now - renew) & Subscription.asked_at.is_(None),
            Subscription.asked_at <= now - answer,
        ),
    )


def newsletter_due(session: Session, now: datetime) -> Due:
    from app.subscriptions.actions import ANSWER_WITHIN, RENEW_AFTER

    where = _newsletter_where(now, RENEW_AFTER, ANSWER_WITHIN)
    return _due(session, Subscription.active_at, RENEW_AFTER, *where)


def newsletter_to_renew(
    session: Session, now: datetime, renew: timedelta, answer: timedelta, limit: int
) -> Sequence[Subscription]:
    return session.scalars(select(Subscription).where(*_newsletter_where(now, renew, answer)).limit(limit)).all()


def suppressions_due(session: Session, now: datetime) -> Due:
    old = Suppression.since <= now - periods.SUPPRESSION
    return _due(session, Suppression.since, periods.SUPPRESSION, old)


def delete_suppressions(session: Session, now: datetime, limit: int) -> int:
    return _delete(session, Suppression.address_key, limit, Suppression.since <= now - periods.SUPPRESSION)


def postings_due(session: Session, now: datetime) -> Due:
    return _due(session, PostingRecord.at, periods.POSTING, PostingRecord.at <= now - periods.POSTING)


def delete_postings(session: Session, now: datetime, limit: int) -> int:
    return _delete(session, PostingRecord.id, limit, PostingRecord.at <= now - periods.POSTING)


# Comments


def waiting_due(session: Session, now: datetime) -> Due:
    return _due(
        session,
        Comment.created_at,
        periods.COMMENT_WAITING,
        Comment.state == "waiting",
        Comment.created_at <= now - periods.COMMENT_WAITING,
    )


def waiting_ids(session: Session, now: datetime, limit: int) -> Sequence[int]:
    return session.scalars(
        select(Comment.id)
        .where(Comment.state == "waiting", Comment.created_at <= now - periods.COMMENT_WAITING)
        .order_by(Comment.created_at)
        .limit(limit)
    ).all()


def _published_where(now: datetime) -> Any:
    closed = select(Petition.id).where(Petition.closed_at <= now - periods.COMMENT_AFTER_CLOSING)
    return Comment.state == "published", Comment.text != "", Comment.petition_id.in_(closed)


def published_due(session: Session, now: datetime) -> Due:
    n = session.scalar(select(func.count()).where(*_published_where(now))) or 0
    oldest = session.scalar(
        select(func.min(Petition.closed_at)).where(
            Petition.id.in_(select(Comment.petition_id).where(*_published_where(now)))
        )
    )
    return n, oldest + periods.COMMENT_AFTER_CLOSING if n and oldest else None


def published_ids(session: Session, now: datetime, limit: int) -> Sequence[int]:
    return session.scalars(select(Comment.id).where(*_published_where(now)).limit(limit)).all()


def _refused_where(now: datetime) -> Any:
    return (
        Comment.state.in_(["refused", "removed", "withdrawn"]),
        Comment.text != "",
        func.coalesce(Comment.decided_at, Comment.created_at) <= now - periods.COMMENT_REFUSED,
    )


def refused_due(session: Session, now: datetime) -> Due:
    moment = func.coalesce(Comment.decided_at, Comment.created_at, type_=Comment.created_at.type)
    return _due(session, moment, periods.COMMENT_REFUSED, *_refused_where(now))


def refused_ids(session: Session, now: datetime, limit: int) -> Sequence[int]:
    return session.scalars(select(Comment.id).where(*_refused_where(now)).limit(limit)).all()


def forget_texts(session: Session, comment_ids: Sequence[int]) -> None:
    """The words go; the code of the decision and its date stay."""
    if comment_ids:
        session.execute(update(Comment).where(Comment.id.in_(comment_ids)).values(text="", signature_id=None))
        session.execute(update(CommentRevision).where(CommentRevision.comment_id.in_(comment_ids)).values(text=""))
        forget_quotes(session, comment_ids)


def forget_quotes(session: Session, comment_ids: Sequence[int]) -> None:
    """Decisions quote what they judged: the quotation goes with the words."""
    if comment_ids:
        session.execute(
            update(Decision)
            .where(Decision.target == "comment", Decision.target_id.in_(comment_ids), Decision.passage != "")
            .values(passage=FORGOTTEN, explanation="", statement={})
        )


def anonymise_comments(session: Session, petition_id: int) -> None:
    """At the end of life authors become "Anonyme"."""
    session.execute(update(Comment).where(Comment.petition_id == petition_id).values(signature_id=None))


# Notices, appeals, replies: who first, then what was written


def _notice_where(now: datetime) -> Any:
    return or_(
        (Notice.closed_at <= now - periods.NOTICE_IDENTITY) & Notice.identity_sealed.is_not(None),
        (Notice.closed_at <= now - periods.NOTICE) & (Notice.reasons != FORGOTTEN),
    )


def _appeal_where(now: datetime) -> Any:
    return (Appeal.judged_at <= now - periods.NOTICE) & (Appeal.text != FORGOTTEN)


def _reply_where(now: datetime) -> Any:
    return (Reply.decided_at <= now - periods.NOTICE_IDENTITY) & Reply.identity_sealed.is_not(None)


def notices_due(session: Session, now: datetime) -> Due:
    """Notices, appeals and requests for reply whose time is over."""
    parts = [
        _due(session, Notice.closed_at, periods.NOTICE_IDENTITY, _notice_where(now)),
        _due(session, Appeal.judged_at, periods.NOTICE, _appeal_where(now)),
        _due(session, Reply.decided_at, periods.NOTICE_IDENTITY, _reply_where(now)),
    ]
    return sum(n for n, _ in parts), min((since for _, since in parts if since is not None), default=None)


def forget_notices(session: Session, now: datetime, limit: int) -> int:
    """The notifier's identity after six months, the words after twelve; codes and dates stay."""
    notices = session.scalars(select(Notice).where(_notice_where(now)).limit(limit)).all()
    for notice in notices:
        notice.identity_sealed = None
        if notice.closed_at is not None and notice.closed_at <= now - periods.NOTICE:
            notice.reasons = notice.passage = FORGOTTEN
    appeals = session.scalars(select(Appeal).where(_appeal_where(now)).limit(limit)).all()
    for appeal in appeals:
        appeal.text = appeal.reasons = FORGOTTEN
        if appeal.view_reasons:
            appeal.view_reasons = FORGOTTEN
    replies = session.scalars(select(Reply).where(_reply_where(now)).limit(limit)).all()
    for reply in replies:
        reply.identity_sealed = None
    return max(len(notices), len(appeals), len(replies))


# Evidence, accounts, journals, mail, sessions


def evidence_due(session: Session, now: datetime) -> Due:
    return _due(
        session,
        Petition.purged_at,
        periods.EVIDENCE_AFTER_PURGE,
        Petition.purged_at <= now - periods.EVIDENCE_AFTER_PURGE,
        Petition.id.in_(select(PetitionKeys.petition_id).where(PetitionKeys.evidence_key.is_not(None))),
    )


def _idle(now: datetime, period: timedelta) -> Any:
    last = func.coalesce(Account.seen_at, Account.created_at, type_=Account.created_at.type)
    return Account.role == "organiser", Account.disabled_at.is_(None), last <= now - period


def accounts_due(session: Session, now: datetime) -> Due:
    last = func.coalesce(Account.seen_at, Account.created_at, type_=Account.created_at.type)
    return _due(session, last, periods.ACCOUNT_IDLE, *_idle(now, periods.ACCOUNT_IDLE))


def idle_accounts(session: Session, now: datetime, limit: int) -> Sequence[Account]:
    """Those to warn and those to end: warned thirty days before."""
    return session.scalars(
        select(Account).where(*_idle(now, periods.ACCOUNT_IDLE - periods.ACCOUNT_WARNING)).limit(limit)
    ).all()


def audit_due(session: Session, now: datetime) -> Due:
    return _due(session, AuditLine.at, periods.AUDIT, AuditLine.at <= now - periods.AUDIT)


def delete_audit(session: Session, now: datetime, limit: int) -> int:
    return _delete(session, AuditLine.id, limit, AuditLine.at <= now - periods.AUDIT)


def _old_exports(now: datetime) -> Any:
    purged = select(Petition.id).where(Petition.purged_at <= now - periods.EXPORTS_AFTER_PURGE)
    return ExportRecord.petition_id.in_(purged)


def exports_due(session: Session, now: datetime) -> Due:
    n = session.scalar(select(func.count()).where(_old_exports(now))) or 0
    return n, now if n else None


def delete_exports(session: Session, now: datetime, limit: int) -> int:
    n = _delete(session, ExportRecord.id, limit, _old_exports(now))
    purged = select(Petition.id).where(Petition.purged_at <= now - periods.EXPORTS_AFTER_PURGE)
    session.execute(delete(Withdrawal).where(Withdrawal.petition_id.in_(purged)))
    return n


def withdrawals_due(session: Session, now: datetime) -> Due:
    return _due(
        session,
        Withdrawal.withdrawn_at,
        periods.ERASURE_JOURNAL,
        Withdrawal.email_key.is_not(None),
        Withdrawal.withdrawn_at <= now - periods.ERASURE_JOURNAL,
    )


def forget_withdrawal_keys(session: Session, now: datetime, limit: int) -> int:
    ids = session.scalars(
        select(Withdrawal.id)
        .where(Withdrawal.email_key.is_not(None), Withdrawal.withdrawn_at <= now - periods.ERASURE_JOURNAL)
        .limit(limit)
    ).all()
    session.execute(update(Withdrawal).where(Withdrawal.id.in_(ids)).values(email_key=None))
    return len(ids)


def _old_mail(now: datetime) -> Any:
    return or_(
        OutboxMail.created_at <= now - periods.SENT_MAIL,
        OutboxMail.state.in_(["aside", "cancelled"]) & (OutboxMail.created_at <= now - periods.UNSENT_MAIL),
    )


def mails_due(session: Session, now: datetime) -> Due:
    return _due(session, OutboxMail.created_at, periods.SENT_MAIL, _old_mail(now))


def delete_mails(session: Session, now: datetime, limit: int) -> int:
    session.execute(delete(CaughtMail).where(CaughtMail.caught_at <= now - periods.UNSENT_MAIL))
    return _delete(session, OutboxMail.id, limit, _old_mail(now))


def forget_mails(session: Session, email: str) -> None:
    """Mails to this address that have not left, and those that the demo caught."""
    session.execute(delete(CaughtMail).where(func.lower(CaughtMail.recipient) == email.lower()))
    waiting = session.scalars(select(OutboxMail).where(OutboxMail.state != "sent")).all()
    mine = [row.id for row in waiting if row.sealed and outbox.opened(session, row).to.lower() == email.lower()]
    session.execute(delete(OutboxMail).where(OutboxMail.id.in_(mine)))


def self_service_due(session: Session, now: datetime) -> Due:
    expired = SelfServiceSession.expires_at <= now
    return _due(session, SelfServiceSession.expires_at, timedelta(0), expired)


def delete_self_service(session: Session, now: datetime, limit: int) -> int:
    return _delete(session, SelfServiceSession.key, limit, SelfServiceSession.expires_at <= now)


def end_self_service(session: Session, key: bytes) -> None:
    session.execute(delete(SelfServiceSession).where(SelfServiceSession.key == key))


def staff_sessions_due(session: Session, now: datetime) -> Due:
    return _due(session, StaffSession.expires_at, timedelta(0), StaffSession.expires_at <= now)


def delete_staff_sessions(session: Session, now: datetime, limit: int) -> int:
    return _delete(session, StaffSession.key, limit, StaffSession.expires_at <= now)


def requests_due(session: Session, now: datetime) -> Due:
    return _due(session, DataRequest.closed_at, periods.REQUEST, DataRequest.closed_at <= now - periods.REQUEST)


def delete_requests(session: Session, now: datetime, limit: int) -> int:
    return _delete(session, DataRequest.id, limit, DataRequest.closed_at <= now - periods.REQUEST)


# Runs


def begin_run(session: Session, now: datetime) -> int:
    run = RetentionRun(started_at=now, finished_at=None, report={})
    session.add(run)
    session.flush()
    return run.id


def end_run(session: Session, run_id: int, now: datetime, report: dict[str, int]) -> None:
    run = session.get_one(RetentionRun, run_id)
    run.finished_at, run.report = now, dict(report)


def last_run(session: Session) -> datetime | None:
    return session.scalar(select(func.max(RetentionRun.started_at)).where(RetentionRun.finished_at.is_not(None)))


def runs(session: Session, limit: int = 30) -> Sequence[RetentionRun]:
    return session.scalars(select(RetentionRun).order_by(RetentionRun.id.desc()).limit(limit)).all()


def try_lock(connection: Connection, key: int) -> bool:
    return bool(connection.scalar(text("SELECT pg_try_advisory_lock(:key)"), {"key": key}))


def unlock(connection: Connection, key: int) -> None:
    connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": key})


# Requests by other ways


def open_requests(session: Session) -> Sequence[DataRequest]:
    return session.scalars(select(DataRequest).order_by(DataRequest.state != "open", DataRequest.due_on)).all()


def requests_to_alert(session: Session, now: datetime) -> Sequence[DataRequest]:
    """Open for twenty days, nobody alerted yet."""
    return session.scalars(
        select(DataRequest).where(
            DataRequest.state == "open",
            DataRequest.alerted_at.is_(None),
            DataRequest.received_on <= (now - timedelta(days=20)).date(),
        )
    ).all()


def add_aggregates(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    from app.privacy.models import SignatureAggregate

    if rows:
        session.execute(insert(SignatureAggregate), list(rows))
