"""Accounts are made, sign in with two factors, and sign out."""

import hmac
import secrets
from datetime import timedelta
from functools import lru_cache

import pyotp
from email_validator import EmailNotValidError, validate_email
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlalchemy.orm import Session

from app import audit, clock, crypto
from app.accounts import queries
from app.accounts.models import ROLES, Account, StaffSession
from app.db import vault_of
from app.errors import NotFound, Refused

MIN_PASSWORD = 12
PLAIN = "abcdefghjkmnpqrstuvwxyz23456789"
FAILURES_BEFORE_LOCK = 8
LOCK = timedelta(minutes=15)
# Between password and code; then a working day, ended earlier by two idle hours.
HALF_SESSION = timedelta(minutes=10)
SESSION = timedelta(hours=10)
IDLE = timedelta(hours=2)
WRONG = "Adresse ou mot de passe inconnus. Vérifiez les deux."


@lru_cache(maxsize=1)
def _hasher() -> PasswordHash:
    return PasswordHash((Argon2Hasher(),))


@lru_cache(maxsize=1)
def _dummy_hash() -> str:
    return _hasher().hash(secrets.token_urlsafe())


def create(
    session: Session,
    email: str,
    role: str,
    password: str,
    *,
    second_factor: bool = True,
    site: str = "Signons",
    by: int | None = None,
) -> tuple[Account, str]:
    """A new account and its ``otpauth://`` URI ("" without second factor). Raises Refused."""
    if role not in ROLES:
        raise Refused(f"Rôle inconnu : {role}. Choisissez {', '.join(ROLES)}.")
    try:
        email = validate_email(email, check_deliverability=False, test_environment=True).normalized.lower()
    except EmailNotValidError:
        raise Refused(f"« {email} » n’est pas une adresse e-mail.") from None
    if len(password) < MIN_PASSWORD:
        raise Refused(f"Le mot de passe compte {MIN_PASSWORD} caractères au moins.")
    if queries.by_email(session, email) is not None:
        raise Refused("Un compte existe déjà pour cette adresse.")
    account = Account(
        email=email, role=role, password_hash=_hasher().hash(password), created_at=clock.now(), totp_step=0, failures=0
    )
    uri = ""
    if second_factor:
        seed = pyotp.random_base32()
        account.totp_sealed = crypto.seal(vault_of(session).totp, seed.encode(), b"totp")
        uri = pyotp.TOTP(seed).provisioning_uri(name=email, issuer_name=site)
    session.add(account)
    session.flush()
    audit.record(session, "account.created", "account", account.id, by, role=role)
    return account, uri


def new_password() -> str:
    """Drawn for somebody else: five groups of letters and figures that nobody mistakes for others."""
    return "-".join("".join(secrets.choice(PLAIN) for _ in range(4)) for _ in range(5))


def sign_in(session: Session, email: str, password: str, *, local: bool) -> tuple[str, bool] | None:
    """``(cookie, complete)`` after the right password, None after a wrong one (which is counted).

    The same time is spent whether the address is known or not. Raises nothing.
    """
    now = clock.now()
    account = queries.lock_by_email(session, email)
    if account is None or account.disabled_at is not None:
        _hasher().verify(password, _dummy_hash())
        return None
    right, new_hash = _hasher().verify_and_update(password, account.password_hash)
    if account.is_locked(now):
        return None
    if not right:
        _count_failure(session, account)
        return None
    if new_hash is not None:
        account.password_hash = new_hash
    needs_code = account.totp_sealed is not None
    if not needs_code and not local:
        return None  # an account of the demo opens nothing on a public site
    return _open(session, account, complete=not needs_code), not needs_code


def check_code(session: Session, half: StaffSession, code: str) -> str | None:
    """The cookie of a complete session after the right code, used once; None after a wrong one."""
    now = clock.now()
    account = queries.lock(session, half.account_id)
    if account.is_locked(now) or account.totp_sealed is None:
        return None
    seed = crypto.unseal(vault_of(session).totp, account.totp_sealed, b"totp").decode()
    totp = pyotp.TOTP(seed)
    present = int(now.timestamp()) // 30
    typed = code.replace(" ", "").encode()
    for step in (present - 1, present, present + 1):
        if step > account.totp_step and hmac.compare_digest(totp.at(step * 30).encode(), typed):
            account.totp_step = step
            queries.end_session(session, half.key)
            return _open(session, account, complete=True)
    _count_failure(session, account)
    return None


def _count_failure(session: Session, account: Account) -> None:
    account.failures += 1
    if account.failures >= FAILURES_BEFORE_LOCK:
        account.failures = 0
        account.locked_until = clock.now() + LOCK
        audit.record(session, "account.locked", "account", account.id)


def _open(session: Session, account: Account, *, complete: bool) -> str:
    now = clock.now()
    cookie = secrets.token_urlsafe(32)
    if complete:
        account.failures, account.seen_at, account.warned_at = 0, now, None
        audit.record(session, "account.signed_in", "account", account.id, account.id)
    session.add(
        StaffSession(
            key=crypto.fingerprint(cookie),
            account_id=account.id,
            complete=complete,
            created_at=now,
            seen_at=now,
            expires_at=now + (SESSION if complete else HALF_SESSION),
        )
    )
    return cookie


def current(session: Session, cookie: str) -> StaffSession | None:
    """The living session of a cookie; None when it expired, idled or was revoked."""
    now = clock.now()
    found = queries.staff_session(session, crypto.fingerprint(cookie), now)
    if found is None or found.account.disabled_at is not None or now - found.seen_at > IDLE:
        return None
    return found


def sign_out(session: Session, cookie: str) -> None:
    queries.end_session(session, crypto.fingerprint(cookie))


def end(session: Session, account: Account) -> None:
    """The person is forgotten; the row stays as the anonymous author of past acts."""
    queries.end_sessions(session, account.id)
    account.email = f"compte-{account.id}-supprime"
    account.password_hash, account.totp_sealed = "", None
    account.disabled_at = clock.now()
    audit.record(session, "account.ended", "account", account.id)


# What an administrator does to the accounts of others.


def close_sessions(session: Session, account_id: int, by: int | None = None) -> None:
    """Whoever is in has to sign in again. Raises NotFound."""
    account = _managed(session, account_id, by)
    queries.end_sessions(session, account.id)
    audit.record(session, "account.sessions_closed", "account", account.id, by)


def disable(session: Session, account_id: int, by: int) -> None:
    """Out at once, until it is enabled again; never oneself. Raises NotFound, Refused."""
    account = _managed(session, account_id, by)
    if account.id == by:
        raise Refused("On ne désactive pas son propre compte. Demandez-le à une autre personne.")
    if account.disabled_at is not None:
        return
    account.disabled_at = clock.now()
    queries.end_sessions(session, account.id)
    audit.record(session, "account.disabled", "account", account.id, by)


def enable(session: Session, account_id: int, by: int) -> None:
    """As it was before. Raises NotFound, Refused."""
    account = _managed(session, account_id, by)
    if account.has_ended:
        raise Refused("Ce compte a été supprimé. Créez-en un autre.")
    if account.disabled_at is None:
        return
    account.disabled_at = None
    audit.record(session, "account.enabled", "account", account.id, by)


def _managed(session: Session, account_id: int, by: int | None) -> Account:
    """The account, locked with the one that acts: of two people who disable each other, one succeeds."""
    found = queries.lock_all(session, {account_id, *([by] if by is not None else [])})
    if by is not None and found[by].disabled_at is not None:
        raise NotFound("Cette page n’existe pas, ou votre session a pris fin.")
    if account_id not in found:
        raise NotFound("Ce compte n’existe pas.")
    return found[account_id]
