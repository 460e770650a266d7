"""SELECTs of the administrator's pages."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, cast

from sqlalchemy import ColumnElement, and_, func, or_, select, union_all
from sqlalchemy.orm import Session

from app.accounts.models import Account
from app.audit import AuditLine
from app.mail.models import MailState, OutboxMail
from app.organisations.models import Organisation
from app.petitions.models import CountDelta, CountTotal, PaperTotal, Petition, Theme

PER_PAGE = 100
# The machine itself, or the operator's command line, in the filter of the journal.
MACHINE = 0


# What the journal may be in the order of, beside that of its lines.
JOURNAL_ORDERS: dict[str, ColumnElement[Any]] = {
    "qui": func.coalesce(Account.email, ""),
    "acte": cast(ColumnElement[Any], AuditLine.act),
    "quoi": cast(ColumnElement[Any], AuditLine.target),
}


def journal(
    session: Session,
    after: int | None,
    act: str = "",
    account: int | None = None,
    order: str = "quand",
    down: bool = True,
) -> Sequence[Any]:
    """Lines of the audit journal with who did it, from the one *after* which a page begins."""
    query = select(AuditLine, Account.email).outerjoin(Account, Account.id == AuditLine.account_id)
    if act:
        query = query.where(AuditLine.act == act)
    if account is not None:
        query = query.where(AuditLine.account_id == account if account != MACHINE else AuditLine.account_id.is_(None))
    column = JOURNAL_ORDERS.get(order)
    # Of equals the newest comes first.
    newest = down if column is None else True
    here: list[ColumnElement[Any]] = [AuditLine.id.desc() if newest else AuditLine.id.asc()]
    if column is not None:
        here.insert(0, column.desc() if down else column.asc())
    if after is not None:
        query = query.where(_beyond(session, after, column, down, newest))
    return session.execute(query.order_by(*here).limit(PER_PAGE)).all()


def _beyond(
    session: Session, after: int, column: ColumnElement[Any] | None, down: bool, newest: bool
) -> ColumnElement[bool]:
    """What comes after that line in the order of *column*."""
    older = AuditLine.id < after if newest else AuditLine.id > after
    if column is None:
        return older
    there = (
        select(column)
        .select_from(AuditLine)
        .outerjoin(Account, Account.id == AuditLine.account_id)
        .where(AuditLine.id == after)
    )
    value = session.scalar(there)
    return or_(column < value if down else column > value, and_(column == value, older))


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
