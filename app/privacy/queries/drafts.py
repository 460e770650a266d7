"""Drafts that nobody writes in any more: of petitions, and of their news."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, exists, or_, select, update
from sqlalchemy.orm import Session

from app.deliveries.models import RecipientLink
from app.drafting.actions import ACCOUNTS_FOR, STRANGERS_FOR
from app.drafting.models import Draft
from app.petitions.models import Petition
from app.petitions.queries import PUBLIC_STATES
from app.privacy import schedule
from app.privacy.queries import Due, delete_some, due, together
from app.updates.models import WRITABLE, Update


def _strangers(now: datetime) -> Any:
    return Draft.account_id.is_(None) & (Draft.saved_at <= now - STRANGERS_FOR)


def _left(now: datetime) -> Any:
    return Draft.account_id.is_not(None) & (Draft.saved_at <= now - ACCOUNTS_FOR)


# Its petition is published, and speaks for itself.
_PUBLISHED = exists().where(Petition.id == Draft.petition_id, Petition.state.in_(PUBLIC_STATES))


def drafts_due(session: Session, now: datetime) -> Due:
    return together(
        due(session, Draft.saved_at, STRANGERS_FOR, _strangers(now)),
        due(session, Draft.saved_at, ACCOUNTS_FOR, _left(now)),
        due(session, Draft.saved_at, timedelta(0), _PUBLISHED),
    )


def delete_drafts(session: Session, now: datetime, limit: int) -> int:
    return delete_some(session, Draft.id, limit, or_(_strangers(now), _left(now), _PUBLISHED))


def _unsent(now: datetime) -> Any:
    """News that never appeared, of an author who has left them, or who has none here: a recipient who was refused."""
    never = Update.published_at.is_(None) & Update.state.in_(WRITABLE)
    return never & (Update.saved_at <= now - schedule.NEWS_DRAFT)


def news_due(session: Session, now: datetime) -> Due:
    return due(session, Update.saved_at, schedule.NEWS_DRAFT, _unsent(now))


def delete_news(session: Session, now: datetime, limit: int) -> int:
    ids = session.scalars(select(Update.id).where(_unsent(now)).limit(limit)).all()
    session.execute(update(RecipientLink).where(RecipientLink.answer_id.in_(ids)).values(answer_id=None))
    session.execute(delete(Update).where(Update.id.in_(ids)))
    return len(ids)
