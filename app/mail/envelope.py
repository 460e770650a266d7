"""Which mail of ours came back: each leaves with an envelope address of its own (VERP).

``retours+<token>@exemple.fr``. Who sends a bounce may be anybody; who knows the token had that mail in hand. It
names the mail, the day, and, in its MAC, whom it went to: so a bounce stops the address that this very mail was
sent to, for a month, and nothing about the address has to be kept for that. In lower case, in base32, since
servers change the case.
"""

import hmac
import re
from base64 import b32decode, b32encode
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from app import clock, crypto
from app.mail.addresses import mailbox

# Servers give up after five days; some are slow to say so.
LASTS = timedelta(days=30)
ID_BYTES, DAY_BYTES, MAC_BYTES = 5, 2, 8
SIGNS = 24
# In one message; ours has one.
MOST = 20
_EPOCH = date(2020, 1, 1)


@dataclass(frozen=True)
class Token:
    """As it was found: whether it is ours is known with the address."""

    mail_id: int
    head: bytes
    mac: bytes


def sender_of(key: bytes, address: str, mail_id: int, to: str) -> str:
    """The envelope sender of this mail; *address* is where bounces go."""
    day = (clock.now().date() - _EPOCH).days
    head = mail_id.to_bytes(ID_BYTES, "big") + day.to_bytes(DAY_BYTES, "big")
    token = b32encode(head + _mac(key, head, to)).decode().lower()
    local, _, domain = address.rpartition("@")
    return f"{local}+{token}@{domain}"


def found_in(address: str, raw: bytes) -> Iterator[Token]:
    """What looks like envelope senders of ours, wherever it stands in a message: no two alike."""
    local, _, domain = address.rpartition("@")
    shape = rb"(?i)%b\+([a-z2-7]{%d})@%b" % (re.escape(local.encode()), SIGNS, re.escape(domain.encode()))
    tokens = dict.fromkeys(match[1].upper() for match in re.finditer(shape, raw))
    for token in list(tokens)[:MOST]:
        whole = b32decode(token)
        head = whole[:-MAC_BYTES]
        yield Token(int.from_bytes(head[:ID_BYTES], "big"), head, whole[-MAC_BYTES:])


def went_to(key: bytes, token: Token, email: str) -> bool:
    """True when we sent the mail of this token to this address, in the last month."""
    made = _EPOCH + timedelta(days=int.from_bytes(token.head[ID_BYTES:], "big"))
    age = clock.now() - datetime.combine(made, datetime.min.time(), UTC)
    return age < LASTS + timedelta(days=1) and hmac.compare_digest(_mac(key, token.head, email), token.mac)


def _mac(key: bytes, head: bytes, to: str) -> bytes:
    return crypto.digest(key, b"envelope", head, mailbox(to))[:MAC_BYTES]
