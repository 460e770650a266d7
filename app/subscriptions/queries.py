"""Every statement about subscriptions."""

import uuid
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Select, delete, false, func, select
from sqlalchemy.orm import Session

from app import clock
from app.bulk import insert_for
from app.consents.models import ConsentKind
from app.consents.queries import last_word
from app.mail import bounced
from app.subscriptions.models import Subscription, Suppression


def get(session: Session, subscription_id: uuid.UUID) -> Subscription | None:
    return session.get(Subscription, subscription_id)


def lock(session: Session, subscription_id: uuid.UUID) -> Subscription | None:
    """As it is now; None when it has ended meanwhile."""
    return session.get(Subscription, subscription_id, with_for_update=True, populate_existing=True)


def find(session: Session, purpose: str, petition_id: int, address_key: bytes) -> Subscription | None:
    return session.scalars(
        select(Subscription).where(
            Subscription.purpose == purpose,
            Subscription.petition_id == petition_id,
            Subscription.address_key == address_key,
        )
    ).one_or_none()


def remove(session: Session, subscription_id: uuid.UUID) -> None:
    session.execute(delete(Subscription).where(Subscription.id == subscription_id))


def batch(
    session: Session, purpose: str, petition_id: int, after: uuid.UUID | None, limit: int
) -> Sequence[Subscription]:
    """Subscribers in the order of their ids, from a cursor; held until the commit."""
    query = _after(purpose, petition_id, after)
    return session.scalars(query.order_by(Subscription.id).limit(limit).with_for_update()).all()


def willing(
    session: Session, purpose: str, petition_id: int, after: uuid.UUID | None, limit: int
) -> Sequence[Subscription]:
    """The same, of those whose last word in the ledger is yes: only they are written to."""
    query = _said_yes(_after(purpose, petition_id, after), purpose)
    return session.scalars(query.order_by(Subscription.id).limit(limit).with_for_update()).all()


def count_willing(session: Session, purpose: str, petition_id: int, after: uuid.UUID | None = None) -> int:
    """How many of them are written to: whose address answers, as far as we know."""
    query = _said_yes(_after(purpose, petition_id, after), purpose).where(~_unanswering())
    return session.scalar(query.with_only_columns(func.count())) or 0


def count_bounced(session: Session, purpose: str, petition_id: int) -> int:
    """How many of them are not, because mail does not reach them."""
    query = _said_yes(_after(purpose, petition_id, None), purpose).where(_unanswering())
    return session.scalar(query.with_only_columns(func.count())) or 0


def _unanswering() -> ColumnElement[bool]:
    return func.coalesce(Subscription.bounced_at > clock.now() - bounced.KEPT, false())


def _after(purpose: str, petition_id: int, after: uuid.UUID | None) -> Select[Subscription]:
    query = select(Subscription).where(Subscription.purpose == purpose, Subscription.petition_id == petition_id)
    return query if after is None else query.where(Subscription.id > after)


def _said_yes(query: Select[Subscription], purpose: str) -> Select[Subscription]:
    word = last_word(purpose, Subscription.consent_petition_id, Subscription.signature_id)
    return query.where(word == ConsentKind.CONFIRMED)


def count(session: Session, purpose: str, petition_id: int) -> int:
    return (
        session.scalar(
            select(func.count()).where(Subscription.purpose == purpose, Subscription.petition_id == petition_id)
        )
        or 0
    )


def suppress(session: Session, purpose: str, petition_id: int, address_key: bytes, now: datetime) -> None:
    statement = insert_for(session)(Suppression).on_conflict_do_nothing()
    row = {"purpose": purpose, "petition_id": petition_id, "address_key": address_key, "since": now}
    session.execute(statement, [row])


def allow(session: Session, purpose: str, petition_id: int, address_key: bytes) -> None:
    session.execute(
        delete(Suppression).where(
            Suppression.purpose == purpose,
            Suppression.petition_id == petition_id,
            Suppression.address_key == address_key,
        )
    )


def is_suppressed(session: Session, purpose: str, petition_id: int, address_key: bytes) -> bool:
    return session.get(Suppression, (purpose, petition_id, address_key)) is not None


def suppressions_since(session: Session, since: datetime) -> Sequence[Suppression]:
    return session.scalars(select(Suppression).where(Suppression.since >= since)).all()
