"""Every SELECT and atomic statement on the register."""

import struct
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Integer, bindparam, case, cast, delete, func, literal, or_, select, tuple_, union_all
from sqlalchemy.orm import Session, defer

from app.bulk import insert_for, insert_rows
from app.db import vault_of
from app.petitions.models import CountDelta, CountTotal, PaperTotal, Petition, PetitionAddress
from app.petitions.queries import PUBLIC_STATES, add_to_count
from app.register import tree
from app.register.entries import PERSONAL, Kind
from app.register.models import (
    RegisterCheckpoint,
    RegisterCosignature,
    RegisterHead,
    RegisterNews,
    RegisterPlace,
    RegisterSum,
    RegisterTile,
)
from app.register.tree import ENTRIES, Tile

SEQUENCING = 0x5160_0016  # advisory lock
BEGINNING = struct.Struct(">q")
EVERY = timedelta(seconds=1)
AT_LEAST = timedelta(hours=1)
# Of one transaction that sequences: others write meanwhile, and on SQLite they wait.
ROWS, PETITIONS = 1000, 50


# Heads


def take_turn(session: Session) -> bool:
    """One at a time appends, until its commit; False when somebody else is at it (SQLite: one writer anyway)."""
    if session.get_bind().dialect.name != "postgresql":
        return True
    return bool(session.scalar(select(func.pg_try_advisory_xact_lock(SEQUENCING))))


def name_of(session: Session, petition_id: int) -> str:
    """The name of its register, which begins now if it had none."""
    names = vault_of(session).register_names
    if petition_id in names:
        return names[petition_id]
    name = session.scalar(_NAME, {"id": petition_id})
    if name is None:
        begin(session, petition_id)
        return session.scalars(_NAME, {"id": petition_id}).one()
    names[petition_id] = name  # committed: it never changes
    return name


_NAME = select(RegisterHead.name).where(RegisterHead.petition_id == bindparam("id"))


def begin(session: Session, petition_id: int) -> None:
    slug = session.scalars(select(Petition.slug).where(Petition.id == petition_id)).one()
    nothing = {"size": 0, "root": tree.EMPTY, "total": 0, "paper": 0, "signed_size": 0}
    unsigned = {"origin": "", "note": "", "signed_by": "", "closed": False}
    insert_rows(
        session,
        RegisterHead.__table__,
        [{"petition_id": petition_id, "name": slug, **nothing, **unsigned}],
        unless="petition_id",
    )


def without(session: Session, limit: int) -> Sequence[int]:
    """Petitions that may be signed, or were, and have no register."""
    found = select(Petition.id).outerjoin(RegisterHead, RegisterHead.petition_id == Petition.id)
    found = found.where(Petition.opened_at.is_not(None), RegisterHead.petition_id.is_(None))
    return session.scalars(found.order_by(Petition.id).limit(limit)).all()


def head(session: Session, petition_id: int) -> RegisterHead | None:
    return session.get(RegisterHead, petition_id, populate_existing=True)


def lock(session: Session, petition_id: int) -> RegisterHead:
    """Ours until the commit; it begins now if there was none."""
    found = select(RegisterHead).where(RegisterHead.petition_id == petition_id).with_for_update()
    found = found.execution_options(populate_existing=True)
    row = session.scalars(found).one_or_none()
    if row is None:
        begin(session, petition_id)
        row = session.scalars(found).one()
    return row


def by_name(session: Session, name: str) -> RegisterHead | None:
    return session.scalars(select(RegisterHead).where(RegisterHead.name == name)).one_or_none()


def by_origin(session: Session, origin: str) -> RegisterHead | None:
    return session.scalars(select(RegisterHead).where(RegisterHead.origin == origin)).one_or_none()


def name_by_slug(session: Session, slug: str) -> str | None:
    """Of the petition that has this address, or had it."""
    ids = select(Petition.id).where(Petition.slug == slug)
    earlier = select(PetitionAddress.petition_id).where(PetitionAddress.slug == slug)
    found = select(RegisterHead.name).where(
        or_(RegisterHead.petition_id.in_(ids), RegisterHead.petition_id.in_(earlier))
    )
    return session.scalar(found)


def heads(session: Session) -> Sequence[RegisterHead]:
    """All of them, without their notes, which are long."""
    found = select(RegisterHead).options(defer(RegisterHead.note))
    return session.scalars(found.order_by(RegisterHead.petition_id)).all()


def to_sign(session: Session, now: datetime, limit: int) -> Sequence[int]:
    """Whose heads have grown, and were not signed this very second."""
    late = RegisterHead.signed_at.is_(None) | ~RegisterHead.signed_at.between(now - EVERY, now + EVERY)
    found = select(RegisterHead.petition_id).where(RegisterHead.size > RegisterHead.signed_size, late)
    return session.scalars(found.order_by(RegisterHead.petition_id).limit(limit)).all()


def to_sign_again(session: Session, vkey: str, now: datetime, limit: int) -> Sequence[int]:
    """Those that nobody has signed for an hour, or at all, or with the present key."""
    quiet = ~RegisterHead.closed & ~RegisterHead.signed_at.between(now - AT_LEAST, now + AT_LEAST)
    other = RegisterHead.signed_at.is_(None) | (RegisterHead.signed_by != vkey)
    found = select(RegisterHead.petition_id).where(or_(quiet, other))
    return session.scalars(found.order_by(RegisterHead.petition_id).limit(limit)).all()


def keep_checkpoint(session: Session, row: RegisterHead, now: datetime) -> None:
    """Unless one of this hour is kept, or of this very size."""
    hour = now.replace(minute=0, second=0, microsecond=0)
    mine = RegisterCheckpoint.petition_id == row.petition_id
    seen = select(RegisterCheckpoint.size).where(
        mine,
        or_(RegisterCheckpoint.size == row.size, RegisterCheckpoint.at.between(hour, hour + timedelta(hours=1))),
    )
    if session.scalar(seen.limit(1)) is None or row.closed:
        table = RegisterCheckpoint.__table__
        new = insert_for(session)(table).values(petition_id=row.petition_id, size=row.size, at=now, note=row.note)
        session.execute(new.on_conflict_do_update(index_elements=["petition_id", "size"], set_={"note": row.note}))


def keep_head(session: Session, petition_id: int, size: int, note: str, now: datetime) -> None:
    """One that somebody else has signed too, whatever its hour."""
    new = insert_for(session)(RegisterCheckpoint.__table__).values(
        petition_id=petition_id, size=size, at=now, note=note
    )
    session.execute(new.on_conflict_do_nothing(index_elements=["petition_id", "size"]))


def listed(session: Session, page: int, per_page: int) -> tuple[Sequence[Any], int]:
    """One page of (register, address of its petition, its title), the last opened first; and how many there are."""
    shown = (Petition.id == RegisterHead.petition_id) & Petition.state.in_(PUBLIC_STATES) & (RegisterHead.note != "")
    found = select(RegisterHead, Petition.slug, Petition.title).join(Petition, shown)
    rows = found.order_by(Petition.opened_at.desc(), Petition.id.desc()).limit(per_page).offset((page - 1) * per_page)
    total = session.scalar(select(func.count()).select_from(found.subquery())) or 0
    return session.execute(rows).all(), total


def checkpoints(session: Session, petition_id: int, limit: int) -> Sequence[RegisterCheckpoint]:
    """Those that are kept, the newest first."""
    mine = select(RegisterCheckpoint).where(RegisterCheckpoint.petition_id == petition_id)
    return session.scalars(mine.order_by(RegisterCheckpoint.size.desc()).limit(limit)).all()


# News


def add_news(session: Session, petition_id: int, rows: Sequence[Mapping[str, Any]]) -> None:
    """*rows*: kind, hour, version, change, and what else is not as most have it."""
    usual = {"petition_id": petition_id, "lines": 1, "commitments": b"", "rest": ""}
    if rows:
        insert_rows(session, RegisterNews.__table__, [{**usual, **row} for row in rows])


_TELL = """
WITH told AS (
  INSERT INTO register_news (petition_id, kind, hour, change, rest, version, lines, commitments)
  SELECT %b::int, %b::text, %b::timestamptz, %b::int, '', new.* FROM unnest(%b::int[], %b::int[], %b::bytea[]) AS new)
INSERT INTO count_delta (petition_id, hour, version, change)
SELECT %b::int, new.* FROM unnest(%b::timestamptz[], %b::int[], %b::int[]) AS new"""


def count_people(
    session: Session,
    petition_id: int,
    kind: Kind,
    hour: datetime,
    changes: Mapping[tuple[datetime, int], int],
    commitments: Mapping[int, Sequence[bytes]],
) -> None:
    """What a group changes of the count, and the news of it by version of the text; one statement on PostgreSQL.

    Each statement of a confirmation costs a twentieth of the whole.
    """
    if session.get_bind().dialect.name != "postgresql":
        add_to_count(session, petition_id, changes)
        common = {"kind": kind, "hour": hour, "change": PERSONAL[kind]}
        told = [
            {"version": version, "lines": len(each), "commitments": b"".join(each)}
            for version, each in commitments.items()
        ]
        add_news(session, petition_id, [common | row for row in told])
        return
    first = (petition_id, kind.value, hour, PERSONAL[kind])
    groups = list(commitments.values())
    news = (list(commitments), [len(each) for each in groups], [b"".join(each) for each in groups])
    hours, versions = [when for when, _ in changes], [version for _, version in changes]
    deltas = (petition_id, hours, versions, list(changes.values()))
    session.connection().exec_driver_sql(_TELL, (*first, *news, *deltas))


def is_news(session: Session) -> bool:
    return session.scalar(select(RegisterNews.id).limit(1)) is not None


def oldest_news(session: Session, lines: int, leaving: Collection[int] = ()) -> Sequence[RegisterNews]:
    """In the order in which they came: about so many lines in all, of a few petitions."""
    found = select(RegisterNews).order_by(RegisterNews.id).limit(ROWS)
    if leaving:
        found = found.where(RegisterNews.petition_id.not_in(leaving))
    news: list[RegisterNews] = []
    waiting, petitions = 0, set[int]()
    for row in session.scalars(found).all():
        waiting += row.lines
        petitions.add(row.petition_id)
        if news and (waiting > lines or len(petitions) > PETITIONS):
            break
        news.append(row)
    return news


def oldest_waiting(session: Session) -> datetime | None:
    """The hour of the first news."""
    return session.scalar(select(RegisterNews.hour).order_by(RegisterNews.id).limit(1))


def last_rolled_back(session: Session) -> datetime | None:
    """When a backup older than a published head was put back, the last time."""
    return session.scalar(select(func.max(RegisterHead.rolled_back_at)))


def delete_news(session: Session, ids: Sequence[int]) -> None:
    for start in range(0, len(ids), 1000):
        session.execute(delete(RegisterNews).where(RegisterNews.id.in_(ids[start : start + 1000])))


def commitments_in_news(session: Session, petition_id: int) -> Iterator[bytes]:
    """Each once for every line."""
    for joined in session.scalars(select(RegisterNews.commitments).where(RegisterNews.petition_id == petition_id)):
        yield from (joined[start : start + 32] for start in range(0, len(joined), 32))


def waiting(session: Session, petition_id: int) -> tuple[int, int, int]:
    """What the news of a petition change, how much of it is paper, and how many lines they are."""
    change = RegisterNews.change * RegisterNews.lines
    found = select(
        func.coalesce(func.sum(change), 0),
        func.coalesce(func.sum(case((RegisterNews.kind == Kind.PAPER, change), else_=0)), 0),
        func.coalesce(func.sum(RegisterNews.lines), 0),
    )
    row = session.execute(found.where(RegisterNews.petition_id == petition_id)).one()
    return int(row[0]), int(row[1]), int(row[2])


# Terms of the count


def add_sums(session: Session, petition_id: int, changes: Mapping[Kind, int]) -> None:
    table = RegisterSum.__table__
    statement = insert_for(session)(table)
    statement = statement.on_conflict_do_update(
        index_elements=["petition_id", "kind"], set_={"change": table.c.change + statement.excluded.change}
    )
    rows = [{"petition_id": petition_id, "kind": kind, "change": n} for kind, n in sorted(changes.items()) if n]
    if rows:
        session.execute(statement, rows)


def sums(session: Session, petition_id: int) -> dict[Kind, int]:
    """What each kind has changed of the count, its news included: added up, they are the count."""
    parts = union_all(
        select(RegisterSum.kind, RegisterSum.change.label("n")).where(RegisterSum.petition_id == petition_id),
        select(RegisterNews.kind, RegisterNews.change * RegisterNews.lines).where(
            RegisterNews.petition_id == petition_id
        ),
    ).subquery()
    rows = session.execute(select(parts.c.kind, func.sum(parts.c.n)).group_by(parts.c.kind))
    return {Kind(kind): int(n) for kind, n in rows}


# Witnesses


def cosignatures(session: Session, petition_id: int) -> Sequence[RegisterCosignature]:
    mine = select(RegisterCosignature).where(RegisterCosignature.petition_id == petition_id)
    return session.scalars(mine.order_by(RegisterCosignature.size.desc(), RegisterCosignature.witness)).all()


def keep_cosignature(session: Session, petition_id: int, witness: str, **said: Any) -> None:
    """Unless it has signed another one since; the same twice is once."""
    table = RegisterCosignature.__table__
    new = insert_for(session)(table).values(petition_id=petition_id, witness=witness, **said)
    session.execute(
        new.on_conflict_do_update(
            index_elements=["petition_id", "witness"],
            set_={name: new.excluded[name] for name in said},
            where=table.c.at < new.excluded.at,
        )
    )


# The count, the register and its news, in one statement: one truth


class Difference(NamedTuple):
    """``told``: the register and its news; ``shown``: the count."""

    petition_id: int
    slug: str
    told: int
    shown: int


def differences(session: Session, ids: Collection[int] | None = None) -> list[Difference]:
    """Of the petitions that have a register, or of these, those where it does not tell what is shown."""
    parts = union_all(
        select(CountTotal.petition_id, CountTotal.confirmed.label("shown"), literal(0).label("told")),
        select(CountDelta.petition_id, CountDelta.change, literal(0)),
        select(RegisterHead.petition_id, literal(0), RegisterHead.total),
        select(RegisterNews.petition_id, literal(0), RegisterNews.change * RegisterNews.lines),
    ).subquery()
    told, shown = func.sum(parts.c.told), func.coalesce(Petition.final_count, func.sum(parts.c.shown))
    found = select(Petition.id, Petition.slug, cast(told, Integer), cast(shown, Integer))
    found = found.join(parts, parts.c.petition_id == Petition.id).join(
        RegisterHead, RegisterHead.petition_id == Petition.id
    )
    if ids is not None:
        found = found.where(Petition.id.in_(ids))
    rows = session.execute(found.group_by(Petition.id, Petition.slug, Petition.final_count).having(told != shown))
    return sorted(Difference(*row) for row in rows)


def paper_missing(session: Session, petition_id: int) -> int:
    """How many signatures on paper the register and its news do not tell, of those counted."""
    news = RegisterNews.change * RegisterNews.lines
    parts = union_all(
        select(PaperTotal.signatures.label("n")).where(PaperTotal.petition_id == petition_id),
        select(-RegisterHead.paper).where(RegisterHead.petition_id == petition_id),
        select(-news).where(RegisterNews.petition_id == petition_id, RegisterNews.kind == Kind.PAPER),
    ).subquery()
    return int(session.scalar(select(func.coalesce(func.sum(parts.c.n), 0))) or 0)


def paper_totals(session: Session, petition_id: int) -> Sequence[tuple[datetime, int, int]]:
    """(hour, version of the text, signatures on paper), oldest first."""
    mine = select(PaperTotal.hour, PaperTotal.version, PaperTotal.signatures).where(
        PaperTotal.petition_id == petition_id
    )
    rows = session.execute(mine.order_by(PaperTotal.hour, PaperTotal.version))
    return [(hour, version, n) for hour, version, n in rows if n]


def is_counted_for_good(session: Session, petition_id: int) -> bool:
    return session.scalar(select(Petition.final_count).where(Petition.id == petition_id)) is not None


# Tiles


def tiles(session: Session, petition_id: int, wanted: Iterable[Tile]) -> dict[tuple[int, int], bytes]:
    """As they are stored: (level, number) → content."""
    keys = [(tile.level, tile.number) for tile in wanted]
    if not keys:
        return {}
    table = RegisterTile
    found = select(table.level, table.number, table.content).where(
        table.petition_id == petition_id, tuple_(table.level, table.number).in_(keys)
    )
    return {(level, number): content for level, number, content in session.execute(found)}


_TILE = select(RegisterTile.content).where(
    RegisterTile.petition_id == bindparam("petition"),
    RegisterTile.level == bindparam("level"),
    RegisterTile.number == bindparam("number"),
)


def tile(session: Session, petition_id: int, level: int, number: int) -> bytes:
    """b"" when there is none."""
    return session.scalar(_TILE, {"petition": petition_id, "level": level, "number": number}) or b""


def reader(session: Session, petition_id: int) -> tree.Read:
    """Reads each tile once, for the proofs of one transaction."""
    seen: dict[tuple[int, int], bytes] = {}

    def read(level: int, number: int) -> bytes:
        if (level, number) not in seen:
            seen[level, number] = tile(session, petition_id, level, number)
        return seen[level, number]

    return read


def bundles(session: Session, petition_id: int, first: int, n: int) -> Sequence[bytes]:
    """*n* bundles of entries from the *first*."""
    mine = select(RegisterTile.content).where(
        RegisterTile.petition_id == petition_id,
        RegisterTile.level == ENTRIES,
        RegisterTile.number.between(first, first + n - 1),
    )
    return session.scalars(mine.order_by(RegisterTile.number)).all()


def keep_tiles(session: Session, petition_id: int, contents: Mapping[tuple[int, int], bytes]) -> None:
    statement = insert_for(session)(RegisterTile.__table__)
    statement = statement.on_conflict_do_update(
        index_elements=["petition_id", "level", "number"], set_={"content": statement.excluded.content}
    )
    rows = [
        {"petition_id": petition_id, "level": level, "number": number, "content": content}
        for (level, number), content in sorted(contents.items())
    ]
    if rows:
        session.execute(statement, rows)


# Places


def beginning(commitment: bytes) -> int:
    return int(BEGINNING.unpack_from(commitment)[0])


def keep_places(session: Session, petition_id: int, places: Iterable[tuple[bytes, int]]) -> None:
    rows = [{"beginning": beginning(commitment), "position": position} for commitment, position in places]
    if rows:
        insert_rows(session, RegisterPlace.__table__, rows, {"petition_id": petition_id})


def places(session: Session, petition_id: int, commitment: bytes) -> Sequence[int]:
    """Where it may be, the last first."""
    mine = select(RegisterPlace.position).where(
        RegisterPlace.petition_id == petition_id, RegisterPlace.beginning == beginning(commitment)
    )
    return session.scalars(mine.order_by(RegisterPlace.position.desc())).all()


def times_in(session: Session, petition_id: int, commitments: Collection[bytes]) -> dict[int, int]:
    """Beginning → how many lines of the log begin their commitment so; of these."""
    found: dict[int, int] = {}
    asked = [beginning(commitment) for commitment in commitments]
    for start in range(0, len(asked), 1000):
        mine = select(RegisterPlace.beginning, func.count()).where(
            RegisterPlace.petition_id == petition_id, RegisterPlace.beginning.in_(asked[start : start + 1000])
        )
        found.update(dict(session.execute(mine.group_by(RegisterPlace.beginning)).all()))
    return found


def one_moment(session: Session) -> None:
    """Whatever this session, which has read nothing yet, will read: as of now (SQLite: it is so anyway)."""
    if session.get_bind().dialect.name == "postgresql":
        session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
