"""The list of petitions, and the search: those that have these words, open ones first, then by title, then the newest.

One index a database, of the same words (words.py) and only of petitions that the public may open: FTS5 on SQLite, two
``tsvector`` under GIN on PostgreSQL. They say which petitions have the words; the order is made here, from what both
can tell at once. Their own ranks (bm25, ts_rank) differ from each other and weigh every petition that is found: a word
of half of 100,000 petitions takes ten times the 50 ms that a page may take.

What is in the index is up to ``indexing``.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import combinations

from sqlalchemy import ColumnElement, Select, Text, case, cast, func, literal_column, select
from sqlalchemy.dialects.postgresql import TSQUERY
from sqlalchemy.orm import Session, selectinload

from app.petitions import queries, words
from app.petitions.indexing import is_sqlite, row_of
from app.petitions.models import Petition, PetitionSearch

# Beyond, the page says "more than", and nobody looks at the 84th page.
MOST = 1_000
# Of a question, and of a title that others are compared with: what is typed beyond narrows nothing.
WORDS = 12
ALIKE = 8
_TABLE = PetitionSearch.__table__


@dataclass(frozen=True)
class Page:
    """One page of what was found; *total* and *closed* stop at MOST when there are *more*."""

    petitions: Sequence[Petition]
    total: int
    closed: int = 0
    more: bool = False


@dataclass(frozen=True)
class _Hit:
    id: int
    is_open: bool
    title: frozenset[str]


def listed(session: Session, now: datetime, *, theme: str, sort: str, page: int) -> Page:
    """The open petitions."""
    query = select(Petition).where(queries.is_open(now))
    if theme:
        query = query.where(Petition.theme.in_(queries.spellings(session, theme)))
    total = session.scalar(query.with_only_columns(func.count(Petition.id))) or 0
    return Page(_in_order(session, _some(session, _sorted(query, sort), page)), total)


def found(session: Session, now: datetime, *, typed: str, theme: str, sort: str, page: int) -> Page:
    """The petitions that have every word of *typed*; none when there is no word in it."""
    wanted = words.asked(typed)[:WORDS]
    hits, more = _best(session, now, wanted, theme) if wanted else ([], False)
    ids: Sequence[int] = [hit.id for hit in hits]
    if sort in queries.SORTS:
        query = select(Petition).where(Petition.id.in_(ids)).order_by(case((queries.is_open(now), 0), else_=1))
        ids = _some(session, _sorted(query, sort), page)
    else:
        ids = ids[(page - 1) * queries.PER_PAGE :][: queries.PER_PAGE]
    return Page(_in_order(session, ids), len(hits), sum(not hit.is_open for hit in hits), more)


def _sorted(query: Select[Petition], sort: str) -> Select[Petition]:
    """In one of SORTS, the newest first without."""
    if sort == "signatures":
        sums = queries.sums().subquery()
        return query.outerjoin(sums, sums.c.petition_id == Petition.id).order_by(
            func.coalesce(sums.c.confirmed, 0).desc(), Petition.id.desc()
        )
    if sort == "fin":
        soonest = case((Petition.state == "open", Petition.closes_at))
        return query.order_by(soonest, Petition.closes_at.desc(), Petition.id)
    return query.order_by(Petition.opened_at.desc(), Petition.id.desc())


def _some(session: Session, query: Select[Petition], page: int) -> Sequence[int]:
    """The ids of one page."""
    ids = query.with_only_columns(Petition.id).limit(queries.PER_PAGE).offset((page - 1) * queries.PER_PAGE)
    return session.scalars(ids).all()


def similar(
    session: Session, now: datetime, title: str, besides: int | None = None, limit: int = 3
) -> Sequence[Petition]:
    """Open petitions, *besides* one, whose titles share the most with *title*; then those with all its words."""
    wanted = words.telling(title)[:ALIKE]
    if not wanted:
        return ()
    open_now = (queries.is_open(now), Petition.id != (besides or 0))
    pairs = [list(pair) for pair in combinations(wanted, 2)] or [wanted]
    alike = _hits(session, now, "title", pairs, MOST, *open_now)
    alike.sort(key=lambda hit: (len(hit.title & set(wanted)) / len(hit.title | set(wanted)), hit.id), reverse=True)
    ids = [hit.id for hit in alike[:limit]]
    if len(ids) < limit:
        ids += [hit.id for hit in _hits(session, now, "words", [wanted], 2 * limit, *open_now) if hit.id not in ids]
    return _in_order(session, ids[:limit])


def _best(session: Session, now: datetime, wanted: Sequence[str], theme: str) -> tuple[list[_Hit], bool]:
    """The best first, MOST at most; and whether there are more."""
    conditions = [Petition.state.in_(queries.PUBLIC_STATES)]
    if theme:
        conditions.append(Petition.theme.in_(queries.spellings(session, theme)))
    # A common word has too many petitions to look at: of those too, the ones with a title that says it.
    by_title = _hits(session, now, "title", [wanted], MOST + 1, *conditions)
    anywhere = _hits(session, now, "words", [wanted], MOST + 1, *conditions) if len(by_title) <= MOST else []
    hits = list({hit.id: hit for hit in (*by_title, *anywhere)}.values())
    hits.sort(key=lambda hit: (hit.is_open, len(hit.title.intersection(wanted)), hit.id), reverse=True)
    return hits[:MOST], len(hits) > MOST


def _hits(
    session: Session,
    now: datetime,
    column: str,
    anyone: Iterable[Sequence[str]],
    limit: int,
    *conditions: ColumnElement[bool],
) -> list[_Hit]:
    """The newest petitions that have all the words of one of *anyone* in this column of the index."""
    row, matches = row_of(session), _matches(session, column, anyone)
    query = (
        select(row, queries.is_open(now), cast(_TABLE.c.title, Text))
        .select_from(PetitionSearch)
        .join(Petition, Petition.id == row)
        .where(matches, *conditions)
        .order_by(row.desc())
        .limit(limit)
    )
    # 'a' 'b' is how PostgreSQL writes them.
    return [
        _Hit(petition_id, bool(is_open), frozenset(title.replace("'", "").split()))
        for petition_id, is_open, title in session.execute(query)
    ]


def _matches(session: Session, column: str, anyone: Iterable[Sequence[str]]) -> ColumnElement[bool]:
    """As each engine asks for words; they have no sign that either would take for its own."""
    if is_sqlite(session):
        asked = " OR ".join("(" + " AND ".join(f'"{word}"' for word in every) + ")" for every in anyone)
        return literal_column("petition_search").op("MATCH", is_comparison=True)(f"{column} : ({asked})")
    asked = " | ".join("(" + " & ".join(f"'{word}'" for word in every) + ")" for every in anyone)
    return _TABLE.c[column].op("@@", is_comparison=True)(cast(asked, TSQUERY))


def _in_order(session: Session, ids: Sequence[int]) -> Sequence[Petition]:
    query = select(Petition).where(Petition.id.in_(ids)).options(selectinload(Petition.recipients))
    found = {petition.id: petition for petition in session.scalars(query)}
    return [found[petition_id] for petition_id in ids]
