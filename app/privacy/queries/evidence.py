"""Evidence of consent: kept a year longer than what it is about.

The petition's purposes end with its purge. The newsletter may outlive it: its events stay as long
as the subscription that they prove, and a year more.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import CursorResult, case, delete, func, or_, select, tuple_
from sqlalchemy.orm import Session, aliased

from app.consents.models import ConsentEvent
from app.petitions.models import Petition, PetitionKeys
from app.privacy import schedule
from app.privacy.queries import Due
from app.subscriptions.models import Subscription


def _purged(now: datetime) -> Any:
    return select(Petition.id).where(Petition.purged_at <= now - schedule.EVIDENCE_AFTER_PURGE)


def _where(now: datetime) -> Any:
    later = aliased(ConsentEvent)
    subscribed = (
        select(Subscription.id)
        .where(
            Subscription.purpose == "newsletter",
            Subscription.consent_petition_id == ConsentEvent.petition_id,
            Subscription.signature_id == ConsentEvent.signature_id,
        )
        .exists()
    )
    recent = (
        select(later.at)
        .where(
            later.petition_id == ConsentEvent.petition_id,
            later.signature_id == ConsentEvent.signature_id,
            later.purpose == ConsentEvent.purpose,
            later.at > now - schedule.EVIDENCE_AFTER_PURGE,
        )
        .exists()
    )
    return (
        ConsentEvent.petition_id.in_(_purged(now)),
        or_(ConsentEvent.purpose != "newsletter", ~subscribed & ~recent),
    )


def petitions_with_key(session: Session, now: datetime) -> Sequence[int]:
    return session.scalars(
        select(PetitionKeys.petition_id).where(
            PetitionKeys.petition_id.in_(_purged(now)), PetitionKeys.evidence_key.is_not(None)
        )
    ).all()


def evidence_due(session: Session, now: datetime) -> Due:
    """Events, and keys whose events are gone; the letter's since the last word about it, if that came later."""
    last = aliased(ConsentEvent)
    last_word = (
        select(func.max(last.at))
        .where(
            last.petition_id == ConsentEvent.petition_id,
            last.signature_id == ConsentEvent.signature_id,
            last.purpose == ConsentEvent.purpose,
        )
        .scalar_subquery()
    )
    outlived = (ConsentEvent.purpose == "newsletter") & (last_word > Petition.purged_at)
    since = case((outlived, last_word), else_=Petition.purged_at)
    n, oldest = session.execute(
        select(func.count(), func.min(since))
        .select_from(ConsentEvent)
        .join(Petition, Petition.id == ConsentEvent.petition_id)
        .where(*_where(now))
    ).one()
    keys = session.scalar(select(func.min(Petition.purged_at)).where(Petition.id.in_(petitions_with_key(session, now))))
    first = min((at for at in (oldest, keys) if at is not None), default=None)
    return n, first + schedule.EVIDENCE_AFTER_PURGE if first is not None else None


def delete_events(session: Session, now: datetime, limit: int) -> tuple[int, bool]:
    """The events of some signatures and purposes: how many went, and whether more remain."""
    key = tuple_(ConsentEvent.petition_id, ConsentEvent.signature_id, ConsentEvent.purpose)
    found = session.execute(select(*key.clauses).where(*_where(now)).distinct().limit(limit)).all()
    if not found:
        return 0, False
    these = delete(ConsentEvent).where(key.in_([tuple(row) for row in found]))
    gone = session.execute(these, execution_options={"synchronize_session": False})
    assert isinstance(gone, CursorResult)
    return gone.rowcount, len(found) == limit
