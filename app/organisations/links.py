"""The link of an invitation: it binds organisation, address, rights and moment, and none of them is in it."""

from datetime import timedelta

from app import crypto
from app.crypto import Vault
from app.organisations.models import Invitation
from app.organisations.rights import spelled

INVITED_FOR = timedelta(days=7)


def make(vault: Vault, invitation: Invitation) -> str:
    expires = invitation.invited_at + INVITED_FOR
    payload = invitation.id.to_bytes(4, "big") + _bound(vault, invitation)
    return crypto.make_token(vault.tokens, "invitation", payload, int(expires.timestamp()))


def read(vault: Vault, token: str) -> tuple[int, int] | None:
    """``(invitation id, expiry)`` of a genuine link."""
    found = crypto.read_token(vault.tokens, "invitation", token)
    if found is None or len(found[0]) != 4 + crypto.MAC_BYTES:
        return None
    return int.from_bytes(found[0][:4], "big"), found[1]


def is_of(vault: Vault, token: str, invitation: Invitation) -> bool:
    """Made of this very invitation, as it stands: not of an earlier one to the same address, nor with other rights."""
    return crypto.trimmed(token) == make(vault, invitation)


def _bound(vault: Vault, invitation: Invitation) -> bytes:
    said = (str(invitation.organisation_id), invitation.email, spelled(invitation.rights),
            invitation.invited_at.isoformat())  # fmt: skip
    return crypto.digest(vault.tokens, b"invitation", *(part.encode() for part in said))
