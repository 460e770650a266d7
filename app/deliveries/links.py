"""The link of a recipient: derived, it says which line it opens and when it was sent, no name and no address."""

from datetime import timedelta

from app import crypto
from app.crypto import Vault
from app.deliveries.models import RecipientLink

OPENS_FOR = timedelta(days=60)


def make(vault: Vault, link: RecipientLink) -> str:
    assert link.sent_at is not None
    payload = link.id.to_bytes(4, "big") + _bound(vault, link)
    return crypto.make_token(vault.tokens, "recipient", payload, int((link.sent_at + OPENS_FOR).timestamp()))


def read(vault: Vault, token: str) -> tuple[int, int] | None:
    """``(link id, expiry)`` of a genuine one."""
    found = crypto.read_token(vault.tokens, "recipient", token)
    if found is None or len(found[0]) != 4 + crypto.MAC_BYTES:
        return None
    return int.from_bytes(found[0][:4], "big"), found[1]


def is_of(vault: Vault, token: str, link: RecipientLink) -> bool:
    """The last one sent: not an earlier one, to an address that was wrong, nor one that was cancelled."""
    return link.sent_at is not None and crypto.trimmed(token) == make(vault, link)


def _bound(vault: Vault, link: RecipientLink) -> bytes:
    assert link.sent_at is not None
    said = (str(link.delivery_id), str(link.place), link.sent_at.isoformat())
    return crypto.digest(vault.tokens, b"recipient", *(part.encode() for part in said))
