"""Accounts, sessions, journals, requests by other ways."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from app.accounts.models import Account, SignInThrottle, StaffSession
from app.audit import AuditLine, chain
from app.organisations.links import INVITED_FOR
from app.organisations.models import Invitation
from app.privacy import schedule
from app.privacy.models import DataRequest, RequestState, SelfServiceSession
from app.privacy.queries import Due, delete_some, due


def _idle(now: datetime, period: timedelta) -> Any:
    last = func.coalesce(Account.seen_at, Account.created_at, type_=Account.created_at.type)
    return Account.role == "organiser", Account.disabled_at.is_(None), last <= now - period


def _warned(now: datetime) -> Any:
    """Idle for two years, and warned thirty days ago."""
    return *_idle(now, schedule.ACCOUNT_IDLE), Account.warned_at <= now - schedule.ACCOUNT_WARNING


def accounts_due(session: Session, now: datetime) -> Due:
    last = func.coalesce(Account.seen_at, Account.created_at, type_=Account.created_at.type)
    return due(session, last, schedule.ACCOUNT_IDLE, *_warned(now))


def accounts_to_end(session: Session, now: datetime, limit: int) -> Sequence[Account]:
    return session.scalars(select(Account).where(*_warned(now)).limit(limit).with_for_update(skip_locked=True)).all()


def accounts_to_warn(session: Session, now: datetime, limit: int) -> Sequence[Account]:
    idle = _idle(now, schedule.ACCOUNT_IDLE - schedule.ACCOUNT_WARNING)
    unwarned = select(Account).where(*idle, Account.warned_at.is_(None))
    return session.scalars(unwarned.limit(limit).with_for_update(skip_locked=True)).all()


def invitations_due(session: Session, now: datetime) -> Due:
    return due(session, Invitation.invited_at, INVITED_FOR, Invitation.invited_at <= now - INVITED_FOR)


def delete_invitations(session: Session, now: datetime, limit: int) -> int:
    return delete_some(session, Invitation.id, limit, Invitation.invited_at <= now - INVITED_FOR)


def audit_due(session: Session, now: datetime) -> Due:
    return due(session, AuditLine.at, schedule.AUDIT, AuditLine.at <= now - schedule.AUDIT)


def delete_audit(session: Session, now: datetime, limit: int) -> int:
    return chain.shorten(session, now - schedule.AUDIT, limit)


def self_service_due(session: Session, now: datetime) -> Due:
    expired = SelfServiceSession.expires_at <= now
    return due(session, SelfServiceSession.expires_at, timedelta(0), expired)


def delete_self_service(session: Session, now: datetime, limit: int) -> int:
    return delete_some(session, SelfServiceSession.key, limit, SelfServiceSession.expires_at <= now)


def end_self_service(session: Session, key: bytes) -> None:
    session.execute(delete(SelfServiceSession).where(SelfServiceSession.key == key))


def staff_sessions_due(session: Session, now: datetime) -> Due:
    return due(session, StaffSession.expires_at, timedelta(0), StaffSession.expires_at <= now)


def delete_staff_sessions(session: Session, now: datetime, limit: int) -> int:
    return delete_some(session, StaffSession.key, limit, StaffSession.expires_at <= now)


def throttles_due(session: Session, now: datetime) -> Due:
    old = SignInThrottle.since <= now - schedule.SIGN_IN_FAILURE
    return due(session, SignInThrottle.since, schedule.SIGN_IN_FAILURE, old)


def delete_throttles(session: Session, now: datetime, limit: int) -> int:
    """Its key is two columns: an account's old failures go together."""
    old = SignInThrottle.since <= now - schedule.SIGN_IN_FAILURE
    accounts = session.scalars(select(SignInThrottle.account_id).where(old).distinct().limit(limit)).all()
    gone = session.execute(delete(SignInThrottle).where(old, SignInThrottle.account_id.in_(accounts)))
    return int(gone.rowcount)  # type: ignore[attr-defined]


def requests_due(session: Session, now: datetime) -> Due:
    return due(session, DataRequest.closed_at, schedule.REQUEST, DataRequest.closed_at <= now - schedule.REQUEST)


def delete_requests(session: Session, now: datetime, limit: int) -> int:
    return delete_some(session, DataRequest.id, limit, DataRequest.closed_at <= now - schedule.REQUEST)


def open_requests(session: Session) -> Sequence[DataRequest]:
    return session.scalars(
        select(DataRequest).order_by(DataRequest.state != RequestState.OPEN, DataRequest.due_on)
    ).all()


def requests_to_alert(session: Session, now: datetime) -> Sequence[DataRequest]:
    """Open for twenty days, nobody alerted yet."""
    return session.scalars(
        select(DataRequest).where(
            DataRequest.state == RequestState.OPEN,
            DataRequest.alerted_at.is_(None),
            DataRequest.received_on <= (now - schedule.REQUEST_ALERT).date(),
        )
    ).all()
