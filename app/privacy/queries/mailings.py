"""Subscriptions, the suppression list, mails that left or never will."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, or_, select
from sqlalchemy.orm import Session

from app.mail import outbox
from app.mail.models import Bounce, BouncedAddress, BounceSeen, CaughtMail, MailBudget, MailState, OutboxMail
from app.petitions.models import Petition
from app.privacy import schedule
from app.privacy.queries import Due, delete_some, due, ended_at, together
from app.subscriptions.actions import ANSWER_WITHIN, RENEW_AFTER
from app.subscriptions.models import Subscription, Suppression

# News go on until then at least.
told_until = func.coalesce(Petition.delivered_at, ended_at)


def _updates_ended(now: datetime) -> Any:
    """Subscriptions to the news of petitions that ended long enough ago."""
    petitions = select(Petition.id).where(told_until <= now - schedule.UPDATES_AFTER_END)
    return Subscription.purpose == "updates", Subscription.petition_id.in_(petitions)


def updates_due(session: Session, now: datetime) -> Due:
    n = session.scalar(select(func.count()).where(*_updates_ended(now)))
    oldest = session.scalar(
        select(func.min(told_until)).where(
            Petition.id.in_(select(Subscription.petition_id).where(*_updates_ended(now)))
        )
    )
    return n or 0, oldest + schedule.UPDATES_AFTER_END if n and oldest else None


def updates_to_end(session: Session, now: datetime, limit: int) -> Sequence[Subscription]:
    return session.scalars(
        select(Subscription).where(*_updates_ended(now)).limit(limit).with_for_update(skip_locked=True)
    ).all()


def _unanswered(now: datetime) -> Any:
    return Subscription.purpose == "newsletter", Subscription.asked_at <= now - ANSWER_WITHIN


def newsletter_due(session: Session, now: datetime) -> Due:
    """Those who were asked to stay and have not answered."""
    return due(session, Subscription.asked_at, ANSWER_WITHIN, *_unanswered(now))


def newsletter_unanswered(session: Session, now: datetime, limit: int) -> Sequence[Subscription]:
    return session.scalars(
        select(Subscription).where(*_unanswered(now)).limit(limit).with_for_update(skip_locked=True)
    ).all()


def newsletter_to_ask(session: Session, now: datetime, limit: int) -> Sequence[Subscription]:
    return session.scalars(
        select(Subscription)
        .where(
            Subscription.purpose == "newsletter",
            Subscription.active_at <= now - RENEW_AFTER,
            Subscription.asked_at.is_(None),
        )
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()


def suppressions_due(session: Session, now: datetime) -> Due:
    old = Suppression.since <= now - schedule.SUPPRESSION
    return due(session, Suppression.since, schedule.SUPPRESSION, old)


def delete_suppressions(session: Session, now: datetime, limit: int) -> int:
    return delete_some(session, Suppression.address_key, limit, Suppression.since <= now - schedule.SUPPRESSION)


# The outbox, and the mails that a local instance caught


def _old(now: datetime) -> Any:
    return OutboxMail.created_at <= now - schedule.SENT_MAIL


def _never_left(now: datetime) -> Any:
    aside = OutboxMail.state.in_([MailState.ASIDE, MailState.CANCELLED])
    return aside & (OutboxMail.created_at <= now - schedule.UNSENT_MAIL) & ~_old(now)


def mails_due(session: Session, now: datetime) -> Due:
    return together(
        due(session, OutboxMail.created_at, schedule.SENT_MAIL, _old(now)),
        due(session, OutboxMail.created_at, schedule.UNSENT_MAIL, _never_left(now)),
        due(session, CaughtMail.caught_at, schedule.UNSENT_MAIL, CaughtMail.caught_at <= now - schedule.UNSENT_MAIL),
    )


def delete_mails(session: Session, now: datetime, limit: int) -> int:
    n = delete_some(session, OutboxMail.id, limit, or_(_old(now), _never_left(now)))
    return n + delete_some(session, CaughtMail.id, limit, CaughtMail.caught_at <= now - schedule.UNSENT_MAIL)


def recipients_due(session: Session, now: datetime) -> Due:
    return due(session, MailBudget.at, schedule.RECIPIENT, MailBudget.at <= now - schedule.RECIPIENT)


def delete_recipients(session: Session, now: datetime, limit: int) -> int:
    return delete_some(session, MailBudget.key, limit, MailBudget.at <= now - schedule.RECIPIENT)


def _soft(now: datetime) -> Any:
    return (BouncedAddress.kind == Bounce.SOFT) & (BouncedAddress.last_at <= now - schedule.BOUNCED_SOFTLY)


def _dead(now: datetime) -> Any:
    return (BouncedAddress.kind != Bounce.SOFT) & (BouncedAddress.last_at <= now - schedule.BOUNCED)


def bounced_due(session: Session, now: datetime) -> Due:
    return together(
        due(session, BouncedAddress.last_at, schedule.BOUNCED_SOFTLY, _soft(now)),
        due(session, BouncedAddress.last_at, schedule.BOUNCED, _dead(now)),
        due(session, BounceSeen.at, schedule.BOUNCE_SEEN, BounceSeen.at <= now - schedule.BOUNCE_SEEN),
    )


def delete_bounced(session: Session, now: datetime, limit: int) -> int:
    n = delete_some(session, BouncedAddress.key, limit, or_(_soft(now), _dead(now)))
    return n + delete_some(session, BounceSeen.key, limit, BounceSeen.at <= now - schedule.BOUNCE_SEEN)


def mails_to(session: Session, email: str) -> list[int]:
    """Mails to this address that have not left."""
    waiting = session.scalars(select(OutboxMail).where(OutboxMail.state != MailState.SENT)).all()
    return [row.id for row in waiting if row.sealed and outbox.opened(session, row).to.lower() == email.lower()]


def forget_mails(session: Session, email: str) -> None:
    """Mails to this address that have not left, and those that the demo caught."""
    session.execute(delete(CaughtMail).where(func.lower(CaughtMail.recipient) == email.lower()))
    session.execute(delete(OutboxMail).where(OutboxMail.id.in_(mails_to(session, email))))
