"""In, with two factors, and out. Passwords were verified by the caller, with no session open."""

import secrets
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.orm import Session

from app import audit, clock, crypto
from app.accounts import emails, origins, queries, seeds
from app.accounts.actions import codes, throttling
from app.accounts.models import Account, StaffSession
from app.accounts.origins import Came, Origin
from app.accounts.passwords import Hashed
from app.db import vault_of
from app.mail import outbox

# Between password and code; then a working day, ended earlier by two idle hours.
HALF_SESSION = timedelta(minutes=10)
SESSION = timedelta(hours=10)
IDLE = timedelta(hours=2)
# One sentence for every reason: nothing tells which it was.
WRONG = (
    "Adresse ou mot de passe inconnus. Vérifiez les deux. Après plusieurs essais manqués, il faut attendre un quart"
    " d’heure, ou recevoir un lien de connexion."
)
LINKS = ((timedelta(hours=1), 4), (timedelta(days=1), 16))


@dataclass(frozen=True)
class Asked:
    """Whose password has to be verified; nobody's when the address is unknown."""

    account_id: int | None
    kept: str


@dataclass(frozen=True)
class Opened:
    """What the browser gets: a session, complete or not, and what makes it known here from now on."""

    account: Account
    cookie: str
    complete: bool
    browser: str


def asked(session: Session, email: str) -> Asked:
    found = queries.by_email(session, email)
    return Asked(found.id, found.password_hash) if found is not None else Asked(None, "")


def sign_in(
    session: Session, asked: Asked, right: bool, better: Hashed | None, came: Came, *, local: bool
) -> Opened | None:
    """A session after the right password; None otherwise, for whatever reason: it is in the journal.

    *right* and *better* are what ``passwords.verify`` says of ``asked.kept``.
    """
    account = queries.lock(session, asked.account_id) if asked.account_id is not None else None
    if account is None or account.disabled_at is not None or account.password_hash != asked.kept:
        _refused(session, asked.account_id, "unknown" if account is None else "disabled")
        return None
    origin = origins.origin(vault_of(session), account, came, clock.now())
    if throttling.is_closed(session, account, origin):
        _refused(session, account.id, "closed")
        return None
    if not right:
        _refused(session, account.id, "password")
        throttling.failed(session, account, origin)
        return None
    if account.is_demo and not local:
        _refused(session, account.id, "no_code")  # an account of the demo opens nothing on a public site
        return None
    known = origins.knows(vault_of(session), account, came.browser, clock.now())
    account.link_served = origins.link_ends(vault_of(session), account, came.link, clock.now()) or account.link_served
    account.password_hash = better or account.password_hash
    return open_session(session, account, came, origin, complete=account.is_demo, known=known)


def check_code(session: Session, half: StaffSession, code: str, came: Came, *, spare: bool = False) -> Opened | None:
    """A complete session after the right code, used once; None after a wrong one.

    *spare*: it is one of the recovery codes.
    """
    account = queries.lock(session, half.account_id)
    origin = Origin(half.origin, half.trusted)
    if throttling.is_closed(session, account, origin):
        _refused(session, account.id, "closed")
        return None
    right = codes.use(session, account, code, came.locale) if spare else code_is_right(session, account, code)
    if not right:
        _refused(session, account.id, "code")
        throttling.failed(session, account, origin)
        return None
    known = origins.knows(vault_of(session), account, came.browser, clock.now())
    return open_session(session, account, came, origin, complete=True, known=known)


def code_is_right(session: Session, account: Account, code: str) -> bool:
    """Good once, for half a minute or so. *account* is locked by the caller."""
    if account.totp_sealed is None:
        return False
    step = seeds.step_of(seeds.opened(vault_of(session), account.totp_sealed), code, account.totp_step)
    account.totp_step = step or account.totp_step
    return step is not None


def _refused(session: Session, account_id: int | None, why: str) -> None:
    audit.record(session, "account.sign_in_failed", "account", account_id or "-", why=why)


def open_session(
    session: Session,
    account: Account,
    came: Came,
    origin: Origin,
    *,
    complete: bool,
    known: bool,
    by_passkey: bool = False,
) -> Opened:
    """Under a new id, always; what the browser had before ends here."""
    now, vault = clock.now(), vault_of(session)
    queries.end_session(session, crypto.fingerprint(came.cookie))
    browser, system = origins.names(came.agent)
    cookie = secrets.token_urlsafe(32)
    if complete:
        first = account.seen_at is None
        account.seen_at, account.warned_at, account.locale = now, None, came.locale
        throttling.forget(session, account, origin)
        audit.record(session, "account.signed_in", "account", account.id, account.id)
        if not (known or first or account.is_demo):
            outbox.enqueue(
                session, [emails.new_browser(account, browser, system, now, came.locale, by_passkey=by_passkey)]
            )
    session.add(
        StaffSession(
            key=crypto.fingerprint(cookie),
            account_id=account.id,
            complete=complete,
            created_at=now,
            seen_at=now,
            proved_at=now,
            expires_at=now + (SESSION if complete else HALF_SESSION),
            browser=browser,
            system=system,
            network=origins.network(vault, account, came),
            origin=origin.key,
            trusted=origin.trusted,
        )
    )
    return Opened(account, cookie, complete, origins.browser_token(vault, account, now))


def current(session: Session, cookie: str) -> StaffSession | None:
    """The living session of a cookie; None when it expired, idled or was revoked."""
    now = clock.now()
    found = queries.staff_session(session, crypto.fingerprint(cookie), now)
    if found is None or found.account.disabled_at is not None or now - found.seen_at > IDLE:
        return None
    return found


def sign_out(session: Session, cookie: str) -> None:
    found = queries.staff_session(session, crypto.fingerprint(cookie), clock.now())
    if found is not None:
        queries.end_session(session, found.key)
        audit.record(session, "account.signed_out", "account", found.account_id, found.account_id)


# A link by mail, for whoever others' failures, or their own, keep out.


def send_link(session: Session, email: str, locale: str) -> None:
    """To the address of an account in use, a few times a day; nothing tells whether there is one."""
    account = queries.by_email(session, email)
    if account is None or account.disabled_at is not None:
        return
    now = clock.now()
    if any(queries.mails_since(session, account.about, "accounts/sign_in_link", now - time) >= n for time, n in LINKS):
        return
    audit.record(session, "account.link_sent", "account", account.id)
    outbox.enqueue(session, [emails.link(account, origins.link_token(vault_of(session), account, now), locale)])


def link_serves(session: Session, token: str) -> bool:
    """True when this link still lets somebody try."""
    vault = vault_of(session)
    account_id = origins.linked_account(vault, token)
    account = queries.by_id(session, account_id) if account_id is not None else None
    if account is None or account.disabled_at is not None:
        return False
    return origins.link_ends(vault, account, token, clock.now()) is not None
