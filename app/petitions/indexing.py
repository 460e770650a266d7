"""What the search looks in: the words of the petitions that the public may open, and of no other.

The verbs that publish, change, take down or put back a petition call :func:`keep` in their transaction.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Text, cast, column, delete, func, insert, literal_column, or_, select, table
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from app.petitions import queries, words
from app.petitions.models import Petition, PetitionSearch

_TABLE: Any = PetitionSearch.__table__
_FTS5 = table("petition_search", *(column(name) for name in ("rowid", "petition_id", "version", "title", "words")))


def keep(session: Session, petition: Petition) -> None:
    """The index holds what everybody may read of *petition* now, if anything."""
    session.flush()
    _drop(session, [petition.id])
    if petition.state in queries.PUBLIC_STATES:
        _add(session, petition)


def is_behind(session: Session) -> bool:
    """During an upgrade, petitions are still published by a program that knows no index."""
    gone, stale = _behind(session, 1)
    return bool(gone or stale)


def catch_up(session: Session, limit: int = 500) -> int:
    """Put right, *limit* petitions at a time, what :func:`keep` was not called for; returns how many."""
    gone, stale = _behind(session, limit)
    _drop(session, gone)
    for petition in stale:
        keep(session, petition)
    return len(gone) + len(stale)


def _behind(session: Session, limit: int) -> tuple[Sequence[int], Sequence[Petition]]:
    """Ids that should no longer be in the index, petitions whose text should."""
    row = row_of(session)
    is_public = Petition.state.in_(queries.PUBLIC_STATES)
    left = select(row).select_from(PetitionSearch).where(row.not_in(select(Petition.id).where(is_public)))
    gone = session.scalars(left.limit(limit)).all()
    stale = session.scalars(
        select(Petition)
        .outerjoin(PetitionSearch, row == Petition.id)
        .where(is_public, or_(row.is_(None), _TABLE.c.version != Petition.version))
        .limit(limit)
    ).all()
    return gone, stale


def clear(session: Session) -> None:
    """Forget everything, before catching up."""
    session.execute(delete(_TABLE))


def row_of(session: Session) -> ColumnElement[int]:
    """What finds a petition's row at once: FTS5 knows its rowid only."""
    return literal_column("petition_search.rowid") if is_sqlite(session) else _TABLE.c.petition_id


def is_sqlite(session: Session) -> bool:
    return session.get_bind().dialect.name == "sqlite"


def _drop(session: Session, petition_ids: Sequence[int]) -> None:
    session.execute(delete(_TABLE).where(row_of(session).in_(petition_ids)))


def _add(session: Session, petition: Petition) -> None:
    title, everything = words.indexed(
        petition.title,
        petition.theme,
        petition.author,
        *(f"{recipient.name} {recipient.role}" for recipient in petition.recipients),
        queries.text_of(session, petition).markdown,
    )
    row: dict[str, Any] = {"petition_id": petition.id, "version": petition.version}
    if is_sqlite(session):
        row |= {"rowid": petition.id, "title": " ".join(title), "words": " ".join(everything)}
        session.execute(insert(_FTS5).values(row))
    else:
        row |= {"title": _lexemes(title), "words": _lexemes(everything)}
        session.execute(insert(_TABLE).values(row))


def _lexemes(found: list[str]) -> ColumnElement[Any]:
    return func.array_to_tsvector(cast(found, ARRAY(Text)))
