"""The signed links of a decision's mails: appeal, write again. One purpose each, nothing stored."""

from datetime import date, timedelta

from app import crypto
from app.crypto import Vault
from app.moderation.models import Decision
from app.moderation.statements import APPEAL_FOR
from app.zone import ZONE

REWRITE_FOR = timedelta(days=30)


def appeal_until(decision: Decision) -> date:
    return (decision.decided_at + APPEAL_FOR).astimezone(ZONE).date()


def appeal(vault: Vault, decision: Decision, appellant: str) -> str:
    """*appellant*: ``author`` or ``notice:<id>``."""
    payload = decision.id.to_bytes(8, "big") + appellant.encode()
    return crypto.make_token(vault.tokens, "appeal", payload, int((decision.decided_at + APPEAL_FOR).timestamp()))


def read_appeal(vault: Vault, token: str) -> tuple[int, str, int] | None:
    """``(decision id, appellant, expiry)`` of a genuine link."""
    found = crypto.read_token(vault.tokens, "appeal", token)
    if found is None or len(found[0]) < 9:
        return None
    payload, expires = found
    return int.from_bytes(payload[:8], "big"), payload[8:].decode(), expires


def rewrite(vault: Vault, decision: Decision) -> str:
    payload = decision.id.to_bytes(8, "big") + b"rewrite"
    return crypto.make_token(vault.tokens, "rewrite", payload, int((decision.decided_at + REWRITE_FOR).timestamp()))


def read_rewrite(vault: Vault, token: str) -> tuple[int, int] | None:
    """``(decision id, expiry)`` of a genuine link."""
    found = crypto.read_token(vault.tokens, "rewrite", token)
    if found is None or len(found[0]) != 15:
        return None
    return int.from_bytes(found[0][:8], "big"), found[1]
