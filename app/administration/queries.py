"""SELECTs of the administrator's pages."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, time
from typing import Any, cast

from sqlalchemy import ColumnElement, and_, func, or_, select, text, true, union_all
from sqlalchemy.orm import Session

from app.accounts.models import Account
from app.audit import AuditLine
from app.deliveries.models import RecipientLink
from app.deliveries.queries import asked_not_sent
from app.mail.models import SET_ASIDE, STILL_WAITS, OutboxMail
from app.organisations.models import Organisation
from app.petitions.models import (
    WON,
    Petition,
    PetitionState,
    Theme,
    ViewCount,
)
from app.petitions.queries import ONLINE
from app.privacy.models import DataRequest, RequestState
from app.zone import ZONE

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
    found = session.execute(there).one_or_none()
    if found is None:  # forgotten since: from the beginning
        return true()
    value = found[0]
    if value is None:
        return older
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
        select(OutboxMail).where(text(SET_ASIDE)).order_by(OutboxMail.id.desc()).limit(PER_PAGE)
    ).all()


def mails_aside_since(session: Session) -> tuple[int, datetime | None]:
    """How many, and when the first of them was written."""
    return _n_since(session, select(func.count(), func.min(OutboxMail.created_at)).where(text(SET_ASIDE)))


def mails_waiting(session: Session) -> tuple[int, datetime | None]:
    """How many, and when the first of them was to leave."""
    return _n_since(session, select(func.count(), func.min(OutboxMail.send_after)).where(text(STILL_WAITS)))


def requests_open(session: Session) -> tuple[int, date | None, datetime | None]:
    """How many requests about personal data wait, when the first answer is due, and since when the oldest waits."""
    n, due, received = session.execute(
        select(func.count(), func.min(DataRequest.due_on), func.min(DataRequest.received_on)).where(
            DataRequest.state == RequestState.OPEN
        )
    ).one()
    return n, due, datetime.combine(received, time.min, ZONE) if received else None


def links_asked(session: Session) -> tuple[int, datetime | None]:
    """How many recipients an organiser has asked a link for, and since when the first waits."""
    return _n_since(session, select(func.count(), func.min(RecipientLink.asked_at)).where(asked_not_sent()))


def _n_since(session: Session, query: Any) -> tuple[int, datetime | None]:
    n, since = session.execute(query).one()
    return n, since


def petitions_by_state(session: Session, now: datetime) -> dict[str, int]:
    """How many in each state; those past their end are closed, whatever closes them has done."""
    found = dict.fromkeys(PetitionState, 0) | dict(
        session.execute(select(Petition.state, func.count()).group_by(Petition.state)).all()
    )
    past = session.scalar(
        select(func.count())
        .select_from(Petition)
        .where(Petition.state == PetitionState.OPEN, Petition.closes_at <= now)
    )
    won = session.scalar(select(func.count()).select_from(Petition).where(text(WON)))
    found["open"] -= past or 0
    found["closed"] += past or 0
    return {**found, "won": won or 0}


def confirmed_per_hour(session: Session, since: datetime) -> dict[datetime, int]:
    """Signatures won online in each hour, on all petitions."""
    # Each along its own index, and only the sums together.
    parts = union_all(
        *(
            select(model.hour, func.sum(n).label("n")).where(model.hour >= since).group_by(model.hour)
            for model, n in ONLINE
        )
    ).subquery()
    rows = session.execute(select(parts.c.hour, func.sum(parts.c.n)).group_by(parts.c.hour))
    return {hour: int(n) for hour, n in rows}


def views_per_hour(session: Session, since: datetime) -> dict[datetime, int]:
    """Readings of their pages, the same way."""
    rows = session.execute(
        select(ViewCount.hour, func.sum(ViewCount.views)).where(ViewCount.hour >= since).group_by(ViewCount.hour)
    )
    return {hour: int(n) for hour, n in rows}


def confirmed_since(session: Session, since: datetime) -> dict[int, int]:
    """How many signatures each petition has won online since that hour."""
    parts = union_all(
        *(select(model.petition_id, n.label("n")).where(model.hour >= since) for model, n in ONLINE)
    ).subquery()
    rows = session.execute(select(parts.c.petition_id, func.sum(parts.c.n)).group_by(parts.c.petition_id))
    return {petition_id: int(n) for petition_id, n in rows}
