"""The signed link of a notice's receipt. Nothing is stored."""

from datetime import datetime, timedelta

from app import crypto
from app.crypto import Vault

# Longer than a notice waits; its notifier's address is forgotten earlier or later than this.
NOTICE_FOR = timedelta(days=365)


def notice(vault: Vault, notice_id: int, created_at: datetime) -> str:
    """The address that a notifier gave is theirs."""
    payload = notice_id.to_bytes(8, "big")
    return crypto.make_token(vault.tokens, "notice", payload, int((created_at + NOTICE_FOR).timestamp()))


def read_notice(vault: Vault, token: str) -> tuple[int, int] | None:
    """``(notice id, expiry)`` of a genuine link."""
    found = crypto.read_token(vault.tokens, "notice", token)
    if found is None or len(found[0]) != 8:
        return None
    return int.from_bytes(found[0], "big"), found[1]
