"""Proofs of deliveries, and the addresses of recipients."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from app.deliveries.models import Delivery, DeliveryProof, RecipientLink
from app.petitions.models import Petition
from app.privacy import schedule
from app.privacy.queries import Due


def _purged(now: datetime, period: timedelta) -> Any:
    """Deliveries of petitions whose data went so long ago."""
    petitions = select(Petition.id).where(Petition.purged_at <= now - period)
    return select(Delivery.id).where(Delivery.petition_id.in_(petitions))


def _due(session: Session, key: Any, period: timedelta, *where: Any) -> Due:
    n, oldest = session.execute(
        select(func.count(), func.min(Petition.purged_at))
        .select_from(key.class_)
        .join(Delivery, Delivery.id == key)
        .join(Petition, Petition.id == Delivery.petition_id)
        .where(*where)
    ).one()
    return n, oldest + period if oldest is not None else None


def _proofs(now: datetime) -> Any:
    return DeliveryProof.delivery_id.in_(_purged(now, schedule.PROOF_AFTER_PURGE))


def proofs_due(session: Session, now: datetime) -> Due:
    return _due(session, DeliveryProof.delivery_id, schedule.PROOF_AFTER_PURGE, _proofs(now))


def delete_proofs(session: Session, now: datetime, limit: int) -> int:
    """Its name goes as well: files are called after people. That there was one stays."""
    ids = session.scalars(select(DeliveryProof.delivery_id).where(_proofs(now)).limit(limit)).all()
    session.execute(delete(DeliveryProof).where(DeliveryProof.delivery_id.in_(ids)))
    session.execute(update(Delivery).where(Delivery.id.in_(ids)).values(proof_name=""))
    return len(ids)


def _contacts(now: datetime) -> Any:
    return RecipientLink.address_sealed.is_not(None), RecipientLink.delivery_id.in_(_purged(now, timedelta(0)))


def contacts_due(session: Session, now: datetime) -> Due:
    return _due(session, RecipientLink.delivery_id, timedelta(0), *_contacts(now))


def forget_contacts(session: Session, now: datetime, limit: int) -> int:
    ids = session.scalars(select(RecipientLink.id).where(*_contacts(now)).limit(limit)).all()
    session.execute(update(RecipientLink).where(RecipientLink.id.in_(ids)).values(address_sealed=None))
    return len(ids)
