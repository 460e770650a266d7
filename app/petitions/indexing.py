"""What the search looks in: the words of the petitions that the public may open, and of no other.

The verbs that publish, change, take down or put back a petition call :func:`keep` in their transaction.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, delete, literal_column, or_, select, text, update
from sqlalchemy.orm import Session, selectinload

from app.petitions import places, queries, words
from app.petitions.models import Petition, PetitionSearch, PetitionText

_TABLE: Any = PetitionSearch.__table__


def keep(session: Session, petition: Petition) -> None:
    """The index holds what everybody may read of *petition* now, if anything."""
    session.flush()
    refresh(session, [petition.id])


def refresh(session: Session, petition_ids: Sequence[int]) -> None:
    """The same of several, in few statements."""
    query = (
        select(Petition, PetitionText.markdown)
        .join(PetitionText, and_(PetitionText.petition_id == Petition.id, PetitionText.version == Petition.version))
        .where(Petition.id.in_(petition_ids), Petition.state.in_(queries.PUBLIC_STATES))
        .options(selectinload(Petition.recipients), selectinload(Petition.themes))
        # Nobody else puts it in or takes it out meanwhile; who signs does not wait.
        .with_for_update(key_share=True, of=Petition)
    )
    rows = [_row(petition, markdown) for petition, markdown in session.execute(query)]
    session.execute(delete(_TABLE).where(row_of(session).in_(petition_ids)))
    if rows:
        _add(session, rows)


def behind(session: Session) -> Sequence[int]:
    """Petitions that :func:`keep` was not called for: during an upgrade, a program that knows no index still works."""
    row = row_of(session)
    is_public = Petition.state.in_(queries.PUBLIC_STATES)
    stale = select(Petition.id).outerjoin(PetitionSearch, row == Petition.id)
    stale = stale.where(is_public, or_(row.is_(None), _TABLE.c.version != Petition.version))
    gone = select(row).select_from(PetitionSearch).where(row.not_in(select(Petition.id).where(is_public)))
    return [*session.scalars(stale), *session.scalars(gone)]


def look_again(session: Session, petition_ids: Select[int]) -> None:
    """They are found behind, and made anew by the job: there may be too many for somebody to wait."""
    session.execute(update(_TABLE).where(row_of(session).in_(petition_ids)).values(version=0))


def clear(session: Session) -> None:
    """Forget everything, to have it all made again."""
    session.execute(delete(_TABLE))


def row_of(session: Session) -> ColumnElement[int]:
    """What finds a petition's row at once: FTS5 knows its rowid only."""
    return literal_column("petition_search.rowid") if is_sqlite(session) else _TABLE.c.petition_id


def is_sqlite(session: Session) -> bool:
    return session.get_bind().dialect.name == "sqlite"


def _row(petition: Petition, markdown: str) -> dict[str, Any]:
    people = (f"{recipient.name} {recipient.role}" for recipient in petition.recipients)
    themes = (f"{theme.name} {theme.english}" for theme in petition.themes)
    about = (*themes, places.searched(petition.place_kind, petition.place_code))
    title, everything = words.indexed(petition.title, *about, petition.author, *people, markdown)
    everything += words.of_themes(theme.id for theme in petition.themes)
    return {"id": petition.id, "version": petition.version, "title": " ".join(title), "words": everything}


def _add(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    if is_sqlite(session):
        statement = (
            "INSERT INTO petition_search (rowid, petition_id, version, title, words)"
            " VALUES (:id, :id, :version, :title, :words)"
        )
        session.execute(text(statement), [row | {"words": " ".join(row["words"])} for row in rows])
    else:
        statement = (
            "INSERT INTO petition_search (petition_id, version, title, words)"
            " VALUES (:id, :version, :title, array_to_tsvector(CAST(:words AS text[])))"
        )
        session.execute(text(statement), list(rows))
