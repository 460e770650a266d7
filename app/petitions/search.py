"""The search: petitions that have these words, open ones first, then by title, then the newest.

One index a database, of the same words (words.py) and only of petitions that the public may open: FTS5 on SQLite, a
``tsvector`` under GIN on PostgreSQL. They say which petitions have the words; the order is made here, from what both
can tell at once. Their own ranks (bm25, ts_rank) differ from each other, and weigh every petition that is found: with
a word of half of 100,000 petitions a page would take longer than the 50 ms that it may.

What is in the index is up to ``indexing``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, Text, bindparam, case, cast, func, literal_column, select
from sqlalchemy.dialects.postgresql import TSQUERY
from sqlalchemy.orm import Session

from app.petitions import queries, themes, words
from app.petitions.indexing import is_sqlite, row_of
from app.petitions.lists import Among, Page, in_order, pages_of
from app.petitions.models import Petition, PetitionSearch, PetitionState

# Beyond, the page says "more than", and nobody looks at the 26th page.
MOST = 300
# Of a question, and of a title that others are compared with: what is typed beyond narrows nothing.
WORDS = 12
ALIKE = 8
_TABLE = PetitionSearch.__table__
_DATE: dict[Among | None, Any] = {
    Among.ENDED: func.coalesce(Petition.closed_at, Petition.closes_at),
    Among.WON: Petition.outcome_at,
}
# One of these: a word of each of its parts.
Question = Sequence[Sequence[Sequence[str]]]


@dataclass(frozen=True)
class _Hit:
    id: int
    is_open: bool
    title: frozenset[str]

    def shared(self, wanted: Sequence[str]) -> int:
        """How many of these words its title has."""
        return len(self.title.intersection(wanted))


def found(
    session: Session, now: datetime, *, typed: str, theme: str, sort: str, page: int, among: Among | None = None
) -> Page:
    """The petitions that have every word of *typed*, in one list or in any; none when there is no word in it."""
    wanted = words.asked(typed)[:WORDS]
    about = [words.of_themes(themes.known_as(session, themes.find(session, theme)))] if theme else []
    hits, more = _best(session, now, wanted, about, among) if wanted and about != [[]] else ([], False)
    number = min(page, pages_of(len(hits)))
    ids: Sequence[int] = [hit.id for hit in hits]
    if sort in queries.SORTS:
        query = select(Petition).where(Petition.id.in_(ids)).order_by(case((queries.is_open(now), 0), else_=1))
        ids = session.scalars(_sorted(query, sort, among).with_only_columns(Petition.id)).all()
    ids = ids[(number - 1) * queries.PER_PAGE :][: queries.PER_PAGE]
    return Page(in_order(session, ids), len(hits), number, sum(not hit.is_open for hit in hits), more)


def _sorted(query: Select[Petition], sort: str, among: Among | None) -> Select[Petition]:
    """In one of SORTS."""
    if sort == "signatures":
        sums = queries.sums().subquery()
        number = func.coalesce(Petition.final_count, sums.c.confirmed, 0)
        return query.outerjoin(sums, sums.c.petition_id == Petition.id).order_by(number.desc(), Petition.id.desc())
    if sort == "fin":
        soonest = case((Petition.state == PetitionState.OPEN, Petition.closes_at))
        return query.order_by(soonest, Petition.closes_at.desc(), Petition.id)
    return query.order_by(_DATE.get(among, Petition.opened_at).desc(), Petition.id.desc())


def similar(
    session: Session, now: datetime, title: str, besides: int | None = None, limit: int = 3
) -> Sequence[Petition]:
    """Open petitions, *besides* one, whose titles share the most with *title*; then those with all its words."""
    wanted = words.telling(title)[:ALIKE]
    if not wanted:
        return ()
    said = words.in_title(wanted)
    # One word in common is chance, unless there is but one. Each with any of those after it: asked pair by pair, an
    # index takes half as long again.
    pairs: Question = [([word], said[n:]) for n, word in enumerate(said[:-1], 1)] or [[said]]
    alike = _newest(session, now, pairs, MOST)
    alike.sort(key=lambda hit: (hit.shared(wanted) / len(hit.title.union(wanted)), hit.id), reverse=True)
    everywhere = _newest(session, now, _all_of(wanted), MOST)
    hits = {hit.id: hit for hit in (*alike, *everywhere) if hit.is_open and hit.id != besides}
    return in_order(session, list(hits)[:limit])


def _best(
    session: Session, now: datetime, wanted: Sequence[str], about: Sequence[Sequence[str]], among: Among | None
) -> tuple[list[_Hit], bool]:
    """The best first, MOST at most, each *about* one of these, if any; and whether there are more."""
    # Of too many, the newest, and among them those with a title that says it.
    by_title = _newest(session, now, _all_of(words.in_title(wanted), about), MOST + 1, among)
    anywhere = _newest(session, now, _all_of(wanted, about), MOST + 1, among)
    hits = list({hit.id: hit for hit in (*by_title, *anywhere)}.values())
    hits.sort(key=lambda hit: (hit.is_open, hit.shared(wanted), hit.id), reverse=True)
    return hits[:MOST], len(hits) > MOST


def _all_of(wanted: Sequence[str], about: Sequence[Sequence[str]] = ()) -> Question:
    return [[*([word] for word in wanted), *about]]


def _newest(session: Session, now: datetime, question: Question, limit: int, among: Among | None = None) -> list[_Hit]:
    """Petitions that answer it, *limit* at most: only then are they looked at."""
    row = row_of(session)
    some = select(row.label("id"), _TABLE.c.title).select_from(PetitionSearch).where(_matches(session, question))
    if among == Among.WON:
        # Few, and all of them first: neither engine is to look for them in what has the words, one by one.
        won = select(Petition.id).where(queries.is_won()).offset(0)
        some = some.where((row + 0 if is_sqlite(session) else row).in_(won))
    elif among is not None:
        some = some.join(Petition, Petition.id == row)
        some = some.where(queries.is_open(now) if among == Among.OPEN else queries.is_ended(now))
    # To PostgreSQL many alternatives cost what one word does: it would try them on one petition after the other, from
    # the newest, for 100 ms. An order that no index has leaves it the index of words.
    newest = row if is_sqlite(session) or len(question) == 1 else row + 0
    some_rows = some.order_by(newest.desc()).limit(limit).subquery()
    query = (
        select(Petition.id, queries.is_open(now), some_rows.c.title)
        .join(some_rows, some_rows.c.id == Petition.id)
        .where(Petition.state.in_(queries.PUBLIC_STATES))
    )
    rows = sorted(session.execute(query), key=lambda found: -found.id)
    return [_Hit(petition_id, bool(is_open), frozenset(title.split())) for petition_id, is_open, title in rows]


def _matches(session: Session, question: Question) -> ColumnElement[bool]:
    """As each engine asks for words; they have no sign that either would take for its own."""
    if is_sqlite(session):
        return literal_column("petition_search").op("MATCH", is_comparison=True)(_say(question, '"', " AND ", " OR "))
    # In the statement itself: PostgreSQL goes another way for a word that many have, if it knows which one it is.
    asked = _say(question, "'", " & ", " | ")
    known = bindparam(None, asked, literal_execute=True, type_=Text)
    return _TABLE.c.words.op("@@", is_comparison=True)(cast(known, TSQUERY))


def _say(question: Question, quote: str, both: str, either: str) -> str:
    """With these signs."""
    every = [[either.join(f"{quote}{word}{quote}" for word in some) for some in parts] for parts in question]
    return either.join("(" + both.join(f"({part})" for part in parts) + ")" for parts in every)
