"""The links and codes that mails carry: one purpose each, expiring, nothing stored."""

import uuid
from datetime import datetime, timedelta

from app import crypto
from app.crypto import Vault

CONFIRM_FOR = timedelta(days=7)
MANAGE_FOR = timedelta(hours=24)
# As long as a signature may live.
WITHDRAW_FOR = timedelta(days=700)


def make(vault: Vault, purpose: str, petition_id: int, signature_id: uuid.UUID, expires: datetime) -> str:
    payload = petition_id.to_bytes(4, "big") + signature_id.bytes
    return crypto.make_token(vault.tokens, purpose, payload, int(expires.timestamp()))


def read(vault: Vault, purpose: str, token: str) -> tuple[int, uuid.UUID, int] | None:
    """``(petition id, signature id, expiry)`` of a genuine token, or None."""
    found = crypto.read_token(vault.tokens, purpose, token)
    if found is None or len(found[0]) != 20:
        return None
    payload, expires = found
    return int.from_bytes(payload[:4], "big"), uuid.UUID(bytes=payload[4:]), expires


def code(vault: Vault, petition_id: int, signature_id: uuid.UUID) -> str:
    """Eight digits for people who do not follow links."""
    return crypto.make_code(vault.tokens, "code", petition_id.to_bytes(4, "big") + signature_id.bytes)
