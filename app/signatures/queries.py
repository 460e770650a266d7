"""Every SELECT about signatures, and the atomic statements of signing."""

import uuid
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, bindparam, delete, func, select, text, tuple_, update
from sqlalchemy.orm import Session

from app.bulk import insert_rows
from app.clock import hour_of
from app.petitions.models import Petition, PetitionState
from app.signatures import doubts, seats
from app.signatures.links import REMIND_AFTER, REMIND_BEFORE
from app.signatures.models import ASIDE, CountCorrection, PostingRecord, Signature, SignatureState, Withdrawal

PER_PAGE = 50
_ROWS = Signature.__table__.c
Cursor = tuple[datetime, uuid.UUID]


def insert_new(session: Session, rows: Sequence[dict[str, Any]], same: dict[str, Any]) -> set[uuid.UUID]:
    """Insert those whose address has not signed yet: the database decides. Returns their ids."""
    ids = {row["id"] for row in rows}
    if insert_rows(session, Signature.__table__, rows, same, unless="petition_id, email_key") == len(rows):
        return ids
    petitions = {row["petition_id"] for row in rows}
    return set(session.scalars(select(_ROWS.id).where(_ROWS.petition_id.in_(petitions), _ROWS.id.in_(ids))))


Address = tuple[int, bytes]


def of_address(session: Session, petition_id: int, address_key: bytes) -> Sequence[Signature]:
    """Whoever sits in the seats of this address, in their order."""
    return session.scalars(_seated(petition_id, [address_key]).order_by(Signature.email_key)).all()


_TURN = text("SELECT pg_advisory_xact_lock(key) FROM unnest(CAST(:keys AS bigint[])) AS key")


def lock_addresses(session: Session, addresses: Iterable[Address]) -> dict[Address, list[Signature]]:
    """The same of each (petition, address key), locked; until the commit nobody else gives or takes a seat there.

    An address has no row of its own to lock, and whoever sits first may change while one waits: hence the
    advisory lock, taken before the rows, which stand in one order for everybody.
    """
    found: dict[Address, list[Signature]] = {address: [] for address in addresses}
    if found and session.get_bind().dialect.name == "postgresql":  # SQLite has one writer
        turns = sorted(int.from_bytes(address_key[:8], "big", signed=True) for _, address_key in found)
        session.execute(_TURN, {"keys": turns})
    by_petition: dict[int, list[bytes]] = {}
    for petition_id, address_key in found:
        by_petition.setdefault(petition_id, []).append(address_key)
    for petition_id, address_keys in sorted(by_petition.items()):
        query = _seated(petition_id, address_keys).order_by(Signature.id).with_for_update()
        rows = session.scalars(query.execution_options(populate_existing=True)).all()
        for row in sorted(rows, key=lambda row: row.email_key):
            found[petition_id, seats.address_of(row.email_key)].append(row)
    return found


def _seated(petition_id: int, address_keys: Iterable[bytes]) -> Select[Signature]:
    keys = [key for address_key in address_keys for key in seats.keys(address_key)]
    return select(Signature).where(Signature.petition_id == petition_id, Signature.email_key.in_(keys))


def sit_down(session: Session, row: Signature, seat: int, instead_of: Signature | None) -> None:
    """*row*, which is locked, leaves the seat where it waited; whoever it replaces goes there."""
    address_key, waited = seats.address_of(row.email_key), row.email_key
    row.email_key = seats.key(address_key, seats.NOBODYS)
    session.flush()
    if instead_of is not None:
        instead_of.email_key = waited
        session.flush()
    row.email_key = seats.key(address_key, seat)
    session.flush()


def lock_by_ids(session: Session, ids: Iterable[tuple[int, uuid.UUID]]) -> Sequence[Signature]:
    """The signatures of these (petition, id), locked, in one order for everybody."""
    return session.scalars(
        select(Signature)
        .where(tuple_(Signature.petition_id, Signature.id).in_(list(ids)))
        .order_by(Signature.petition_id, Signature.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()


def lock_in_order(session: Session, petition_id: int, ids: Collection[uuid.UUID]) -> None:
    """Wait for one's turn on each, in the order in which everybody does."""
    session.execute(
        select(Signature.id)
        .where(Signature.petition_id == petition_id, Signature.id.in_(ids))
        .order_by(Signature.id)
        .with_for_update()
    ).all()


def move(
    session: Session, petition_id: int, ids: Collection[uuid.UUID], before: str, after: str, now: datetime
) -> Sequence[Any]:
    """Those that still are *before* become *after*; what the count and the register need of the rows that moved."""
    moved = session.execute(
        update(Signature)
        .where(
            Signature.petition_id == petition_id,
            Signature.id.in_(ids),
            Signature.state == before,
            Signature.confirmed_at.is_not(None),
        )
        .values(state=after, **_out_or_in(after, now))
        .returning(
            Signature.id, Signature.confirmed_at, Signature.text_version, Signature.email_sealed, Signature.place
        )
        .execution_options(synchronize_session="fetch")
    )
    return moved.all()


def _out_or_in(after: str, now: datetime) -> dict[str, Any]:
    """When it is put back; when it was set aside first: a file made meanwhile may have been without it."""
    if after == SignatureState.CONFIRMED:
        return {"back_at": now}
    return {"aside_at": func.coalesce(Signature.aside_at, now)}


_TO_CONFIRM = (
    select(
        *(
            Signature.__table__.c[name]
            for name in (
                "petition_id", "id", "email_key", "state", "created_at", "comment_sealed", "email_sealed", "locale",
                "place", "form_digest", "doubt", "text_version", "came_by", "display",
            )
        )
    )
    .where(
        Signature.__table__.c.petition_id == bindparam("petition"),
        Signature.__table__.c.id.in_(bindparam("ids", expanding=True)),
    )
    .order_by(Signature.__table__.c.id)
    .with_for_update()
)  # fmt: skip


def lock_to_confirm(session: Session, ids: Iterable[tuple[int, uuid.UUID]]) -> list[Any]:
    """What confirming reads of these (petition, id), locked in the order of ``lock_by_ids``; plain rows."""
    by_petition: dict[int, list[uuid.UUID]] = {}
    for petition_id, signature_id in ids:
        by_petition.setdefault(petition_id, []).append(signature_id)
    return [
        row
        for petition_id, mine in sorted(by_petition.items())
        for row in session.connection().execute(_TO_CONFIRM, {"petition": petition_id, "ids": mine})
    ]


def get(session: Session, petition_id: int, signature_id: uuid.UUID) -> Signature | None:
    return session.get(Signature, (petition_id, signature_id))


_CONFIRMED = (
    select(_ROWS.id, func.row_number().over(order_by=_ROWS.id).label("nth"))
    .where(_ROWS.petition_id == bindparam("petition"), _ROWS.id.in_(bindparam("ids", expanding=True)))
    .subquery()
)
_MARK_CONFIRMED = (
    Signature.__table__.update()  # type: ignore[attr-defined]
    .where(_ROWS.petition_id == bindparam("petition"), _ROWS.id == _CONFIRMED.c.id)
    .values(
        state=SignatureState.CONFIRMED,
        confirmed_at=bindparam("now"),
        place=bindparam("before") + _CONFIRMED.c.nth,
        comment_sealed=None,
        code_failures=0,
        came_by="",
    )
)


_SHOW = (
    Signature.__table__.update()  # type: ignore[attr-defined]
    .where(_ROWS.petition_id == bindparam("petition"), _ROWS.id == bindparam("signature"))
    .values(display=bindparam("shown"))
)


def mark_confirmed(
    session: Session, petition_id: int, ids: Collection[uuid.UUID], before: int, now: datetime
) -> dict[uuid.UUID, int]:
    """Signatures that are locked and pending; gives their places, which follow *before* in the order of the ids."""
    values = {"petition": petition_id, "ids": list(ids), "before": before, "now": now}
    session.connection().execute(_MARK_CONFIRMED, values)
    return {signature_id: before + nth for nth, signature_id in enumerate(sorted(ids), 1)}


def show(session: Session, petition_id: int, signature_id: uuid.UUID, display: str) -> None:
    """What the public sees of a signature that is locked."""
    session.connection().execute(_SHOW, {"petition": petition_id, "signature": signature_id, "shown": display})


def mark_waiting(session: Session, petition_id: int, ids: Collection[uuid.UUID], now: datetime) -> None:
    """The same of those that count only when somebody has looked: no place."""
    session.execute(
        update(Signature)
        .where(Signature.petition_id == petition_id, Signature.id.in_(ids))
        .values(
            state=SignatureState.QUARANTINED,
            confirmed_at=now,
            aside_at=now,
            comment_sealed=None,
            code_failures=0,
            came_by="",
        )
        .execution_options(synchronize_session=False)
    )


def note_posting(session: Session, signature_id: uuid.UUID, petition_id: int, sealed: bytes, now: datetime) -> None:
    session.merge(PostingRecord(id=signature_id, petition_id=petition_id, sealed=sealed, at=now))


def note_withdrawal(session: Session, withdrawal: Withdrawal) -> None:
    session.add(withdrawal)


def withdrawals_since(session: Session, since: datetime) -> Sequence[Any]:
    """By name: a restore reads this before the schema is that of this code."""
    return session.execute(
        select(Withdrawal.petition_id, Withdrawal.email_key, Withdrawal.id).where(
            Withdrawal.withdrawn_at >= since, Withdrawal.email_key.is_not(None)
        )
    ).all()


def withdrawals_after_export(session: Session, petition_id: int) -> Sequence[Withdrawal]:
    """What was counted, or could be contacted, and no longer: latest first."""
    return session.scalars(
        select(Withdrawal)
        .where(Withdrawal.petition_id == petition_id, Withdrawal.confirmed_at.is_not(None))
        .order_by(Withdrawal.withdrawn_at.desc())
    ).all()


def remove(session: Session, signatures: Iterable[Signature]) -> None:
    """They are gone; who waited behind a first seat that is empty now moves up."""
    rows = list(signatures)
    key = tuple_(Signature.petition_id, Signature.id)
    these = delete(Signature).where(key.in_([(row.petition_id, row.id) for row in rows]))
    session.execute(these, execution_options={"synchronize_session": False})
    for row in rows:
        session.expunge(row)
    addresses = [(row.petition_id, row.email_key) for row in rows if seats.seat_of(row.email_key) == 1]
    for (_, address_key), behind in lock_addresses(session, addresses).items():
        if behind:
            behind[0].email_key = address_key
    session.flush()


# What a public name is made of.
PUBLIC = (
    Signature.id,
    Signature.display,
    Signature.given_name,
    Signature.family_name_sealed,
    Signature.postal_code,
    Signature.country,
    Signature.departement,
)


def newest(session: Session, petition_id: int, limit: int = 10, before: Cursor | None = None) -> Sequence[Any]:
    """Confirmed signatures, newest first, from a keyset cursor: the same cost at any depth."""
    query = select(Signature.confirmed_at, *PUBLIC).where(
        Signature.petition_id == petition_id, Signature.state == SignatureState.CONFIRMED
    )
    if before is not None:
        query = query.where(tuple_(Signature.confirmed_at, Signature.id) < before)
    return session.execute(query.order_by(Signature.confirmed_at.desc(), Signature.id.desc()).limit(limit)).all()


def latest_confirmed(session: Session, petition_id: int, limit: int) -> Sequence[Any]:
    """The newest for the fraud desk: with their state and their sealed address."""
    return _latest(session, petition_id, Signature.state == SignatureState.CONFIRMED, limit)


def latest_aside(session: Session, petition_id: int, limit: int) -> Sequence[Any]:
    """Those that were set aside or invalidated, by when they had been confirmed; not those that wait."""
    return _latest(session, petition_id, and_(text(ASIDE), ~_waits()), limit)


def latest_waiting(session: Session, petition_id: int, limit: int) -> Sequence[Any]:
    """Those that came without their proof, and at which nobody has looked."""
    return _latest(session, petition_id, and_(text(ASIDE), _waits()), limit)


def _waits() -> Any:
    """``doubts.waits`` of a row, in the database's words."""
    without_proof = func.coalesce(Signature.doubt, "").contains(doubts.NO_PROOF)
    return (Signature.state == SignatureState.QUARANTINED) & Signature.place.is_(None) & without_proof


def _latest(session: Session, petition_id: int, state: Any, limit: int) -> Sequence[Any]:
    return session.execute(
        select(Signature.confirmed_at, *PUBLIC, Signature.email_sealed, Signature.state, Signature.doubt)
        .where(Signature.petition_id == petition_id, state)
        .order_by(Signature.confirmed_at.desc(), Signature.id.desc())
        .limit(limit)
    ).all()


def left_the_count(session: Session, petition_id: int) -> tuple[int, int]:
    """How many that were confirmed count no more: withdrawn by their owners; set aside or invalidated."""
    withdrawn = select(func.count()).where(
        Withdrawal.petition_id == petition_id, Withdrawal.purpose == "delivery", Withdrawal.confirmed_at.is_not(None)
    )
    aside = select(func.count()).where(Signature.petition_id == petition_id, text(ASIDE), ~_waits())
    return session.scalar(withdrawn) or 0, session.scalar(aside) or 0


def note_correction(session: Session, petition_id: int, change: int, reason: str, now: datetime) -> None:
    session.add(CountCorrection(petition_id=petition_id, at=now, change=change, reason=reason))


def corrections(session: Session, petition_id: int, limit: int) -> Sequence[CountCorrection]:
    """The latest first."""
    found = select(CountCorrection).where(CountCorrection.petition_id == petition_id)
    return session.scalars(found.order_by(CountCorrection.id.desc()).limit(limit)).all()


def aside_counts(session: Session) -> dict[tuple[int, str], int]:
    """How many are set aside, by petition and state."""
    rows = session.execute(
        select(Signature.petition_id, Signature.state, func.count())
        .where(text(ASIDE))
        .group_by(Signature.petition_id, Signature.state)
    )
    return {(petition_id, state): n for petition_id, state, n in rows}


def set_aside_waiting(session: Session, most: int = 10_000) -> tuple[int, datetime | None]:
    """How many are set aside and not decided on, counted up to *most*, and since when the first was confirmed."""
    aside = select(Signature.confirmed_at).where(text(ASIDE), Signature.state == SignatureState.QUARANTINED)
    some = aside.limit(most).subquery()
    n, first = session.execute(select(func.count(), func.min(some.c.confirmed_at))).one()
    return n, first


def since(session: Session, petition_id: int, after: datetime, limit: int = 1000) -> int:
    """Confirmations since *after*, counted up to *limit*."""
    recent = (
        select(Signature.id)
        .where(
            Signature.petition_id == petition_id,
            Signature.state == SignatureState.CONFIRMED,
            Signature.confirmed_at > after,
        )
        .limit(limit)
        .subquery()
    )
    return session.scalar(select(func.count()).select_from(recent)) or 0


def signed_before(
    session: Session, petition_id: int, version: int, after: uuid.UUID | None, limit: int
) -> Sequence[Signature]:
    """Who has signed an earlier version, in the order of their ids, from a cursor; held until the commit."""
    query = select(Signature).where(
        Signature.petition_id == petition_id,
        Signature.state == SignatureState.CONFIRMED,
        Signature.text_version < version,
    )
    if after is not None:
        query = query.where(Signature.id > after)
    return session.scalars(query.order_by(Signature.id).limit(limit).with_for_update()).all()


def any_signature(session: Session, petition_id: int) -> bool:
    return session.scalar(select(Signature.id).where(Signature.petition_id == petition_id).limit(1)) is not None


def confirmed_rows(session: Session) -> dict[int, int]:
    """Confirmed signatures by petition, counted one by one (``counts verify``)."""
    rows = session.execute(
        select(Signature.petition_id, func.count())
        .where(Signature.state == SignatureState.CONFIRMED)
        .group_by(Signature.petition_id)
    )
    return dict(rows.all())


def confirmed_by_hour(session: Session, petition_id: int) -> dict[datetime, int]:
    """The same by hour of confirmation (``counts repair``)."""
    hours: dict[datetime, int] = {}
    for moment in session.scalars(
        select(Signature.confirmed_at)
        .where(Signature.petition_id == petition_id, Signature.state == SignatureState.CONFIRMED)
        .execution_options(yield_per=10_000)
    ):
        if moment is None:
            continue
        hour = hour_of(moment)
        hours[hour] = hours.get(hour, 0) + 1
    return hours


def confirmed_by_version(session: Session, petition_id: int) -> dict[int, int]:
    """The same by later version of the text (``counts verify`` and ``repair``)."""
    rows = session.execute(
        select(Signature.text_version, func.count())
        .where(
            Signature.petition_id == petition_id,
            Signature.state == SignatureState.CONFIRMED,
            Signature.text_version > 1,
        )
        .group_by(Signature.text_version)
    )
    return dict(rows.all())


def to_remind(session: Session, now: datetime, limit: int = 200) -> Sequence[Signature]:
    """Pending for 48 hours, not reminded yet, not about to expire; of a petition that may be signed now."""
    return session.scalars(
        select(Signature)
        .join(Petition, Petition.id == Signature.petition_id)
        .where(
            Petition.state == PetitionState.OPEN,
            Petition.closes_at.is_(None) | (Petition.closes_at > now),
            Signature.state == SignatureState.PENDING,
            Signature.reminded.is_(False),
            Signature.created_at <= now - REMIND_AFTER,
            Signature.created_at > now - REMIND_BEFORE,
        )
        .order_by(Signature.created_at)
        .limit(limit)
        .with_for_update(skip_locked=True, of=Signature)
    ).all()


def expired_pending(session: Session, before: datetime, limit: int) -> tuple[list[Signature], bool]:
    """Some, locked with whoever has the same address (one of them may move up); and whether there may be more."""
    expired = (
        select(Signature.petition_id, Signature.email_key)
        .where(Signature.state == SignatureState.PENDING, Signature.created_at < before)
        .order_by(Signature.created_at)
        .limit(limit)
    )
    found = session.execute(expired).all()
    of_each = lock_addresses(session, {(petition_id, seats.address_of(key)) for petition_id, key in found}).values()
    # Confirmed or withdrawn while we waited, they are not ours any more.
    still = [row for rows in of_each for row in rows if row.state == SignatureState.PENDING and row.created_at < before]
    return still, len(found) == limit


def stream(session: Session, petition_id: int, columns: Sequence[Any], *where: Any) -> Iterator[Any]:
    """Signatures of one petition in the order of their ids, in constant memory."""
    query = (
        select(*columns)
        .where(Signature.petition_id == petition_id, *where)
        .order_by(Signature.id)
        .execution_options(yield_per=2000)
    )
    yield from session.execute(query)


def cells(session: Session, petition_id: int) -> dict[tuple[str, str], int]:
    """Confirmed signatures by (département, ISO week), for what stays after the end of life."""
    found: dict[tuple[str, str], int] = {}
    rows = session.execute(
        select(Signature.departement, Signature.confirmed_at)
        .where(Signature.petition_id == petition_id, Signature.state == SignatureState.CONFIRMED)
        .execution_options(yield_per=10_000)
    )
    for place, moment in rows:
        if moment is not None:
            year, week, _ = moment.isocalendar()
            found[place, f"{year}-W{week:02}"] = found.get((place, f"{year}-W{week:02}"), 0) + 1
    return found


def delete_some(session: Session, petition_id: int, limit: int) -> int:
    """Delete up to *limit* signatures of one petition; returns how many."""
    ids = session.scalars(select(Signature.id).where(Signature.petition_id == petition_id).limit(limit)).all()
    if ids:
        session.execute(delete(Signature).where(Signature.petition_id == petition_id, Signature.id.in_(ids)))
    return len(ids)


def counted_or_aside(session: Session, petition_id: int, after: uuid.UUID | None, limit: int) -> Sequence[Any]:
    """Signatures that their owners have confirmed, in the order of their ids: what the register tells of them."""
    found = select(
        Signature.id, Signature.state, Signature.email_sealed, Signature.text_version, Signature.confirmed_at
    ).where(Signature.petition_id == petition_id, Signature.confirmed_at.is_not(None))
    if after is not None:
        found = found.where(Signature.id > after)
    return session.execute(found.order_by(Signature.id).limit(limit)).all()
