"""Every SELECT of exports and of the organiser's figures."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import chain
from typing import Any

from sqlalchemy import ColumnElement, func, literal, literal_column, select
from sqlalchemy.orm import Session

from app.accounts.models import Account
from app.consents import queries as consent_queries
from app.consents.models import ConsentKind
from app.exports.models import ExportPermission, ExportRecord
from app.petitions.models import Petition
from app.signatures.models import Signature, SignatureState

_COLUMNS = (
    Signature.id,
    Signature.given_name,
    Signature.family_name_sealed,
    Signature.postal_code,
    Signature.country,
    Signature.confirmed_at,
)


# Larger ones are slower: the garbage collector walks through what is held.
BATCH = 250
Batches = Iterator[Sequence[Any]]


def _streamed(session: Session, query: Any) -> Batches:
    """Rows in constant memory, as they are now: the statement has begun when this returns."""
    return _batches(session.connection().execute(query, execution_options={"yield_per": BATCH}))


def _batches(result: Any) -> Batches:
    """The server's cursor is closed even when the reader leaves."""
    with result:
        yield from result.partitions()


# Before anything: all that there is.
EVER = datetime.min.replace(tzinfo=UTC)


def _counted(petition_id: int, until: datetime) -> tuple[ColumnElement[bool], ...]:
    # The state is spelled out, as the index of the list is.
    return (
        Signature.petition_id == petition_id,
        Signature.state == literal_column("'confirmed'"),
        Signature.confirmed_at <= until,
    )


def _back(since: datetime) -> tuple[ColumnElement[bool], ...]:
    """Counted before, out of the count at that moment, and in it again."""
    return (
        Signature.confirmed_at <= since,
        Signature.back_at > since,
        Signature.aside_at.is_(None) | (Signature.aside_at <= since),
    )


def _confirmed(petition_id: int, until: datetime, since: datetime) -> tuple[Any, Any]:
    """What a file made at *since* had not: confirmed after it; put back after it."""
    these = _counted(petition_id, until)
    order = Signature.confirmed_at, Signature.id
    new = select(*_COLUMNS).where(*these, Signature.confirmed_at > since)
    back = select(*_COLUMNS).where(*these, *_back(since))
    return new.order_by(*order), back.order_by(*order)


def _agreed(petition_id: int, until: datetime, since: datetime) -> tuple[Any, Any]:
    """The same of those whose last word on contact by the organiser is yes: said after it; put back after it."""
    said = consent_queries.agreed_to_contact(petition_id, since, until).subquery()
    before = consent_queries.agreed_to_contact(petition_id, EVER, since).subquery()
    these, columns = _counted(petition_id, until), (*_COLUMNS, Signature.email_sealed)
    new = select(*columns).join(said, said.c.signature_id == Signature.id).where(*these)
    back = select(*columns).join(before, before.c.signature_id == Signature.id).where(*these, *_back(since))
    return new.order_by(said.c.at, Signature.id), back.order_by(before.c.at, Signature.id)


def _both(session: Session, parts: tuple[Any, Any]) -> Batches:
    """Both have begun when this returns."""
    new, back = (_streamed(session, part) for part in parts)
    return chain(new, back)


def confirmed(session: Session, petition_id: int, until: datetime, since: datetime | None = None) -> Batches:
    """Everything that the recipient was promised, in the order of signing, in constant memory."""
    if since is not None:
        return _both(session, _confirmed(petition_id, until, since))
    query = select(*_COLUMNS).where(*_counted(petition_id, until))
    return _streamed(session, query.order_by(Signature.id))


def contactable(session: Session, petition_id: int, until: datetime, since: datetime | None = None) -> Batches:
    """Those whose last word on contact by the organiser is yes."""
    if since is not None:
        return _both(session, _agreed(petition_id, until, since))
    return _streamed(
        session,
        select(*_COLUMNS, Signature.email_sealed)
        .where(
            *_counted(petition_id, until),
            consent_queries.last_word("organiser_contact", Signature.petition_id, Signature.id)
            == ConsentKind.CONFIRMED,
        )
        .order_by(Signature.id),
    )


def how_many(
    session: Session, petition_id: int, purpose: str, until: datetime, since: datetime | None, most: int
) -> int:
    """The lines of a file of people or of states; *most* + 1 when there are more."""
    if purpose == "audit":
        parts = [select(Signature.id).where(Signature.petition_id == petition_id)]
    else:
        made = _agreed if purpose == "contact" else _confirmed
        parts = [part.order_by(None) for part in made(petition_id, until, since or EVER)]
    n = 0
    for part in parts:
        some = part.with_only_columns(literal(1)).limit(most + 1 - n).subquery()
        n += session.scalar(select(func.count()).select_from(some)) or 0
        if n > most:
            break
    return n


def every_state(session: Session, petition_id: int) -> Batches:
    """In the order of the keyed addresses, which tells nothing of the order of signing."""
    return _streamed(
        session,
        select(
            Signature.id,
            Signature.state,
            Signature.created_at,
            Signature.confirmed_at,
            Signature.text_version,
        )
        .where(Signature.petition_id == petition_id)
        .order_by(Signature.email_key),
    )


def by_departement(session: Session, petition_id: int) -> dict[str, int]:
    """Those who signed online."""
    rows = session.execute(
        select(Signature.departement, func.count())
        .where(Signature.petition_id == petition_id, Signature.state == SignatureState.CONFIRMED)
        .group_by(Signature.departement)
    )
    return dict(rows.all())


_JOURNAL = select(ExportRecord, Account.email).outerjoin(Account, Account.id == ExportRecord.account_id)
SHOWN = 100


def journal(session: Session, petition_id: int) -> Sequence[Any]:
    """Exports of one petition, newest first, with who made them."""
    mine = _JOURNAL.where(ExportRecord.petition_id == petition_id)
    return session.execute(mine.order_by(ExportRecord.id.desc()).limit(SHOWN)).all()


def journal_of_all(session: Session, purpose: str = "") -> Sequence[Any]:
    """Those of every petition, newest first: ``(export, who, title, slug)``; of one *purpose* if it is said."""
    every = _JOURNAL.where(ExportRecord.purpose == purpose) if purpose else _JOURNAL
    every = every.add_columns(Petition.title, Petition.slug).join(Petition, Petition.id == ExportRecord.petition_id)
    return session.execute(every.order_by(ExportRecord.id.desc()).limit(SHOWN)).all()


def line(session: Session, petition_id: int, record_id: int) -> Any:
    """One of them; None when it is another petition's."""
    mine = _JOURNAL.where(ExportRecord.petition_id == petition_id, ExportRecord.id == record_id)
    return session.execute(mine).one_or_none()


def begun(session: Session, petition_id: int) -> Sequence[ExportRecord]:
    """Every export that may have gone out, cut ones included, oldest first."""
    return session.scalars(
        select(ExportRecord)
        .where(ExportRecord.petition_id == petition_id, ExportRecord.waits_until.is_(None))
        .order_by(ExportRecord.id)
    ).all()


def last_finished(session: Session, petition_id: int) -> dict[str, Any]:
    """Purpose → the last file that was whole, and who made it: what another one may go on from."""
    these = ExportRecord.petition_id == petition_id, ExportRecord.finished_at.is_not(None)
    last = (
        select(ExportRecord.purpose, func.max(ExportRecord.started_at).label("at"))
        .where(*these)
        .group_by(ExportRecord.purpose)
        .subquery()
    )
    same = (last.c.purpose == ExportRecord.purpose) & (last.c.at == ExportRecord.started_at)
    rows = session.execute(_JOURNAL.join(last, same).where(*these)).all()
    return {row.ExportRecord.purpose: row for row in rows}


def finished(session: Session, petition_id: int, purpose: str, record_id: int) -> ExportRecord | None:
    return session.scalars(
        select(ExportRecord).where(
            ExportRecord.id == record_id,
            ExportRecord.petition_id == petition_id,
            ExportRecord.purpose == purpose,
            ExportRecord.finished_at.is_not(None),
        )
    ).one_or_none()


def lock_record(session: Session, petition_id: int, record_id: int) -> ExportRecord | None:
    return session.scalars(
        select(ExportRecord)
        .where(ExportRecord.id == record_id, ExportRecord.petition_id == petition_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()


def told_lately(session: Session, record: ExportRecord, since: datetime) -> bool:
    """The others were written to, since then, about the same file made by the same account."""
    found = select(ExportRecord.id).where(
        ExportRecord.petition_id == record.petition_id,
        ExportRecord.purpose == record.purpose,
        ExportRecord.account_id.is_not_distinct_from(record.account_id),
        ExportRecord.told,
        ExportRecord.started_at > since,
        ExportRecord.id != record.id,
    )
    return session.scalar(found.limit(1)) is not None


def granted(session: Session, petition_id: int, account_id: int, since: datetime) -> set[str]:
    """Purposes that somebody else has allowed this account since then."""
    return set(
        session.scalars(
            select(ExportPermission.purpose).where(
                ExportPermission.petition_id == petition_id,
                ExportPermission.asked_by == account_id,
                ExportPermission.granted,
                ExportPermission.answered_at >= since,
            )
        )
    )


def waiting_permissions(session: Session, since: datetime) -> Sequence[Any]:
    """``(request, petition, who asks)`` without answer, the oldest first."""
    return session.execute(
        select(ExportPermission, Petition, Account.email)
        .join(Petition, Petition.id == ExportPermission.petition_id)
        .join(Account, Account.id == ExportPermission.asked_by)
        .where(ExportPermission.answered_at.is_(None), ExportPermission.asked_at >= since)
        .order_by(ExportPermission.id)
    ).all()


def lock_permission(session: Session, permission_id: int) -> ExportPermission | None:
    return session.get(ExportPermission, permission_id, with_for_update=True)
