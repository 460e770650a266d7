"""Signatures, what is left of them, and the journals that outlive them."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from app.bulk import insert_for
from app.exports.models import ExportPermission, ExportRecord
from app.petitions.models import Petition
from app.privacy import schedule
from app.privacy.models import SignatureAggregate
from app.privacy.queries import Due, delete_some, due, together
from app.signatures.models import DailyNumber, PostingRecord, Signature, SignatureState, Withdrawal


def pending_due(session: Session, now: datetime) -> Due:
    return due(
        session,
        Signature.created_at,
        schedule.PENDING,
        Signature.state == SignatureState.PENDING,
        Signature.created_at <= now - schedule.PENDING,
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


def rows_of(session: Session, petition_ids: Sequence[int]) -> int:
    """How many signatures these petitions still have, whatever their state."""
    return session.scalar(select(func.count()).where(Signature.petition_id.in_(petition_ids))) or 0


def add_aggregates(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    if rows:
        session.execute(insert(SignatureAggregate), list(rows))


def postings_due(session: Session, now: datetime) -> Due:
    return due(session, PostingRecord.at, schedule.POSTING, PostingRecord.at <= now - schedule.POSTING)


def delete_postings(session: Session, now: datetime, limit: int) -> int:
    return delete_some(session, PostingRecord.id, limit, PostingRecord.at <= now - schedule.POSTING)


# The journals of exports, and what earlier exports had to drop


def _purged(now: datetime) -> Any:
    return select(Petition.id).where(Petition.purged_at <= now - schedule.EXPORTS_AFTER_PURGE)


def exports_due(session: Session, now: datetime) -> Due:
    parts = []
    for table in (ExportRecord, ExportPermission, Withdrawal):
        ids = select(table.petition_id).where(table.petition_id.in_(_purged(now)))
        n = session.scalar(select(func.count()).where(table.petition_id.in_(_purged(now)))) or 0
        purged = session.scalar(select(func.min(Petition.purged_at)).where(Petition.id.in_(ids)))
        parts.append((n, purged + schedule.EXPORTS_AFTER_PURGE if purged is not None else None))
    return together(*parts)


def delete_exports(session: Session, now: datetime, limit: int) -> int:
    n = delete_some(session, ExportRecord.id, limit, ExportRecord.petition_id.in_(_purged(now)))
    n += delete_some(session, ExportPermission.id, limit, ExportPermission.petition_id.in_(_purged(now)))
    return n + delete_some(session, Withdrawal.id, limit, Withdrawal.petition_id.in_(_purged(now)))


def _kept_keys(now: datetime) -> Any:
    return Withdrawal.email_key.is_not(None), Withdrawal.withdrawn_at <= now - schedule.ERASURE_JOURNAL


def withdrawals_due(session: Session, now: datetime) -> Due:
    return due(session, Withdrawal.withdrawn_at, schedule.ERASURE_JOURNAL, *_kept_keys(now))


def forget_withdrawal_keys(session: Session, now: datetime, limit: int) -> int:
    ids = session.scalars(select(Withdrawal.id).where(*_kept_keys(now)).limit(limit)).all()
    session.execute(update(Withdrawal).where(Withdrawal.id.in_(ids)).values(email_key=None))
    return len(ids)
