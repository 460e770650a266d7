"""Failures are counted where they come from, so that nobody's close the door to somebody else."""

from datetime import timedelta

from sqlalchemy.orm import Session

from app import audit, clock
from app.accounts import emails, queries
from app.accounts.models import Account, SignInThrottle
from app.accounts.origins import Origin
from app.mail import outbox

FAILURES = 8
# All networks together: somebody has many of them, or the password already and tries codes.
EVERYWHERE, EVERYWHERE_FAILURES = b"", 30
CLOSED = timedelta(minutes=15)
ALERTS = timedelta(days=1)
# Failures count for a quarter of an hour; what is left of them goes a day later.
FORGOTTEN_AFTER = timedelta(days=1)


def is_closed(session: Session, account: Account, origin: Origin) -> bool:
    now = clock.now()
    return any(row.is_closed(now) for row in queries.throttles(session, account.id, _counted(origin)))


def _counted(origin: Origin) -> tuple[bytes, ...]:
    return (origin.key,) if origin.trusted else (origin.key, EVERYWHERE)


def failed(session: Session, account: Account, origin: Origin) -> bool:
    """Count one; True when it closes its origin. *account* is locked by the caller."""
    closing = [key for key in _counted(origin) if _count(session, account, key)]
    for key in closing:
        act = "account.locked" if key == EVERYWHERE else "account.origin_closed"
        audit.record(session, act, "account", account.id)
    if closing and not queries.mails_since(session, account.about, "accounts/locked", clock.now() - ALERTS):
        outbox.enqueue(session, [emails.locked(account)])
    return origin.key in closing


def _count(session: Session, account: Account, key: bytes) -> bool:
    now = clock.now()
    row = session.get(SignInThrottle, (account.id, key))
    if row is None:
        row = SignInThrottle(account_id=account.id, origin=key, failures=0, since=now)
        session.add(row)
    elif now - row.since > CLOSED:
        row.failures, row.since = 0, now
    row.failures += 1
    if row.failures < (EVERYWHERE_FAILURES if key == EVERYWHERE else FAILURES):
        return False
    row.failures, row.closed_until = 0, now + CLOSED
    return True


def forget(session: Session, account: Account, origin: Origin) -> None:
    """Somebody is in: what they mistyped before does not count."""
    queries.end_throttle(session, account.id, origin.key)
