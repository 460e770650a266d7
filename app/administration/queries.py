"""SELECTs of the administrator's pages."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, union_all
from sqlalchemy.orm import Session

from app.accounts.models import Account
from app.audit import AuditLine
from app.mail.models import MailState, OutboxMail
from app.organisations.models import Organisation
from app.petitions.models import CountDelta, CountTotal, PaperTotal, Petition, Theme

PER_PAGE = 100
# The machine itself, or the operator's command line, in the filter of the journal.
MACHINE = 0


def journal(session: Session, before: int | None, act: str = "", account: int | None = None) -> Sequence[Any]:
    """Lines of the audit journal with who did it, newest first, from a cursor."""
    query = select(AuditLine, Account.email).outerjoin(Account, Account.id == AuditLine.account_id)
    if before is not None:
        query = query.where(AuditLine.id < before)
    if act:
        query = query.where(AuditLine.act == act)
    if account is not None:
        query = query.where(AuditLine.account_id == account if account != MACHINE else AuditLine.account_id.is_(None))
    return session.execute(query.order_by(AuditLine.id.desc()).limit(PER_PAGE)).all()


def names(session: Session, things: Iterable[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """``(target, number)`` → what people call it, for petitions, accounts, organisations and themes."""
    found: dict[tuple[str, str], str] = {}
    wanted = list(things)
    for kind, number, name in (
        ("petition", Petition.id, Petition.title),
        ("account", Account.id, Account.email),
        ("organisation", Organisation.id, Organisation.name),
        ("theme", Theme.id, Theme.name),
    ):
        ids = {int(n) for target, n in wanted if target == kind and n.isdecimal()}
        rows = session.execute(select(number, name).where(number.in_(ids))) if ids else ()
        found |= {(kind, str(n)): called for n, called in rows}
    return found


def mails_aside(session: Session) -> Sequence[OutboxMail]:
    return session.scalars(
        select(OutboxMail).where(OutboxMail.state == MailState.ASIDE).order_by(OutboxMail.id.desc()).limit(PER_PAGE)
    ).all()


def confirmed_since(session: Session, since: datetime) -> dict[int, int]:
    """How many signatures each petition has won online since that hour."""
    parts = union_all(
        select(CountTotal.petition_id, CountTotal.confirmed.label("n")).where(CountTotal.hour >= since),
        select(CountDelta.petition_id, CountDelta.change.label("n")).where(CountDelta.hour >= since),
        select(PaperTotal.petition_id, (-PaperTotal.signatures).label("n")).where(PaperTotal.hour >= since),
    ).subquery()
    rows = session.execute(select(parts.c.petition_id, func.sum(parts.c.n)).group_by(parts.c.petition_id))
    return {petition_id: int(n) for petition_id, n in rows}
