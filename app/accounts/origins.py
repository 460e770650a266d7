"""Where somebody comes from, in as little as serves: nothing of a request is kept as it was.

An *origin* is whose failures count together: a mailed link, a browser where this account has been
before, or else the network. The first two are *trusted*: what strangers do never closes them.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from app import crypto
from app.accounts.models import Account
from app.crypto import Vault

LINK_FOR = timedelta(minutes=15)
BROWSER_FOR = timedelta(days=180)
# Several names may be in one header: the first found is the one.
BROWSERS = (("Edg", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("FxiOS/", "Firefox"), ("CriOS/", "Chrome"),
            ("Chrome/", "Chrome"), ("Safari/", "Safari"))  # fmt: skip
SYSTEMS = (("Android", "Android"), ("iPhone", "iOS"), ("iPad", "iOS"), ("Windows", "Windows"), ("Mac OS X", "macOS"),
           ("CrOS", "ChromeOS"), ("Linux", "Linux"))  # fmt: skip


@dataclass(frozen=True)
class Came:
    """What a request tells of where it comes from."""

    network: str = ""
    agent: str = ""
    # The session that this browser has now; what it keeps of an earlier one; a mailed link's secret.
    cookie: str = ""
    browser: str = ""
    link: str = ""
    # What this person reads: a mail about it is in that language.
    locale: str = "fr"


class Origin(NamedTuple):
    key: bytes
    trusted: bool


def origin(vault: Vault, account: Account, came: Came, now: datetime) -> Origin:
    if link_ends(vault, account, came.link, now) is not None:
        return Origin(_key(vault, account, "link", came.link), True)
    if knows(vault, account, came.browser, now):
        return Origin(_key(vault, account, "browser", came.browser), True)
    return Origin(network(vault, account, came), False)


def network(vault: Vault, account: Account, came: Came) -> bytes:
    """The same network gives the same key for the same account only."""
    return _key(vault, account, "network", came.network)


def _key(vault: Vault, account: Account, kind: str, value: str) -> bytes:
    return crypto.digest(vault.networks, _number(account), kind.encode(), value.encode())


def _number(account: Account) -> bytes:
    return account.id.to_bytes(4, "big")


def names(agent: str) -> tuple[str, str]:
    """Browser and system in a word each, "" for what is unknown: no version, nothing that tells two people apart."""
    return _first(agent, BROWSERS), _first(agent, SYSTEMS)


def _first(agent: str, known: tuple[tuple[str, str], ...]) -> str:
    return next((name for sign, name in known if sign in agent), "")


# What a browser keeps, and what a mail carries: derived, not stored.


def browser_token(vault: Vault, account: Account, now: datetime) -> str:
    """Says that this account has signed in here, with its present password."""
    payload = _number(account) + _password(account)
    return crypto.make_token(vault.tokens, "browser", payload, int((now + BROWSER_FOR).timestamp()))


def knows(vault: Vault, account: Account, token: str, now: datetime) -> bool:
    found = crypto.read_token(vault.tokens, "browser", token)
    return found is not None and found[0] == _number(account) + _password(account) and found[1] > now.timestamp()


def _password(account: Account) -> bytes:
    return hashlib.sha256(account.password_hash.encode()).digest()[:8]


def link_token(vault: Vault, account: Account, now: datetime) -> str:
    return crypto.make_token(vault.tokens, "sign_in", _number(account), int((now + LINK_FOR).timestamp()))


def link_ends(vault: Vault, account: Account, token: str, now: datetime) -> datetime | None:
    """When this account's link ends; None when it is another's, has ended or has served."""
    found = crypto.read_token(vault.tokens, "sign_in", token)
    if found is None or found[0] != _number(account):
        return None
    ends = datetime.fromtimestamp(found[1], now.tzinfo)
    if ends <= now or (account.link_served is not None and ends <= account.link_served):
        return None
    return ends


def linked_account(vault: Vault, token: str) -> int | None:
    """Whose link it is, whether it still serves or not; None when it is none of ours."""
    found = crypto.read_token(vault.tokens, "sign_in", token)
    return int.from_bytes(found[0], "big") if found is not None and len(found[0]) == 4 else None
