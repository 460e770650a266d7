"""Statements of the retention job."""

from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from app.audit import AuditLine
from app.mail import outbox
from app.mail.models import CaughtMail, OutboxMail
from app.signatures import queries as signature_queries
from app.signatures.models import Signature


def _count(session: Session, *where: Any) -> int:
    return session.scalar(select(func.count()).where(*where)) or 0


def count_pending(session: Session, before: datetime) -> int:
    return _count(session, Signature.state == "pending", Signature.created_at < before)


def delete_pending(session: Session, before: datetime, limit: int) -> int:
    rows = signature_queries.expired_pending(session, before, limit)
    for row in rows:
        outbox.cancel(session, row.id)
        signature_queries.remove(session, row)
    return len(rows)


def count_old_mail(session: Session, before: datetime) -> int:
    return _count(session, OutboxMail.created_at < before)


def delete_old_mail(session: Session, before: datetime, limit: int) -> int:
    ids = session.scalars(select(OutboxMail.id).where(OutboxMail.created_at < before).limit(limit)).all()
    session.execute(delete(OutboxMail).where(OutboxMail.id.in_(ids)))
    session.execute(delete(CaughtMail).where(CaughtMail.caught_at < before))
    return len(ids)


def count_old_audit(session: Session, before: datetime) -> int:
    return _count(session, AuditLine.at < before)


def delete_old_audit(session: Session, before: datetime, limit: int) -> int:
    ids = session.scalars(select(AuditLine.id).where(AuditLine.at < before).limit(limit)).all()
    session.execute(delete(AuditLine).where(AuditLine.id.in_(ids)))
    return len(ids)
