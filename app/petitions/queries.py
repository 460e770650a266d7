"""Every SELECT about petitions, and the statements that keep their counts."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Integer,
    Select,
    and_,
    bindparam,
    case,
    cast,
    delete,
    func,
    or_,
    select,
    text,
    union,
    union_all,
)
from sqlalchemy.orm import Session, lazyload, selectinload

from app import clock
from app.accounts.models import Account
from app.bulk import insert_for, insert_rows
from app.organisations.queries import with_right, with_rights
from app.organisations.rights import Right
from app.petitions.models import (
    WON,
    CountDelta,
    CountTotal,
    PaperTotal,
    Petition,
    PetitionAddress,
    PetitionOwner,
    PetitionState,
    PetitionText,
    StepPassed,
    VersionTotal,
    ViewCount,
)

# What was won online, by petition and hour: sheets are left out, which come all at once and were signed before.
ONLINE: tuple[tuple[Any, Any], ...] = (
    (CountTotal, CountTotal.confirmed),
    (CountDelta, CountDelta.change),
    (PaperTotal, -PaperTotal.signatures),
)
# What the public may open: a draft or a refused petition is nobody's business.
PUBLIC_STATES = (PetitionState.OPEN, PetitionState.CLOSED, PetitionState.DELIVERED, PetitionState.PURGED)
HIDDEN_STATES = (PetitionState.DRAFT, PetitionState.SUBMITTED, PetitionState.REFUSED)
PER_PAGE = 12
BEST = "Les plus proches"
SORTS = {"recentes": "Les plus récentes", "signatures": "Les plus signées", "fin": "Bientôt closes"}
# Of those that have ended: the end comes soon to none of them.
ENDED_SORTS = {name: SORTS[name] for name in ("recentes", "signatures")}


def by_slug(session: Session, slug: str) -> Petition | None:
    return session.scalars(
        select(Petition)
        .where(Petition.slug == slug)
        .options(selectinload(Petition.recipients), selectinload(Petition.sources), selectinload(Petition.themes))
    ).one_or_none()


def alone(session: Session, petition_id: int) -> Petition:
    """The petition without its recipients and sources, for those who ask for its state only."""
    return session.get_one(Petition, petition_id, options=[lazyload("*")])


def public_by_slug(session: Session, slug: str) -> Petition | None:
    petition = by_slug(session, slug)
    return petition if petition is not None and petition.state in PUBLIC_STATES else None


def held(account_id: int, right: Right | None = None) -> ColumnElement[bool]:
    """This account owns the petition, or has *right* in its organisation (None: is a member of it)."""
    own = select(PetitionOwner.petition_id).where(PetitionOwner.account_id == account_id)
    return or_(Petition.id.in_(own), Petition.organisation_id.in_(with_right(account_id, right)))


def holds(session: Session, account_id: int, petition_id: int, right: Right | None) -> bool:
    return session.scalar(select(Petition.id).where(Petition.id == petition_id, held(account_id, right))) is not None


def holders(session: Session, petition: Petition, rights: Collection[Right]) -> Sequence[Account]:
    """The accounts in use that own it, or have one of *rights* in its organisation."""
    own = select(PetitionOwner.account_id).where(PetitionOwner.petition_id == petition.id)
    people = union(own, with_rights(petition.organisation_id, rights))
    return session.scalars(
        select(Account).where(Account.id.in_(people), Account.disabled_at.is_(None)).order_by(Account.id)
    ).all()


def owned(session: Session, account_id: int) -> Sequence[Petition]:
    """Those that this account sees on its desk: its own, and its organisations'."""
    return session.scalars(
        select(Petition)
        .where(held(account_id))
        .order_by(Petition.created_at.desc(), Petition.id.desc())
        .options(selectinload(Petition.recipients), selectinload(Petition.organisation))
    ).all()


def owner(session: Session, account_id: int, petition_id: int) -> PetitionOwner | None:
    return session.get(PetitionOwner, (petition_id, account_id), populate_existing=True)


def lock_carried(session: Session, petition: Petition) -> None:
    """Whose it is stays as it is now until the commit."""
    session.refresh(petition, ["organisation_id", "organisation"], with_for_update={"of": Petition})


def of_the_same_people(session: Session, petition: Petition, limit: int) -> Sequence[Petition]:
    """What else those who own it have proposed, the newest first."""
    owners = select(PetitionOwner.account_id).where(PetitionOwner.petition_id == petition.id)
    theirs = select(PetitionOwner.petition_id).where(PetitionOwner.account_id.in_(owners))
    proposed = (Petition.submissions > 0) | Petition.opened_at.is_not(None)
    found = select(Petition).where(Petition.id.in_(theirs), Petition.id != petition.id, proposed)
    return session.scalars(found.order_by(Petition.id.desc()).limit(limit)).all()


def lock_owned(session: Session, account_id: int) -> None:
    query = select(Petition.id).join(PetitionOwner).where(PetitionOwner.account_id == account_id)
    session.execute(query.order_by(Petition.id).with_for_update(of=Petition)).all()


def disown(session: Session, account_id: int, petition_id: int) -> None:
    session.execute(
        delete(PetitionOwner).where(PetitionOwner.account_id == account_id, PetitionOwner.petition_id == petition_id)
    )


def text_of(session: Session, petition: Petition) -> PetitionText:
    return session.get_one(PetitionText, (petition.id, petition.version))


def lock(session: Session, petition_id: int) -> Petition | None:
    """Ours alone until the commit, as it stands then; who signs does not wait."""
    return session.scalars(
        select(Petition)
        .where(Petition.id == petition_id)
        .options(selectinload(Petition.recipients))
        .with_for_update(key_share=True, of=Petition)
        .execution_options(populate_existing=True)
    ).one_or_none()


def newest(session: Session, limit: int) -> Sequence[tuple[Petition, str]]:
    """The last opened of those online, whatever became of them since; with each, its text as HTML."""
    rows = session.execute(
        select(Petition, PetitionText.html)
        .join(PetitionText, and_(PetitionText.petition_id == Petition.id, PetitionText.version == Petition.version))
        .where(Petition.state.in_(PUBLIC_STATES), Petition.opened_at.is_not(None))
        .options(lazyload("*"))
        .order_by(Petition.opened_at.desc(), Petition.id.desc())
        .limit(limit)
    )
    return [(row[0], row[1]) for row in rows]


def slug_taken(session: Session, slug: str) -> bool:
    """By a petition that is there, or was: an earlier address leads to it for good."""
    now = select(Petition.id).where(Petition.slug == slug)
    before = select(PetitionAddress.petition_id).where(PetitionAddress.slug == slug)
    return session.scalar(now.union(before)) is not None


def slug_now(session: Session, slug: str) -> str | None:
    """The present address of the petition that had this one earlier."""
    moved = select(Petition.slug).join(PetitionAddress, PetitionAddress.petition_id == Petition.id)
    return session.scalar(moved.where(PetitionAddress.slug == slug))


def _open(now: datetime) -> Select[Petition]:
    return select(Petition).where(is_open(now))


def is_open(now: datetime) -> ColumnElement[bool]:
    """It may be signed."""
    return (Petition.state == PetitionState.OPEN) & (Petition.closes_at > now)


# Public, told by what it is not: no index of states is taken for that, where another one has the order of the list.
_SHOWN = Petition.state.not_in(HIDDEN_STATES)


def ended(now: datetime) -> Sequence[Any]:
    """``(id, at)`` of those that the public may open and nobody can sign: the job has noted it, or will soon.

    In two, which have nothing in common: each is read from an index of its own.
    """
    noted = select(Petition.id, Petition.closed_at.label("at")).where(Petition.closed_at <= now, _SHOWN)
    over = select(Petition.id, Petition.closes_at.label("at")).where(
        Petition.state == PetitionState.OPEN, Petition.closes_at <= now
    )
    return noted, over


def number_ended(session: Session, now: datetime) -> int:
    """How many these are, from the index of states."""
    noted = Petition.state.in_((PetitionState.CLOSED, PetitionState.DELIVERED, PetitionState.PURGED))
    over = (Petition.state == PetitionState.OPEN) & (Petition.closes_at <= now)
    return sum(session.scalar(select(func.count(Petition.id)).where(some)) or 0 for some in (noted, over))


def is_ended(now: datetime) -> ColumnElement[bool]:
    return Petition.state.in_(PUBLIC_STATES) & ~is_open(now)


def is_won() -> ColumnElement[bool]:
    """What it asks was obtained, or part of it; spelled as its index is."""
    return and_(_SHOWN, text(f"petition.{WON}"))


def carried_by(session: Session, organisation_id: int, now: datetime, page: int) -> tuple[Sequence[Petition], int]:
    """One page of what the public may open of an organisation's, open ones first, then the newest; and how many."""
    found = select(Petition).where(Petition.organisation_id == organisation_id, Petition.state.in_(PUBLIC_STATES))
    total = session.scalar(found.with_only_columns(func.count(Petition.id))) or 0
    rows = session.scalars(
        found.order_by(case((is_open(now), 0), else_=1), Petition.opened_at.desc(), Petition.id.desc())
        .limit(PER_PAGE)
        .offset((page - 1) * PER_PAGE)
        .options(selectinload(Petition.recipients))
    ).all()
    return rows, total


def carries_any(session: Session, organisation_id: int) -> bool:
    """Whatever the state of its petitions."""
    return session.scalar(select(Petition.id).where(Petition.organisation_id == organisation_id).limit(1)) is not None


# Counts: total per hour + deltas not folded yet. One statement sees both, hence one truth.


def sums() -> Select[Any]:
    parts = union_all(
        select(CountTotal.petition_id, CountTotal.confirmed.label("n")),
        select(CountDelta.petition_id, CountDelta.change.label("n")),
    ).subquery()
    return select(parts.c.petition_id, cast(func.sum(parts.c.n), Integer).label("confirmed")).group_by(
        parts.c.petition_id
    )


def count(session: Session, petition_id: int) -> int:
    """The displayed count of one petition."""
    return counts(session, [petition_id])[petition_id]


def _counts() -> Select[Any]:
    ids: BindParameter[Any] = bindparam("ids", expanding=True)
    parts = union_all(
        select(CountTotal.petition_id, CountTotal.confirmed.label("n")).where(CountTotal.petition_id.in_(ids)),
        select(CountDelta.petition_id, CountDelta.change.label("n")).where(CountDelta.petition_id.in_(ids)),
    ).subquery()
    return select(parts.c.petition_id, func.sum(parts.c.n)).group_by(parts.c.petition_id)


# Made once: asked for at every confirmation and every page.
_COUNTS = _counts()
_FINALS = select(Petition.id, Petition.final_count).where(
    Petition.id.in_(bindparam("ids", expanding=True)), Petition.final_count.is_not(None)
)


def counts(session: Session, petition_ids: Iterable[int]) -> dict[int, int]:
    """The displayed count of each; a purged petition keeps its last one."""
    ids = list(petition_ids)
    found = dict.fromkeys(ids, 0)
    rows = session.execute(_COUNTS, {"ids": ids})
    found.update({petition_id: int(n) for petition_id, n in rows})
    finals = session.execute(_FINALS, {"ids": ids})
    found.update({petition_id: int(final) for petition_id, final in finals if final is not None})
    return found


def add_to_count(session: Session, petition_id: int, changes: Mapping[tuple[datetime, int], int]) -> None:
    """Append what this transaction changes, per hour of confirmation and version of the text."""
    rows = [
        {"petition_id": petition_id, "hour": hour, "version": version, "change": change}
        for (hour, version), change in changes.items()
        if change
    ]
    if rows:
        insert_rows(session, CountDelta.__table__, rows)


def hour_ago(moment: datetime) -> datetime:
    return moment - timedelta(hours=1)


def fold_counts(session: Session, limit: int = 5000) -> dict[int, int]:
    """Move deltas into the totals; returns the new count of each petition touched."""
    oldest = select(CountDelta.id).order_by(CountDelta.id).limit(limit)
    gone = session.execute(
        delete(CountDelta)
        .where(CountDelta.id.in_(oldest))
        .returning(CountDelta.petition_id, CountDelta.hour, CountDelta.version, CountDelta.change)
    ).all()
    sums: Counter[tuple[int, datetime]] = Counter()
    versions: Counter[tuple[int, int]] = Counter()
    for petition_id, hour, version, change in gone:
        sums[petition_id, hour] += change
        if version > 1:  # what the first has is what the later ones leave of the whole
            versions[petition_id, version] += change
    if not sums:
        return {}
    _add_to_totals(session, CountTotal, "hour", sums)
    _add_to_totals(session, VersionTotal, "version", versions)
    return counts(session, {petition_id for petition_id, _ in sums})


def _add_to_totals(
    session: Session, model: type[CountTotal | VersionTotal], by: str, sums: Mapping[tuple[int, Any], int]
) -> None:
    if not sums:
        return
    table = model.__table__
    statement = insert_for(session)(table)
    statement = statement.on_conflict_do_update(
        index_elements=["petition_id", by],
        set_={"confirmed": table.c.confirmed + statement.excluded.confirmed},
    )
    rows = [{"petition_id": petition_id, by: key, "confirmed": n} for (petition_id, key), n in sorted(sums.items())]
    session.execute(statement, rows)


def replace_counts(
    session: Session, petition_id: int, hours: Mapping[datetime, int], versions: Mapping[int, int]
) -> None:
    """Rewrite one petition's count (``counts repair``)."""
    for model in (CountDelta, CountTotal, VersionTotal):
        session.execute(delete(model).where(model.petition_id == petition_id))
    _add_to_totals(session, CountTotal, "hour", {(petition_id, hour): n for hour, n in hours.items()})
    _add_to_totals(session, VersionTotal, "version", {(petition_id, version): n for version, n in versions.items()})


def later_counts(session: Session, petition_id: int) -> dict[int, int]:
    """Version of the text → how many of those counted signed it; the first one has what these leave of the whole."""
    parts = union_all(
        select(VersionTotal.version, VersionTotal.confirmed.label("n")).where(VersionTotal.petition_id == petition_id),
        select(CountDelta.version, CountDelta.change.label("n")).where(
            CountDelta.petition_id == petition_id, CountDelta.version > 1
        ),
    ).subquery()
    rows = session.execute(select(parts.c.version, func.sum(parts.c.n)).group_by(parts.c.version))
    return {version: int(n) for version, n in rows}


def counts_per_hour(session: Session, petition_id: int) -> list[tuple[datetime, int]]:
    """Signatures confirmed online by hour of confirmation, oldest first; those on paper come a sheet at a time.

    None of a petition that is counted for good: its hours go, what was on paper stays.
    """
    lasting = select(Petition.id).where(Petition.id == petition_id, Petition.final_count.is_(None)).exists()
    parts = union_all(
        *(select(model.hour, n.label("n")).where(model.petition_id == petition_id) for model, n in ONLINE)
    ).subquery()
    rows = session.execute(
        select(parts.c.hour, n := func.sum(parts.c.n))
        .where(lasting)
        .group_by(parts.c.hour)
        .having(n != 0)
        .order_by(parts.c.hour)
    )
    return [(hour, int(n)) for hour, n in rows]


def steps_passed(session: Session, petition_id: int) -> Sequence[StepPassed]:
    return session.scalars(
        select(StepPassed).where(StepPassed.petition_id == petition_id).order_by(StepPassed.step)
    ).all()


def add_steps(session: Session, petition_id: int, steps: Iterable[int], now: datetime) -> None:
    rows = [{"petition_id": petition_id, "step": step, "passed_at": now} for step in steps]
    if rows:
        session.execute(insert_for(session)(StepPassed.__table__).on_conflict_do_nothing(), rows)


def add_views(session: Session, views: Mapping[int, int], hour: datetime) -> None:
    table = ViewCount.__table__
    statement = insert_for(session)(table)
    statement = statement.on_conflict_do_update(
        index_elements=["petition_id", "hour"],
        set_={"views": table.c.views + statement.excluded.views},
    )
    rows = [{"petition_id": pid, "hour": hour, "views": n} for pid, n in sorted(views.items())]
    session.execute(statement, rows)


def views(session: Session, petition_id: int) -> int:
    total = session.scalar(select(func.sum(ViewCount.views)).where(ViewCount.petition_id == petition_id))
    return int(total or 0)


def views_since(session: Session, petition_id: int, since: datetime) -> int:
    total = session.scalar(
        select(func.sum(ViewCount.views)).where(ViewCount.petition_id == petition_id, ViewCount.hour >= since)
    )
    return int(total or 0)


def views_per_hour(session: Session, petition_id: int) -> list[tuple[datetime, int]]:
    rows = session.execute(select(ViewCount.hour, ViewCount.views).where(ViewCount.petition_id == petition_id))
    return [(hour, n) for hour, n in rows]


def living(session: Session) -> Sequence[Petition]:
    """Petitions whose signatures and keys exist."""
    return session.scalars(
        select(Petition).where(Petition.opened_at.is_not(None), Petition.final_count.is_(None)).order_by(Petition.id)
    ).all()


def lock_shared(session: Session, petition_id: int) -> None:
    """Until the commit, no export of this petition begins (SQLite: one writer anyway)."""
    session.execute(select(Petition.id).where(Petition.id == petition_id).with_for_update(read=True))


def lock_alone(session: Session, petition_id: int) -> None:
    """Wait for those who hold it shared; rows that refer to it may still be added."""
    session.execute(select(Petition.id).where(Petition.id == petition_id).with_for_update(key_share=True))


# PostgreSQL's advisory locks of two numbers: this one, and the petition.
COUNTING = 0x5160
_COUNTED = text("SELECT pg_advisory_xact_lock_shared(:counting, id) FROM unnest(CAST(:ids AS integer[])) AS id")


def hold_counting(session: Session, petition_ids: Iterable[int]) -> None:
    """Taken before the time is read: until the commit no export of these takes its moment (SQLite: one writer anyway).

    What is confirmed or put back is wholly before that moment, and in the file, or after it, and in the next one.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(_COUNTED, {"counting": COUNTING, "ids": sorted(petition_ids)})


def moment_between(session: Session, petition_id: int) -> datetime:
    """Now, while nobody is being confirmed; who comes meanwhile waits for as long as it takes to read the clock."""
    if session.get_bind().dialect.name != "postgresql":
        return clock.now()
    key = {"counting": COUNTING, "id": petition_id}
    session.execute(text("SELECT pg_advisory_lock(:counting, :id)"), key)
    try:
        return clock.now()
    finally:
        session.execute(text("SELECT pg_advisory_unlock(:counting, :id)"), key)


def with_keys(session: Session) -> Sequence[Petition]:
    """Petitions whose keys are not destroyed: the last of their signatures may still be going."""
    return session.scalars(
        select(Petition).where(Petition.opened_at.is_not(None), Petition.purged_at.is_(None)).order_by(Petition.id)
    ).all()


def all_opened(session: Session) -> Sequence[Petition]:
    return session.scalars(select(Petition).where(Petition.opened_at.is_not(None)).order_by(Petition.id)).all()


def past_their_end(session: Session, now: datetime) -> Sequence[Petition]:
    return session.scalars(
        select(Petition)
        .where(Petition.state == PetitionState.OPEN, Petition.closes_at <= now)
        .with_for_update(skip_locked=True)
    ).all()
