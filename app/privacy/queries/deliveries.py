"""Proofs of deliveries, and the addresses of recipients."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session, joinedload

from app.deliveries.models import Delivery, DeliveryProof, RecipientLink
from app.petitions.models import Petition
from app.privacy import schedule
from app.privacy.queries import Due


def _old(now: datetime) -> Any:
    """Those of petitions whose data went a year ago."""
    petitions = select(Petition.id).where(Petition.purged_at <= now - schedule.PROOF_AFTER_PURGE)
    return DeliveryProof.delivery_id.in_(select(Delivery.id).where(Delivery.petition_id.in_(petitions)))


def proofs_due(session: Session, now: datetime) -> Due:
    n, oldest = session.execute(
        select(func.count(), func.min(Petition.purged_at))
        .select_from(DeliveryProof)
        .join(Delivery, Delivery.id == DeliveryProof.delivery_id)
        .join(Petition, Petition.id == Delivery.petition_id)
        .where(_old(now))
    ).one()
    return n, oldest + schedule.PROOF_AFTER_PURGE if oldest is not None else None


def delete_proofs(session: Session, now: datetime, limit: int) -> int:
    """Its name goes as well: files are called after people. That there was one stays."""
    ids = session.scalars(select(DeliveryProof.delivery_id).where(_old(now)).limit(limit)).all()
    session.execute(delete(DeliveryProof).where(DeliveryProof.delivery_id.in_(ids)))
    session.execute(update(Delivery).where(Delivery.id.in_(ids)).values(proof_name=""))
    return len(ids)


def links_with_address(session: Session) -> Sequence[RecipientLink]:
    """Of all petitions, ours alone until the commit; their deliveries with them."""
    return session.scalars(
        select(RecipientLink)
        .where(RecipientLink.address_sealed.is_not(None))
        .options(joinedload(RecipientLink.delivery))
        .with_for_update(of=RecipientLink)
    ).all()


def forget_contacts(session: Session, petition_id: int) -> None:
    """Where the links of its recipients were sent; that they were, and what came of it, stays."""
    deliveries = select(Delivery.id).where(Delivery.petition_id == petition_id)
    session.execute(update(RecipientLink).where(RecipientLink.delivery_id.in_(deliveries)).values(address_sealed=None))
