"""Every SELECT about sheets, and the statements by which the database decides what becomes of one."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, func, insert, or_, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.accounts.models import Account
from app.clock import hour_of
from app.paper.models import Sheet, SheetCorrection, SheetLine, SheetState
from app.petitions import on_paper
from app.petitions.models import Petition

PER_PAGE = 50
MOST_SHOWN = 200


def counted(session: Session, petition_id: int) -> int:
    """Signatures on paper in the count."""
    return on_paper.count(session, petition_id)


def sheet(session: Session, petition_id: int, number: int) -> Sheet | None:
    return session.scalars(_sheet(petition_id, number)).one_or_none()


def lock_sheet(session: Session, petition_id: int, number: int) -> Sheet | None:
    """As it stands now; nobody else moves it until the commit."""
    query = _sheet(petition_id, number).with_for_update().execution_options(populate_existing=True)
    return session.scalars(query).one_or_none()


def _sheet(petition_id: int, number: int) -> Any:
    return select(Sheet).where(Sheet.petition_id == petition_id, Sheet.number == number)


def last_number(session: Session, petition_id: int) -> int:
    return session.scalar(select(func.max(Sheet.number)).where(Sheet.petition_id == petition_id)) or 0


def any_sheet(session: Session, petition_id: int) -> bool:
    return session.scalar(select(Sheet.id).where(Sheet.petition_id == petition_id).limit(1)) is not None


def add_sheets(session: Session, numbers: range, same: Mapping[str, Any]) -> None:
    session.execute(insert(Sheet), [{**same, "number": number} for number in numbers])


def to_print(session: Session, petition_id: int, first: int, last: int) -> Sequence[Sheet]:
    """Those of these numbers, whatever their state."""
    found = select(Sheet).where(Sheet.petition_id == petition_id, Sheet.number.between(first, last))
    return session.scalars(found.order_by(Sheet.number)).all()


def move(session: Session, petition_id: int, number: int, before: str, after: str, **values: Any) -> int | None:
    """The sheet's id, if it still was *before*: of many at once, the database lets one through."""
    moved = (
        update(Sheet)
        .where(Sheet.petition_id == petition_id, Sheet.number == number, Sheet.state == before)
        .values(state=after, **values)
        .returning(Sheet.id)
        .execution_options(synchronize_session=False)
    )
    return session.execute(moved).scalar_one_or_none()


def replace_lines(session: Session, sheet_id: int, rows: Sequence[Mapping[str, Any]]) -> None:
    """``postal_code``, ``departement``, ``signatures`` of each."""
    session.execute(delete(SheetLine).where(SheetLine.sheet_id == sheet_id))
    session.execute(insert(SheetLine), [{"sheet_id": sheet_id, **row} for row in rows])


def lines(session: Session, sheet_id: int) -> Sequence[SheetLine]:
    return session.scalars(
        select(SheetLine).where(SheetLine.sheet_id == sheet_id).order_by(SheetLine.postal_code)
    ).all()


# The desk


def states(session: Session, petition_id: int) -> dict[str, int]:
    """How many sheets are in each."""
    rows = session.execute(
        select(Sheet.state, func.count()).where(Sheet.petition_id == petition_id).group_by(Sheet.state)
    )
    return dict(rows.all())


def batches(session: Session, petition_id: int) -> Sequence[Any]:
    """``(issued_at, version, first, last, still blank)`` of each request for sheets, the latest first."""
    blank = func.count().filter(Sheet.state == SheetState.ISSUED)
    return session.execute(
        select(Sheet.issued_at, Sheet.version, func.min(Sheet.number), func.max(Sheet.number), blank)
        .where(Sheet.petition_id == petition_id)
        .group_by(Sheet.issued_at, Sheet.version)
        .order_by(Sheet.issued_at.desc())
        .limit(PER_PAGE)
    ).all()


def waiting(session: Session, petition_id: int) -> Sequence[Sheet]:
    """Entered, and checked by nobody yet, the oldest first."""
    found = select(Sheet).where(Sheet.petition_id == petition_id, Sheet.state == SheetState.ENTERED)
    return session.scalars(found.order_by(Sheet.entered_at, Sheet.number).limit(MOST_SHOWN)).all()


# By what those that were filled in may be in order.
ORDERS: dict[str, InstrumentedAttribute[Any]] = {
    "feuille": Sheet.number,
    "etat": Sheet.state,
    "saisie": Sheet.entered_at,
    "verifiee": Sheet.checked_at,
    "signatures": Sheet.signatures,
}


def acted_on(
    session: Session, petition_id: int, page: int, order: str = "feuille", down: bool = False
) -> Sequence[Sheet]:
    """Those that are blank no more, or were; one more than a page has, when there are more."""
    begun = or_(Sheet.state != SheetState.ISSUED, Sheet.entered_at.is_not(None))
    column = ORDERS[order]
    return session.scalars(
        select(Sheet)
        .where(Sheet.petition_id == petition_id, begun)
        .order_by(column.is_(None), column.desc() if down else column, Sheet.number)
        .limit(PER_PAGE + 1)
        .offset((page - 1) * PER_PAGE)
    ).all()


def names(session: Session, account_ids: set[int]) -> dict[int, str]:
    rows = session.execute(select(Account.id, Account.email).where(Account.id.in_(account_ids)))
    return dict(rows.all())


def with_waiting(session: Session) -> Sequence[Any]:
    """``(petition, how many)`` of sheets that wait for a second person."""
    return session.execute(
        select(Petition, func.count(Sheet.id))
        .join(Sheet, Sheet.petition_id == Petition.id)
        .where(Sheet.state == SheetState.ENTERED)
        .group_by(Petition.id)
        .order_by(Petition.id)
    ).all()


# The count and what explains it


def _counted(petition_id: int | None = None) -> tuple[ColumnElement[bool], ...]:
    mine = () if petition_id is None else (Sheet.petition_id == petition_id,)
    return (*mine, Sheet.state == SheetState.COUNTED)


def counted_rows(session: Session) -> dict[int, dict[tuple[datetime, int], int]]:
    """Signatures of counted sheets by petition, hour and version, added up one by one (``counts verify``)."""
    found: dict[int, dict[tuple[datetime, int], int]] = {}
    rows = session.execute(
        select(Sheet.petition_id, Sheet.checked_at, Sheet.version, Sheet.signatures)
        .where(*_counted())
        .execution_options(yield_per=10_000)
    )
    for petition_id, at, version, n in rows:
        if at is not None and n is not None:
            totals = found.setdefault(petition_id, {})
            totals[hour_of(at), version] = totals.get((hour_of(at), version), 0) + n
    return found


def summary(session: Session, petition_id: int) -> dict[str, Any]:
    """How many sheets are counted, and between which days they were checked."""
    n, first, last = session.execute(
        select(func.count(), func.min(Sheet.checked_at), func.max(Sheet.checked_at)).where(*_counted(petition_id))
    ).one()
    return {"sheets": n, "first": first, "last": last}


def corrections(session: Session, petition_id: int) -> Sequence[SheetCorrection]:
    """The latest first."""
    return session.scalars(
        select(SheetCorrection)
        .where(SheetCorrection.petition_id == petition_id)
        .order_by(SheetCorrection.id.desc())
        .limit(MOST_SHOWN)
    ).all()


def by_departement(session: Session, petition_id: int) -> dict[str, int]:
    """Counted signatures on paper; "" of those abroad."""
    rows = session.execute(
        select(SheetLine.departement, func.sum(SheetLine.signatures))
        .join(Sheet, Sheet.id == SheetLine.sheet_id)
        .where(*_counted(petition_id))
        .group_by(SheetLine.departement)
    )
    return {departement: int(n) for departement, n in rows}


def cells(session: Session, petition_id: int) -> dict[tuple[str, str], int]:
    """The same by (département, ISO week), for what stays after the end of life."""
    found: dict[tuple[str, str], int] = {}
    rows = session.execute(
        select(SheetLine.departement, Sheet.checked_at, SheetLine.signatures)
        .join(Sheet, Sheet.id == SheetLine.sheet_id)
        .where(*_counted(petition_id))
    )
    for place, moment, n in rows:
        if moment is not None:
            year, week, _ = moment.isocalendar()
            found[place, f"{year}-W{week:02}"] = found.get((place, f"{year}-W{week:02}"), 0) + n
    return found


# The end


def counted_for_good(session: Session) -> list[Any]:
    """Petitions whose last count is kept, and whose sheets still say something of people."""
    found = select(Petition).where(Petition.final_count.is_not(None), Petition.id.in_(_unforgotten()))
    return list(session.scalars(found.order_by(Petition.id)))


def _unforgotten() -> Any:
    """``issued_by`` goes last."""
    return select(Sheet.petition_id).where(Sheet.issued_by.is_not(None))


def left(session: Session, petition_ids: Sequence[int]) -> int:
    """Lines and sheets of these petitions of which something has to go."""
    mine = Sheet.petition_id.in_(petition_ids)
    rows = session.scalar(select(func.count()).where(SheetLine.sheet_id.in_(select(Sheet.id).where(mine)))) or 0
    return rows + (session.scalar(select(func.count()).where(mine, Sheet.issued_by.is_not(None))) or 0)


def delete_lines(session: Session, petition_ids: Sequence[int], limit: int) -> int:
    """Those of some sheets; returns how many went."""
    of = select(SheetLine.sheet_id).join(Sheet, Sheet.id == SheetLine.sheet_id).distinct()
    ids = session.scalars(of.where(Sheet.petition_id.in_(petition_ids)).limit(limit)).all()
    if not ids:
        return 0
    return len(
        session.scalars(delete(SheetLine).where(SheetLine.sheet_id.in_(ids)).returning(SheetLine.sheet_id)).all()
    )


def to_forget(session: Session, petition_ids: Sequence[int], limit: int) -> Sequence[Sheet]:
    found = select(Sheet).where(Sheet.petition_id.in_(petition_ids), Sheet.issued_by.is_not(None))
    return session.scalars(found.order_by(Sheet.id).limit(limit)).all()


def scans(session: Session) -> set[str]:
    """The files that sheets have."""
    return {name for name in session.scalars(select(Sheet.scan).where(Sheet.scan.is_not(None))) if name}
