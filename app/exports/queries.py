"""Every SELECT of exports and of the organiser's figures."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.accounts.models import Account
from app.consents import queries as consent_queries
from app.consents.models import ConsentKind
from app.exports.models import ExportPermission, ExportRecord
from app.paper import queries as paper_queries
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


def confirmed(session: Session, petition_id: int, until: datetime) -> Batches:
    """Everything that the recipient was promised, in the order of signing, in constant memory."""
    return _streamed(
        session,
        select(*_COLUMNS)
        .where(
            Signature.petition_id == petition_id,
            Signature.state == SignatureState.CONFIRMED,
            Signature.confirmed_at <= until,
        )
        .order_by(Signature.id),
    )


def contactable(session: Session, petition_id: int, until: datetime) -> Batches:
    """Those whose last word on contact by the organiser is yes."""
    return _streamed(
        session,
        select(*_COLUMNS, Signature.email_sealed)
        .where(
            Signature.petition_id == petition_id,
            Signature.state == SignatureState.CONFIRMED,
            Signature.confirmed_at <= until,
            consent_queries.last_word("organiser_contact", Signature.petition_id, Signature.id)
            == ConsentKind.CONFIRMED,
        )
        .order_by(Signature.id),
    )


def is_longer(session: Session, petition_id: int, most: int) -> bool:
    """Whether more than *most* signatures, whatever their state, were ever kept."""
    row = select(Signature.id).where(Signature.petition_id == petition_id).limit(1).offset(most)
    return session.scalar(row) is not None


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


def by_departement(session: Session, petition_id: int) -> list[tuple[str, int]]:
    """Of the whole count, on paper too."""
    rows = session.execute(
        select(Signature.departement, func.count())
        .where(Signature.petition_id == petition_id, Signature.state == SignatureState.CONFIRMED)
        .group_by(Signature.departement)
    )
    found = Counter(dict(rows.all()))
    return sorted((found + Counter(paper_queries.by_departement(session, petition_id))).items())


def journal(session: Session, petition_id: int) -> Sequence[Any]:
    """Exports of one petition, newest first, with who made them."""
    return session.execute(
        select(ExportRecord, Account.email)
        .outerjoin(Account, Account.id == ExportRecord.account_id)
        .where(ExportRecord.petition_id == petition_id)
        .order_by(ExportRecord.id.desc())
        .limit(100)
    ).all()


def begun(session: Session, petition_id: int) -> Sequence[ExportRecord]:
    """Every export that may have gone out, cut ones included, oldest first."""
    return session.scalars(
        select(ExportRecord).where(ExportRecord.petition_id == petition_id).order_by(ExportRecord.id)
    ).all()


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
