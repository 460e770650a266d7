"""Notices, appeals, replies: who first, then what was written."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app.moderation.models import Appeal, Decision, Notice, Reply
from app.petitions.models import Petition
from app.privacy import schedule
from app.privacy.queries import FORGOTTEN, Due, due, together


def _notice_where(now: datetime) -> Any:
    return or_(
        (Notice.closed_at <= now - schedule.NOTICE_IDENTITY) & Notice.identity_sealed.is_not(None),
        (Notice.closed_at <= now - schedule.NOTICE) & (Notice.reasons != FORGOTTEN),
    )


def _appeal_where(now: datetime) -> Any:
    return (Appeal.judged_at <= now - schedule.NOTICE) & (Appeal.text != FORGOTTEN)


def _reply_where(now: datetime) -> Any:
    return (Reply.decided_at <= now - schedule.NOTICE_IDENTITY) & Reply.identity_sealed.is_not(None)


def _reply_words_where(now: datetime) -> Any:
    """A published reply stays as long as the comments that it stands among."""
    closed = select(Petition.id).where(Petition.closed_at <= now - schedule.COMMENT_AFTER_CLOSING)
    return (
        (Reply.decided_at <= now - schedule.NOTICE)
        & (Reply.text != FORGOTTEN)
        & or_(Reply.state == "refused", Reply.petition_id.in_(closed))
    )


def notices_due(session: Session, now: datetime) -> Due:
    """Notices, appeals and requests for reply whose time is over."""
    return together(
        due(session, Notice.closed_at, schedule.NOTICE_IDENTITY, _notice_where(now)),
        due(session, Appeal.judged_at, schedule.NOTICE, _appeal_where(now)),
        due(session, Reply.decided_at, schedule.NOTICE_IDENTITY, or_(_reply_where(now), _reply_words_where(now))),
    )


def forget_notices(session: Session, now: datetime, limit: int) -> int:
    """The notifier's identity after six months, the words after twelve; codes and dates stay."""
    notices = session.scalars(
        select(Notice).where(_notice_where(now)).limit(limit).with_for_update(skip_locked=True)
    ).all()
    for notice in notices:
        notice.identity_sealed = None
        if notice.closed_at is not None and notice.closed_at <= now - schedule.NOTICE:
            notice.reasons = notice.passage = FORGOTTEN
    appeals = session.scalars(
        select(Appeal).where(_appeal_where(now)).limit(limit).with_for_update(skip_locked=True)
    ).all()
    for appeal in appeals:
        appeal.text = appeal.reasons = FORGOTTEN
        if appeal.view_reasons:
            appeal.view_reasons = FORGOTTEN
    return len(notices) + len(appeals) + _forget_replies(session, now, limit)


def forget_appeals(session: Session, comment_ids: Sequence[int]) -> None:
    """What authors who left wrote against decisions, and what was said of it; outcomes and dates stay."""
    decided = select(Decision.id).where(Decision.target == "comment", Decision.target_id.in_(comment_ids))
    for appeal in session.scalars(
        select(Appeal).where(Appeal.appellant == "author", Appeal.decision_id.in_(decided)).with_for_update()
    ):
        appeal.text = appeal.reasons = appeal.view_reasons = FORGOTTEN


def _forget_replies(session: Session, now: datetime, limit: int) -> int:
    words = session.scalars(
        select(Reply).where(_reply_words_where(now)).limit(limit).with_for_update(skip_locked=True)
    ).all()
    for reply in words:
        reply.name = reply.capacity = reply.passage = reply.text = FORGOTTEN
        reply.identity_sealed = None
    identities = session.scalars(
        select(Reply).where(_reply_where(now)).limit(limit).with_for_update(skip_locked=True)
    ).all()
    for reply in identities:
        reply.identity_sealed = None
    return len({reply.id for reply in (*words, *identities)})
