"""To prove again: what is grave asks for the code or the password anew; so does changing the latter."""

import secrets
from datetime import timedelta

from sqlalchemy.orm import Session

from app import audit, clock, crypto
from app.accounts import emails, origins, passkeys, queries
from app.accounts.actions import keys, throttling
from app.accounts.actions.signing_in import code_is_right
from app.accounts.models import StaffSession
from app.accounts.origins import Origin
from app.accounts.passkeys import Here
from app.accounts.passwords import Hashed
from app.db import vault_of
from app.errors import NotFound
from app.mail import outbox

FRESH = timedelta(minutes=10)


def is_fresh(found: StaffSession) -> bool:
    return clock.now() - found.proved_at <= FRESH


def is_closed(session: Session, found: StaffSession) -> bool:
    return throttling.is_closed(session, found.account, Origin(found.origin, found.trusted))


def prove(
    session: Session, key: bytes, *, code: str = "", right: bool = False, gesture: tuple[Here, str] | None = None
) -> str | None:
    """The session under a new id after the right code or a passkey's *gesture*, or when the password was *right*.

    None otherwise. Whoever fails too often is put out: it may be somebody who found the browser open. Raises NotFound.
    """
    found = held(session, key)
    account = queries.lock(session, found.account_id)
    if gesture is not None:
        here, answer = gesture
        proved = keys.used(session, here, answer, passkeys.own(account.id), "fr", of=account.id) is not None
    elif is_closed(session, found):
        return None
    else:
        proved = right if account.totp_sealed is None else code_is_right(session, account, code)
    if not proved:
        _failed(session, found, "passkey" if gesture else "code" if account.totp_sealed else "password")
        return None
    audit.record(session, "account.proved", "account", account.id, account.id)
    return _renewed(session, found)


def change_password(
    session: Session, key: bytes, before: str, right: bool, new: Hashed, locale: str
) -> tuple[str, str] | None:
    """``(session, browser)`` under new ids; every other session ends. None when the present one was not right.

    *before* is the hash that *right* was found with. Raises NotFound.
    """
    found = held(session, key)
    account = queries.lock(session, found.account_id)
    if is_closed(session, found):
        return None
    if not right or account.password_hash != before:
        _failed(session, found, "password")
        return None
    now = clock.now()
    account.password_hash = new
    queries.end_sessions(session, account.id, but=key)
    audit.record(session, "account.password_changed", "account", account.id, account.id)
    outbox.enqueue(session, [emails.password_changed(account, now, locale)])
    return _renewed(session, found), origins.browser_token(vault_of(session), account, now)


def held(session: Session, key: bytes) -> StaffSession:
    found = queries.staff_session(session, key, clock.now())
    if found is None or found.account.disabled_at is not None:
        raise NotFound("Cette page n’existe pas, ou votre session a pris fin.")
    return found


def _failed(session: Session, found: StaffSession, why: str) -> None:
    audit.record(session, "account.proof_failed", "account", found.account_id, found.account_id, why=why)
    if throttling.failed(session, found.account, Origin(found.origin, found.trusted)):
        queries.end_session(session, found.key)


def _renewed(session: Session, found: StaffSession) -> str:
    cookie = secrets.token_urlsafe(32)
    queries.renew_session(session, found.key, crypto.fingerprint(cookie), clock.now())
    return cookie
