"""The links and codes that mails carry: one purpose each, expiring, nothing stored.

``confirm`` is for whoever sits where it counts, ``other`` for a form that waits under another name (seats.py).
"""

import uuid
from datetime import datetime, timedelta
from typing import NamedTuple

from app import clock, crypto
from app.crypto import Vault

CONFIRM_FOR = timedelta(days=7)
# One reminder, of a link that still has a day.
REMIND_AFTER, REMIND_BEFORE = timedelta(hours=48), CONFIRM_FOR - timedelta(days=1)
CONFIRM = ("confirm", "other")
MANAGE_FOR = timedelta(hours=24)
WITHDRAW_FOR = timedelta(days=7)
# What was withdrawn or erased comes back whole until then.
UNDO_FOR = timedelta(minutes=1)
_IDS = 20


class Link(NamedTuple):
    """A genuine link; *shown* is what the mail said, see bound.py."""

    purpose: str
    petition_id: int
    signature_id: uuid.UUID
    expires: int
    shown: bytes


def make(
    vault: Vault, purpose: str, petition_id: int, signature_id: uuid.UUID, expires: datetime, shown: bytes = b""
) -> str:
    payload = petition_id.to_bytes(4, "big") + signature_id.bytes + shown
    return crypto.make_token(vault.tokens, purpose, payload, int(expires.timestamp()))


def read(vault: Vault, token: str, *purposes: str) -> Link | None:
    """A link of one of these purposes that we made, expired or not."""
    for purpose in purposes:
        found = crypto.read_token(vault.tokens, purpose, token)
        if found is not None and len(found[0]) in {_IDS, _IDS + crypto.MAC_BYTES}:
            payload, expires = found
            ids = int.from_bytes(payload[:4], "big"), uuid.UUID(bytes=payload[4:_IDS])
            return Link(purpose, *ids, expires, payload[_IDS:])
    return None


def alive(link: Link) -> bool:
    """Not expired; and no longer than such links live now, whatever was promised when it was mailed."""
    left = link.expires - clock.now().timestamp()
    return left > 0 and (link.purpose != "withdraw" or left <= WITHDRAW_FOR.total_seconds())


def make_undo(vault: Vault, secret: bytes, expires: datetime) -> str:
    """Of the page that says that it is done, and of no mail: the *secret* opens what was kept, and is in no table."""
    return crypto.make_token(vault.tokens, "undo", secret, int(expires.timestamp()))


def read_undo(vault: Vault, token: str) -> tuple[bytes, bool] | None:
    """The secret of a link that we made, and whether its minute is still running."""
    found = crypto.read_token(vault.tokens, "undo", token)
    if found is None or len(found[0]) != crypto.KEY_BYTES:
        return None
    return found[0], clock.now().timestamp() < found[1]


def code(vault: Vault, petition_id: int, signature_id: uuid.UUID, form_digest: bytes | None) -> str:
    """Eight digits for people who do not follow links; of this form only."""
    payload = petition_id.to_bytes(4, "big") + signature_id.bytes + (form_digest or b"")
    return crypto.make_code(vault.tokens, "code", payload)
