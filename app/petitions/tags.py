"""Where people come from: the tags that our own links carry (choices.TAGS), counted by the day, never by person."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from urllib.parse import parse_qsl, urlsplit

from sqlalchemy import case, delete, func, select, union_all
from sqlalchemy.orm import Session

from app.bulk import insert_for, insert_rows
from app.petitions.choices import TAGS
from app.petitions.models import TagCount, TagDelta
from app.zone import day_of

# Longer ones are nobody's link of ours.
LONGEST = 200


def in_query(query: str) -> str:
    """The tag of an address, "" for any other word."""
    if "s=" not in query or len(query) > LONGEST:
        return ""
    return next((value for name, value in parse_qsl(query) if name == "s" and value in TAGS), "")


def of_page(referer: str, origin: str, slug: str) -> str:
    """The tag of the page that sent a form: ours, this petition's; whatever another site says of itself is nothing."""
    if not referer.startswith(f"{origin}/") or len(referer) > len(origin) + len(slug) + LONGEST:
        return ""
    page = urlsplit(referer)
    known = page.path.removeprefix("/en") in {f"/petitions/{slug}", f"/widget/{slug}"}
    return in_query(page.query) if known else ""


def note(session: Session, petition_id: int, tags: Mapping[str, int], now: datetime) -> None:
    """Append what this transaction confirms."""
    rows = [{"tag": tag, "confirmed": n} for tag, n in tags.items()]
    if rows:
        insert_rows(session, TagDelta.__table__, rows, {"petition_id": petition_id, "day": day_of(now)})


def add_views(session: Session, views: Mapping[tuple[int, str], int], now: datetime) -> None:
    day = day_of(now)
    _add(session, "views", {(petition_id, day, tag): n for (petition_id, tag), n in views.items()})


def fold(session: Session, limit: int = 5000) -> int:
    """Move what was appended into the days; returns how many rows went."""
    oldest = select(TagDelta.id).order_by(TagDelta.id).limit(limit)
    gone = session.execute(
        delete(TagDelta)
        .where(TagDelta.id.in_(oldest))
        .returning(TagDelta.petition_id, TagDelta.day, TagDelta.tag, TagDelta.confirmed)
    ).all()
    sums: dict[tuple[int, date, str], int] = {}
    for petition_id, day, tag, n in gone:
        sums[petition_id, day, tag] = sums.get((petition_id, day, tag), 0) + n
    _add(session, "confirmed", sums)
    return len(gone)


def _add(session: Session, column: str, sums: Mapping[tuple[int, date, str], int]) -> None:
    table = TagCount.__table__
    statement = insert_for(session)(table)
    statement = statement.on_conflict_do_update(
        index_elements=["petition_id", "day", "tag"],
        set_={column: table.c[column] + statement.excluded[column]},
    )
    # In one order for everybody: two processes write their views at the same moment.
    rows = [
        {"petition_id": petition_id, "day": day, "tag": tag, column: n}
        for (petition_id, day, tag), n in sorted(sums.items())
    ]
    if rows:
        session.execute(statement, rows)


def of_petition(session: Session, petition_id: int, since: date) -> Iterator[tuple[str, int, int, int]]:
    """``(tag, views, confirmed, of these since that day)``."""
    days, deltas = TagCount.__table__.c, TagDelta.__table__.c
    parts = union_all(
        select(days.tag, days.day, days.views, days.confirmed).where(days.petition_id == petition_id),
        select(deltas.tag, deltas.day, deltas.id * 0, deltas.confirmed).where(deltas.petition_id == petition_id),
    ).subquery()
    lately = func.sum(case((parts.c.day >= since, parts.c.confirmed), else_=0))
    rows = session.execute(
        select(parts.c.tag, func.sum(parts.c.views), func.sum(parts.c.confirmed), lately).group_by(parts.c.tag)
    )
    return ((tag, int(views), int(confirmed), int(recent)) for tag, views, confirmed, recent in rows)


def forget(session: Session, petition_id: int) -> None:
    for table in (TagDelta, TagCount):
        session.execute(delete(table).where(table.petition_id == petition_id))
