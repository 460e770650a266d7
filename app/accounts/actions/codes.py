"""Recovery codes: ten at a time, each stands for the code of the application, once."""

import secrets

from sqlalchemy.orm import Session

from app import audit, clock, crypto
from app.accounts import emails, queries
from app.accounts.models import Account
from app.accounts.passwords import PLAIN
from app.db import vault_of
from app.mail import outbox

CODES = 10
_GROUPS, _SIGNS = 4, 4


def renew(session: Session, account: Account) -> list[str]:
    """Ten new ones, to be shown now and never again; the earlier ones open nothing more."""
    drawn = [_drawn() for _ in range(CODES)]
    queries.replace_codes(session, account.id, {_digest(session, account, code) for code in drawn}, clock.now())
    audit.record(session, "account.codes_renewed", "account", account.id, account.id)
    return drawn


def _drawn() -> str:
    """79 bits: nobody tries them out, even without our counting."""
    return "-".join("".join(secrets.choice(PLAIN) for _ in range(_SIGNS)) for _ in range(_GROUPS))


def _digest(session: Session, account: Account, code: str) -> bytes:
    """However it is typed: capitals, spaces, hyphens or none."""
    signs = "".join(sign for sign in code.lower() if sign in PLAIN)
    return crypto.digest(vault_of(session).totp, b"recovery", str(account.id).encode(), signs.encode())


def use(session: Session, account: Account, code: str, locale: str) -> bool:
    """True once for each. *account* is locked by the caller; its owner is told."""
    if not queries.spend_code(session, account.id, _digest(session, account, code)):
        return False
    left = queries.codes_left(session, account.id)
    audit.record(session, "account.code_used", "account", account.id, account.id, left=left)
    outbox.enqueue(session, [emails.code_used(account, left, clock.now(), locale)])
    return True
