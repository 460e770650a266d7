"""SELECTs of the administrator's pages."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.models import Account
from app.audit import AuditLine
from app.mail.models import OutboxMail

PER_PAGE = 100


def journal(session: Session, before: int | None) -> Sequence[Any]:
    """Lines of the audit journal with who did it, newest first, from a cursor."""
    query = select(AuditLine, Account.email).outerjoin(Account, Account.id == AuditLine.account_id)
    if before is not None:
        query = query.where(AuditLine.id < before)
    return session.execute(query.order_by(AuditLine.id.desc()).limit(PER_PAGE)).all()


def mails_aside(session: Session) -> Sequence[OutboxMail]:
    return session.scalars(
        select(OutboxMail).where(OutboxMail.state == "aside").order_by(OutboxMail.id.desc()).limit(PER_PAGE)
    ).all()
