"""What a browser has just sent with the sign form, sealed, so that the next page can show it and ask nothing twice.

It stays in that browser, in a cookie of that page alone, for half an hour. The signature that it names was written by
this very form if it was written at all: its id was made for it. Whoever types a stranger's address gets another one.
"""

import base64
import json
import uuid
import zlib
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from app import clock, crypto
from app.crypto import Vault
from app.signatures.forms import SignForm

LASTS = timedelta(minutes=30)
# A browser keeps four kilobytes, its name and its path included.
LONGEST = 3500
# What is longer is mostly a comment, which is made smaller.
LONG = 1000
_PACKED, _PLAIN = b"z", b"j"


@dataclass(frozen=True)
class JustSent:
    values: dict[str, str]
    # Of the row that it would have made.
    signature_id: uuid.UUID
    digest: bytes
    at: datetime
    # When the mail was asked for once more.
    again: datetime | None = None
    # Too long to be carried: it is with the signature, and would have to be typed again with another address.
    without_comment: bool = False

    @property
    def email(self) -> str:
        return self.values["email"]

    @property
    def name(self) -> str:
        return f"{self.values['given_name']} {self.values.get('family_name', '')}".strip()

    @property
    def seconds_left(self) -> int:
        return max(0, int((self.at + LASTS - clock.now()).total_seconds()))


def of_form(form: SignForm, came_by: str, signature_id: uuid.UUID, digest: bytes) -> JustSent:
    typed = {name: "on" if value is True else value for name, value in form.model_dump().items() if value}
    return JustSent(typed | ({"s": came_by} if came_by else {}), signature_id, digest, _now())


def asked_again(sent: JustSent) -> JustSent:
    return replace(sent, again=_now())


def _now() -> datetime:
    return clock.now().replace(microsecond=0)


def sealed(vault: Vault, petition_id: int, sent: JustSent) -> str:
    """Empty when it is too long for any browser."""
    found = _sealed(vault, petition_id, sent)
    if len(found) > LONGEST and "comment" in sent.values:
        rest = {name: value for name, value in sent.values.items() if name != "comment"}
        found = _sealed(vault, petition_id, replace(sent, values=rest, without_comment=True))
    return found if len(found) <= LONGEST else ""


def _sealed(vault: Vault, petition_id: int, sent: JustSent) -> str:
    again = int(sent.again.timestamp()) if sent.again else 0
    plain = _json(
        [int(sent.at.timestamp()), again, sent.signature_id.hex, sent.digest.hex(), sent.without_comment, sent.values]
    ).encode()
    plain = _PACKED + zlib.compress(plain) if len(plain) > LONG else _PLAIN + plain
    raw = crypto.seal(vault.inbox, plain, petition_id.to_bytes(8, "big"))
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def opened(vault: Vault, petition_id: int, cookie: str) -> JustSent | None:
    """None for what is not of this petition, not of this instance, not whole, or older than half an hour."""
    if not 0 < len(cookie) <= LONGEST or not cookie.isascii():
        return None
    try:
        raw = base64.urlsafe_b64decode(cookie + "=" * (-len(cookie) % 4))
        plain = crypto.unseal(vault.inbox, raw, petition_id.to_bytes(8, "big"))
    except (ValueError, crypto.Unsealable):
        return None
    # From here on it is our own.
    at, again, signature_id, digest, without, values = json.loads(
        zlib.decompress(plain[1:]) if plain[:1] == _PACKED else plain[1:]
    )
    once_more = _moment(again) if again else None
    sent = JustSent(values, uuid.UUID(signature_id), bytes.fromhex(digest), _moment(at), once_more, without)
    return sent if sent.seconds_left else None


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
