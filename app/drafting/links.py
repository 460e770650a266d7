"""The address of a draft: 128 bits that nobody guesses, and that the table does not hold."""

import base64
import uuid

from app import crypto
from app.crypto import Vault


def address_of(vault: Vault, draft_id: uuid.UUID) -> str:
    """Twenty-two letters and digits."""
    return base64.urlsafe_b64encode(crypto.digest(vault.drafts, draft_id.bytes)).decode().rstrip("=")


def key_of(address: str) -> bytes:
    """What the table keeps of an address."""
    return crypto.fingerprint(f"draft {address}")


def path_of(vault: Vault, draft_id: uuid.UUID, step: str) -> str:
    return f"/lancer/{address_of(vault, draft_id)}/{step}"
