"""Links by mail that make an account or mend one: derived, nothing of them is stored.

Each carries what it is about, an address only sealed (a link ends up in histories and in proxies' logs), and those
that serve once a mark of what they change: once it has changed, they are of another account than the present one.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from app import crypto
from app.accounts.models import Account
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
    return _sealed(vault, "welcome", payload, now + WELCOME_FOR)


def welcomed(vault: Vault, token: str, now: datetime) -> Welcome | None:
    """None when it is none of ours, or its two days have passed."""
    found = _opened(vault, "welcome", token, now)
    if found is None:
        return None
    email, _, then = found[0].decode().partition("\n")
    return Welcome(email, then)


# To mend what one comes in with: serves until one of the two, or the address, has changed.

MEND_FOR = timedelta(minutes=20)


def mending(vault: Vault, kind: str, account: Account, now: datetime) -> str:
    """*kind*: "password" or "factor"."""
    payload = _number(account.id) + _mark(account)
    return crypto.make_token(vault.tokens, f"new {kind}", payload, int((now + MEND_FOR).timestamp()))


def mended(vault: Vault, kind: str, token: str, now: datetime) -> int | None:
    """Whose link it is; None when it is none of ours, or late."""
    found = crypto.read_token(vault.tokens, f"new {kind}", token)
    return int.from_bytes(found[0][:4], "big") if found is not None and found[1] > now.timestamp() else None


def mends(vault: Vault, kind: str, token: str, account: Account) -> bool:
    """Whether what it would mend is still what it was."""
    found = crypto.read_token(vault.tokens, f"new {kind}", token)
    return found is not None and found[0] == _number(account.id) + _mark(account)


def _number(account_id: int) -> bytes:
    return account_id.to_bytes(4, "big")


def _mark(account: Account) -> bytes:
    """Of the mailbox too: what was sent to an address that the account has left mends nothing."""
    changes = f"{account.email}\n{account.password_hash}\n".encode() + (account.totp_sealed or b"")
    return hashlib.sha256(changes).digest()[:8]


# A change of address: the new one confirms, the old one may say no, before and after.

CONFIRM_FOR, VETO_FOR = timedelta(days=1), timedelta(days=7)


@dataclass(frozen=True)
class Move:
    """*address*: the new one in its own link, the old one in the other; of the other address, a mark will do."""

    account_id: int
    address: str
    other: bytes
    made_at: datetime

    def is_other(self, email: str) -> bool:
        return _short(email) == self.other


def confirming(vault: Vault, account: Account, new: str, now: datetime) -> str:
    return _moving(vault, "new address", account.id, new, account.email, now + CONFIRM_FOR)


def vetoing(vault: Vault, account_id: int, old: str, new: str, now: datetime) -> str:
    return _moving(vault, "old address", account_id, old, new, now + VETO_FOR)


def _moving(vault: Vault, purpose: str, account_id: int, address: str, other: str, until: datetime) -> str:
    payload = _number(account_id) + _short(other) + address.encode()
    return _sealed(vault, purpose, payload, until)


def _short(email: str) -> bytes:
    return hashlib.sha256(email.encode()).digest()[:8]


def confirmed(vault: Vault, token: str, now: datetime) -> Move | None:
    return _moved(vault, "new address", token, now, CONFIRM_FOR)


def vetoed(vault: Vault, token: str, now: datetime) -> Move | None:
    return _moved(vault, "old address", token, now, VETO_FOR)


def _moved(vault: Vault, purpose: str, token: str, now: datetime, lasts: timedelta) -> Move | None:
    found = _opened(vault, purpose, token, now)
    if found is None:
        return None
    payload, ends = found
    made = datetime.fromtimestamp(ends, now.tzinfo) - lasts
    return Move(int.from_bytes(payload[:4], "big"), payload[12:].decode(), payload[4:12], made)


def _sealed(vault: Vault, purpose: str, payload: bytes, until: datetime) -> str:
    hidden = crypto.seal(vault.outbox, payload, purpose.encode())
    return crypto.make_token(vault.tokens, purpose, hidden, int(until.timestamp()))


def _opened(vault: Vault, purpose: str, token: str, now: datetime) -> tuple[bytes, int] | None:
    """``(payload, expiry)``; None when it is none of ours, or late."""
    found = crypto.read_token(vault.tokens, purpose, token)
    if found is None or found[1] <= now.timestamp():
        return None
    try:
        return crypto.unseal(vault.outbox, found[0], purpose.encode()), found[1]
    except crypto.Unsealable:
        return None  # mailed by a release that did not seal
