"""Notices, appeals, replies: who first, then what was written."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import case, or_, select
from sqlalchemy.orm import Session

from app.moderation.models import Appeal, Decision, Notice, Reply, ReplyState, Target
from app.petitions.models import Petition
from app.privacy import schedule
from app.privacy.queries import FORGOTTEN, Due, due, together


def _notice_where(now: datetime) -> Any:
    return (Notice.closed_at <= now - schedule.NOTICE_IDENTITY) & Notice.identity_sealed.is_not(None)


def _notice_words_where(now: datetime) -> Any:
    return (Notice.closed_at <= now - schedule.NOTICE) & (Notice.reasons != FORGOTTEN)


def _appeal_where(now: datetime) -> Any:
    return (Appeal.judged_at <= now - schedule.NOTICE) & (Appeal.text != FORGOTTEN)


def _reply_where(now: datetime) -> Any:
    return (Reply.decided_at <= now - schedule.NOTICE_IDENTITY) & Reply.identity_sealed.is_not(None)


def _refused_words_where(now: datetime) -> Any:
    return (Reply.decided_at <= now - schedule.NOTICE) & (Reply.text != FORGOTTEN) & (Reply.state == ReplyState.REFUSED)


# When the petition closed under which a reply stands; that, or when the reply was decided, if it was later.
_CLOSED = select(Petition.closed_at).where(Petition.id == Reply.petition_id).scalar_subquery()
_LATER = case((Reply.decided_at > _CLOSED, Reply.decided_at), else_=_CLOSED)


def _published_words_where(now: datetime) -> Any:
    """A published reply stays as long as the comments that it stands among."""
    return (
        (now - schedule.COMMENT_AFTER_CLOSING >= _CLOSED)
        & (Reply.decided_at <= now - schedule.COMMENT_AFTER_CLOSING)
        & (Reply.text != FORGOTTEN)
        & (Reply.state == ReplyState.PUBLISHED)
    )


def notices_due(session: Session, now: datetime) -> Due:
    """Notices, appeals and requests for reply whose time is over; each row once, whose identity goes first."""
    return together(
        due(session, Notice.closed_at, schedule.NOTICE_IDENTITY, _notice_where(now)),
        due(session, Notice.closed_at, schedule.NOTICE, _notice_words_where(now), ~_notice_where(now)),
        due(session, Appeal.judged_at, schedule.NOTICE, _appeal_where(now)),
        due(session, Reply.decided_at, schedule.NOTICE_IDENTITY, _reply_where(now)),
        due(session, Reply.decided_at, schedule.NOTICE, _refused_words_where(now), ~_reply_where(now)),
        due(session, _LATER, schedule.COMMENT_AFTER_CLOSING, _published_words_where(now), ~_reply_where(now)),
    )


def forget_notices(session: Session, now: datetime, limit: int) -> int:
    """The notifier's identity after six months, the words after twelve; codes and dates stay."""
    notices = session.scalars(
        select(Notice)
        .where(or_(_notice_where(now), _notice_words_where(now)))
        .limit(limit)
        .with_for_update(skip_locked=True)
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
    decided = select(Decision.id).where(Decision.target == Target.COMMENT, Decision.target_id.in_(comment_ids))
    for appeal in session.scalars(
        select(Appeal).where(Appeal.appellant == "author", Appeal.decision_id.in_(decided)).with_for_update()
    ):
        appeal.text = appeal.reasons = appeal.view_reasons = FORGOTTEN


def _forget_replies(session: Session, now: datetime, limit: int) -> int:
    words = session.scalars(
        select(Reply)
        .where(or_(_refused_words_where(now), _published_words_where(now)))
        .limit(limit)
        .with_for_update(skip_locked=True)
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
