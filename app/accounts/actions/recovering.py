"""Ways back: a forgotten password, a lost second factor. Each mends one of the two and never lowers what is asked.

The mailbox alone gives a new password, which opens nothing without the second factor; for a new second factor it
takes the mailbox and a recovery code, and what it opens still asks for the password.
"""

from datetime import timedelta

from sqlalchemy.orm import Session

from app import audit, clock
from app.accounts import emails, links, origins, queries
from app.accounts.actions import codes, throttling
from app.accounts.actions.factors import Factors, take, told
from app.accounts.models import Account
from app.accounts.origins import Came
from app.accounts.passwords import Hashed
from app.db import vault_of
from app.errors import Gone
from app.mail import outbox

LINKS = ((timedelta(hours=1), 4), (timedelta(days=1), 16))
LATE = "Ce lien a servi, ou ses vingt minutes ont passé. Demandez-en un autre."


def ask(session: Session, kind: str, email: str, locale: str) -> None:
    """Mail a link that mends the "password" or the second "factor"; nothing tells whether there is an account."""
    account, now = queries.by_email(session, email), clock.now()
    if account is None or account.disabled_at is not None:
        return
    if any(queries.mails_since(session, account.about, f"accounts/new_{kind}", now - time) >= n for time, n in LINKS):
        return
    audit.record(session, "account.link_sent", "account", account.id, kind=kind)
    token = links.mending(vault_of(session), kind, account, now)
    outbox.enqueue(session, [emails.mending(account, kind, token, locale)])


def mending(session: Session, kind: str, token: str, *, lock: bool = False) -> Account:
    """Whose link it is, while it serves. Raises Gone."""
    vault = vault_of(session)
    account_id = links.mended(vault, kind, token, clock.now())
    read = queries.lock if lock else queries.by_id
    account = read(session, account_id) if account_id is not None else None
    if account is None or account.disabled_at is not None or not links.mends(vault, kind, token, account):
        raise Gone(LATE)
    return account


def set_password(session: Session, token: str, new: Hashed, locale: str) -> None:
    """Every session ends; the second factor stays what it is. Raises Gone."""
    account = mending(session, "password", token, lock=True)
    if not account.password_hash:
        raise Gone(LATE)  # passkeys alone open it: a password without its code would be less
    account.password_hash = new
    queries.end_sessions(session, account.id)
    audit.record(session, "account.password_changed", "account", account.id, account.id, way="link")
    outbox.enqueue(session, [emails.password_changed(account, clock.now(), locale)])


def set_factor(session: Session, token: str, spare: str, factors: Factors, came: Came) -> bool:
    """A new application of codes, and a password for whoever had none; every session ends.

    False when *spare* is none of the recovery codes, or too many were tried from there. Raises Gone.
    """
    account = mending(session, "factor", token, lock=True)
    origin = origins.origin(vault_of(session), account, came, clock.now())
    if throttling.is_closed(session, account, origin):
        return False
    if not codes.use(session, account, spare, came.locale):
        audit.record(session, "account.proof_failed", "account", account.id, why="recovery")
        throttling.failed(session, account, origin)
        return False
    take(session, account, Factors(None if account.password_hash else factors.password, factors.seed, factors.step))
    queries.end_sessions(session, account.id)
    told(session, account, came.locale)
    return True
