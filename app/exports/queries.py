"""Every SELECT of exports and of the organiser's figures."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, tuple_
from sqlalchemy.orm import Session

from app.accounts.models import Account
from app.consents import queries as consent_queries
from app.exports.models import ExportRecord
from app.signatures.models import Signature

_COLUMNS = (
    Signature.id,
    Signature.given_name,
    Signature.family_name_sealed,
    Signature.postal_code,
    Signature.country,
    Signature.confirmed_at,
)


def _streamed(session: Session, query: Any) -> Iterator[Any]:
    """Rows in constant memory; the server's cursor is closed even when the reader leaves."""
    with session.execute(query.execution_options(yield_per=2000)) as rows:
        yield from rows


def confirmed(session: Session, petition_id: int) -> Iterator[Any]:
    """Everything that the recipient was promised, in the order of signing, in constant memory."""
    yield from _streamed(
        session,
        select(*_COLUMNS)
        .where(Signature.petition_id == petition_id, Signature.state == "confirmed")
        .order_by(Signature.id),
    )


def contactable(session: Session, petition_id: int) -> Iterator[Any]:
    """Those whose last word on contact by the organiser is yes."""
    accepted = consent_queries.accepted("organiser_contact").subquery()
    yield from _streamed(
        session,
        select(*_COLUMNS, Signature.email_sealed)
        .where(
            Signature.petition_id == petition_id,
            Signature.state == "confirmed",
            tuple_(Signature.petition_id, Signature.id).in_(select(accepted.c.petition_id, accepted.c.signature_id)),
        )
        .order_by(Signature.id),
    )


def is_longer(session: Session, petition_id: int, most: int) -> bool:
    """Whether more than *most* signatures, whatever their state, were ever kept."""
    row = select(Signature.id).where(Signature.petition_id == petition_id).limit(1).offset(most)
    return session.scalar(row) is not None


def every_state(session: Session, petition_id: int) -> Iterator[Any]:
    yield from _streamed(
        session,
        select(
            Signature.id,
            Signature.state,
            Signature.created_at,
            Signature.confirmed_at,
            Signature.text_version,
        )
        .where(Signature.petition_id == petition_id)
        .order_by(Signature.id),
    )


def by_departement(session: Session, petition_id: int) -> list[tuple[str, int]]:
    rows = session.execute(
        select(Signature.departement, func.count())
        .where(Signature.petition_id == petition_id, Signature.state == "confirmed")
        .group_by(Signature.departement)
        .order_by(Signature.departement)
    )
    return [(departement, n) for departement, n in rows]


def journal(session: Session, petition_id: int) -> Sequence[Any]:
    """Exports of one petition, newest first, with who made them."""
    return session.execute(
        select(ExportRecord, Account.email)
        .outerjoin(Account, Account.id == ExportRecord.account_id)
        .where(ExportRecord.petition_id == petition_id)
        .order_by(ExportRecord.id.desc())
        .limit(100)
    ).all()


def containing(session: Session, petition_id: int, since: datetime) -> Sequence[ExportRecord]:
    """Finished exports with names of a signature confirmed at *since*."""
    return session.scalars(
        select(ExportRecord)
        .where(
            ExportRecord.petition_id == petition_id,
            ExportRecord.started_at >= since,
            ExportRecord.finished_at.is_not(None),
        )
        .order_by(ExportRecord.id)
    ).all()
