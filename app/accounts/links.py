"""Links by mail that make an account or mend one: derived, nothing of them is stored.

Each carries what it is about, and those that serve once a mark of what they change: once it has changed, they
are of another account than the present one.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from app import crypto
from app.accounts.places import wanted
from app.crypto import Vault

WELCOME_FOR = timedelta(hours=48)
# The whole link is 600 signs at most; an address has 254.
_LONGEST = 380


@dataclass(frozen=True)
class Welcome:
    """Whoever holds it reads the mail of *email*, and wanted to go to *then*."""

    email: str
    then: str


def welcome(vault: Vault, email: str, then: str, now: datetime) -> str:
    """*then* is kept when it is a page of ours."""
    payload = f"{email}\n{wanted(then)}".encode()
    if len(payload) > _LONGEST:
        payload = f"{email}\n".encode()
    return crypto.make_token(vault.tokens, "welcome", payload, int((now + WELCOME_FOR).timestamp()))


def welcomed(vault: Vault, token: str, now: datetime) -> Welcome | None:
    """None when it is none of ours, or its two days have passed."""
    found = crypto.read_token(vault.tokens, "welcome", token)
    if found is None or found[1] <= now.timestamp():
        return None
    email, _, then = found[0].decode().partition("\n")
    return Welcome(email, then)
