"""The lists of petitions that everybody may open: those to sign, those that have ended, those that were won."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import desc, exists, func, select, union_all
from sqlalchemy.orm import Session, selectinload

from app.petitions import queries, themes
from app.petitions.indexing import is_sqlite
from app.petitions.models import Petition, PetitionTheme, Theme

NEWEST: tuple[Any, Any] = (desc("at"), desc("id"))


class Among(StrEnum):
    """Which list, as its address says it."""

    OPEN = "ouvertes"
    ENDED = "closes"
    WON = "victoires"


# Of a theme: beyond, its list says "more than", and a word is needed to find the others.
MOST = 100 * queries.PER_PAGE


@dataclass(frozen=True)
class Page:
    """One page of a list, or of what was found; *total* and *closed* stop somewhere when there are *more*."""

    petitions: Sequence[Petition]
    total: int
    number: int = 1
    closed: int = 0
    more: bool = False

    @property
    def pages(self) -> int:
        return pages_of(self.total)


def pages_of(total: int) -> int:
    return max(1, -(-total // queries.PER_PAGE))


def numbers(session: Session, now: datetime, lists: Iterable[Among] = Among) -> dict[Among, int]:
    """How many are in each list."""
    return {among: _number(session, now, among, "") for among in lists}


def listed(
    session: Session, now: datetime, among: Among, *, theme: str, sort: str, page: int, total: int | None = None
) -> Page:
    """One page, the last one if there are fewer; *total*, where it is known already."""
    total = _number(session, now, among, theme) if total is None else total
    more = bool(theme) and total > MOST
    total = MOST if more else total
    number = min(page, pages_of(total))
    return Page(in_order(session, _ids(session, now, among, theme, sort, number)), total, number, more=more)


def newest_open(session: Session, now: datetime, most: int) -> Sequence[int]:
    """Found among the last that were opened, by the index of when; else all that are open are put in order."""
    last = select(Petition.id).where(Petition.opened_at.is_not(None))
    last = last.order_by(Petition.opened_at.desc(), Petition.id.desc()).limit(4 * most)
    (part,) = _parts(session, now, Among.OPEN, "")
    ordered = part.order_by(*NEWEST).limit(most)
    found = session.scalars(ordered.where(Petition.id.in_(session.scalars(last).all()))).all()
    return found if len(found) == most else session.scalars(ordered).all()


def latest_won(session: Session, most: int) -> Sequence[int]:
    return session.scalars(_won().order_by(*NEWEST).limit(most)).all()


def themes_of(session: Session, now: datetime, among: Among) -> Sequence[Theme]:
    """Those that petitions of the list have, in the operator's order."""
    if among == Among.WON:  # few, and to be found at once
        won = select(PetitionTheme.theme_id).where(PetitionTheme.petition_id.in_(_won().with_only_columns(Petition.id)))
        has_some: Any = Theme.id.in_(won)
    else:
        some = select(PetitionTheme.petition_id).join(Petition, Petition.id == PetitionTheme.petition_id)
        belongs = queries.is_open(now) if among == Among.OPEN else queries.is_ended(now)
        has_some = exists(some.where(PetitionTheme.theme_id == Theme.id, belongs))
    return session.scalars(select(Theme).where(has_some).order_by(Theme.position, Theme.id)).all()


def _won() -> Any:
    return select(Petition.id, Petition.outcome_at.label("at")).where(queries.is_won())


def _number(session: Session, now: datetime, among: Among, theme: str) -> int:
    """Of a theme, no more than one beyond MOST."""
    if among == Among.ENDED and not theme:
        return queries.number_ended(session, now)
    parts = _parts(session, now, among, theme)
    if not theme:
        return sum(session.scalar(part.with_only_columns(func.count(Petition.id))) or 0 for part in parts)
    some = (part.with_only_columns(Petition.id).limit(MOST + 1).subquery() for part in parts)
    return sum(session.scalar(select(func.count()).select_from(few)) or 0 for few in some)


def _parts(session: Session, now: datetime, among: Among, theme: str) -> Sequence[Any]:
    """``(id, at)`` of the list, at: what puts it first."""
    parts: Sequence[Any]
    if among == Among.ENDED:
        parts = queries.ended(now)
    elif among == Among.WON:
        parts = [_won()]
    else:
        parts = [select(Petition.id, Petition.opened_at.label("at")).where(queries.is_open(now))]
    if not theme:
        return parts
    having = themes.having(themes.find(session, theme))
    if among == Among.WON:  # few: each is asked for its theme
        return [part.where(exists(having.where(PetitionTheme.petition_id == Petition.id))) for part in parts]
    # SQLite would look up all petitions of the theme one by one, and sort them, rather than go through the list.
    number = Petition.id + 0 if among == Among.ENDED and is_sqlite(session) else Petition.id
    return [part.where(number.in_(having)) for part in parts]


def _ids(session: Session, now: datetime, among: Among, theme: str, sort: str, page: int) -> Sequence[int]:
    parts = _parts(session, now, among, theme)
    if sort == "signatures":
        rows, sums = union_all(*(part.add_columns(Petition.final_count) for part in parts)).subquery(), queries.sums()
        counted = sums.subquery()
        query = select(rows.c.id).outerjoin(counted, counted.c.petition_id == rows.c.id)
        number = func.coalesce(rows.c.final_count, counted.c.confirmed, 0)
        return session.scalars(_page(query.order_by(number.desc(), rows.c.id.desc()), page)).all()
    if sort == "fin":
        parts = [part.order_by(Petition.closes_at, Petition.id) for part in parts]
        return session.scalars(_page(parts[0], page)).all()
    if len(parts) == 1:
        return session.scalars(_page(parts[0].order_by(*NEWEST), page)).all()
    return session.scalars(_page(union_all(*parts).order_by(*NEWEST), page)).all()


def _page(query: Any, page: int) -> Any:
    return query.limit(queries.PER_PAGE).offset((page - 1) * queries.PER_PAGE)


def in_order(session: Session, ids: Sequence[int]) -> Sequence[Petition]:
    """Each with what a card says of it."""
    query = (
        select(Petition)
        .where(Petition.id.in_(ids))
        .options(selectinload(Petition.recipients), selectinload(Petition.themes))
    )
    found = {petition.id: petition for petition in session.scalars(query)}
    return [found[petition_id] for petition_id in ids]
