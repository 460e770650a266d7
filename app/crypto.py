"""Keys, sealing and tokens: the few cryptographic gestures that the domains share.

Everything is made of ``cryptography``'s AES-GCM and HKDF and of the standard HMAC.
Nothing here knows what it protects: the domains give purposes and bytes.
"""

import base64
import hashlib
import hmac
import os
import re
import ssl
import struct
import time
import uuid
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES = 32
NONCE_BYTES = 12
MAC_BYTES = 16


class Unsealable(Exception):
    """The key is not the one that sealed, or the bytes were altered."""


def new_key() -> bytes:
    return os.urandom(KEY_BYTES)


# OpenSSL's generator and not the system's for what every signature needs: a system call lets other
# threads run, and a group of signatures would wait its turn again hundreds of times.
random_bytes = ssl.RAND_bytes


def derive(secret: bytes, purpose: str) -> bytes:
    """A 32-byte key for one purpose (HKDF-SHA256, RFC 5869)."""
    return HKDF(SHA256(), KEY_BYTES, salt=None, info=f"signons:{purpose}".encode()).derive(secret)


@lru_cache(maxsize=4096)
def _cipher(key: bytes) -> AESGCM:
    return AESGCM(key)


def forget() -> None:
    """No key is at hand in this process any more but those that somebody holds."""
    _cipher.cache_clear()
    _keyed.cache_clear()


def seal(key: bytes, plain: bytes, context: bytes = b"") -> bytes:
    """AES-256-GCM; *context* must be given again to open (binds a value to its row)."""
    nonce = random_bytes(NONCE_BYTES)
    return nonce + _cipher(key).encrypt(nonce, plain, context)


def unseal(key: bytes, sealed: bytes, context: bytes = b"") -> bytes:
    """The plain bytes; raises Unsealable."""
    try:
        return _cipher(key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], context)
    except (InvalidTag, ValueError) as error:
        raise Unsealable from error


def unseal_many(key: bytes, sealed: Sequence[bytes], contexts: Sequence[bytes]) -> list[bytes]:
    """``unseal`` of each, with its context; raises Unsealable."""
    nonces, texts = [each[:NONCE_BYTES] for each in sealed], [each[NONCE_BYTES:] for each in sealed]
    try:
        return list(map(_cipher(key).decrypt, nonces, texts, contexts))
    except (InvalidTag, ValueError) as error:
        raise Unsealable from error


def pseudonyms(key: bytes, ids: Sequence[bytes]) -> list[str]:
    """A keyed name, in hexadecimal, for each 16-byte id: one block of AES, a permutation of such ids.

    ECB is right for that, and for nothing longer: no two ids are alike, and nothing is sealed.
    """
    names = Cipher(AES(key), ECB()).encryptor().update(b"".join(ids)).hex()  # noqa: S305
    return [names[start : start + 32] for start in range(0, len(names), 32)]


def digest(key: bytes, *parts: bytes) -> bytes:
    """HMAC-SHA256 cut to 16 bytes over parts whose borders are kept."""
    mac = _keyed(key).copy()
    mac.update(b"".join([_LENGTH(len(part)) + part for part in parts]))
    return mac.digest()[:MAC_BYTES]


_LENGTH = struct.Struct(">I").pack


@lru_cache(maxsize=4096)
def _keyed(key: bytes) -> hmac.HMAC:
    """Like ``random_bytes``, it keeps the interpreter; ``hmac.digest`` lets go of it."""
    return hmac.new(key, digestmod="sha256")


def fingerprint(secret: str) -> bytes:
    """What is stored of a random secret (session ids): its SHA-256."""
    return hashlib.sha256(secret.encode()).digest()


def uuid7() -> uuid.UUID:
    """A random id that grows with time (RFC 9562), so that index pages fill in order."""
    milliseconds = time.time_ns() // 1_000_000
    value = milliseconds << 80 | int.from_bytes(random_bytes(10), "big")
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return uuid.UUID(int=value)


def make_token(key: bytes, purpose: str, payload: bytes, expires: int) -> str:
    """A mailed link's secret: payload, expiry (Unix seconds) and a 128-bit MAC.

    The MAC covers the purpose, so that a token of one purpose opens nothing else, and nothing
    that could forge one is in the database. URL-safe, no padding.
    """
    body = struct.pack(">I", expires) + payload
    return base64.urlsafe_b64encode(body + digest(key, purpose.encode(), body)).decode().rstrip("=")


def trimmed(token: str) -> str:
    """Without what a sentence, a bracket or a mail program has put after it."""
    return _TOKEN.match(token)[0]  # type: ignore[index]  # it may be empty


# "=" is of no token, and a sign of one that was altered.
_TOKEN = re.compile(r"[\w=-]*")


def read_token(key: bytes, purpose: str, token: str) -> tuple[bytes, int] | None:
    """``(payload, expiry)`` of a genuine token, expired or not; None for anything else."""
    token = trimmed(token)
    if not 24 <= len(token) <= 600 or not token.isascii():
        return None
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except ValueError:
        return None
    body, mac = raw[:-MAC_BYTES], raw[-MAC_BYTES:]
    if len(body) < 4 or not hmac.compare_digest(mac, digest(key, purpose.encode(), body)):
        return None
    if token != base64.urlsafe_b64encode(raw).decode().rstrip("="):
        return None  # a second spelling of the same bytes is not our token
    return body[4:], struct.unpack(">I", body[:4])[0]


class Vault:
    """The keys of this instance: none of them is in the database."""

    def __init__(self, secret: bytes, master_lines: list[bytes] | None = None) -> None:
        """*master_lines*: the master key and, after it, earlier ones still needed to open."""
        lines = master_lines or [secret]
        self.masters = {self.name(key): key for key in (derive(line, "master") for line in lines)}
        self.master_id = next(iter(self.masters))
        self.tokens = derive(secret, "tokens")
        self.outbox = derive(secret, "outbox")
        self.totp = derive(secret, "totp")
        self.subscriptions = derive(secret, "subscriptions")
        self.postings = derive(secret, "postings")
        self.requests = derive(secret, "requests")
        self.audit = derive(secret, "audit")
        self.networks = derive(secret, "networks")
        self.proofs = derive(secret, "proofs")
        self.recipients = derive(secret, "recipients")
        self.drafts = derive(secret, "drafts")
        self.bounces = derive(secret, "bounces")
        self.inbox = derive(secret, "inbox")
        # Opened keys by petition, see petitions/keys.py.
        self.cache: dict[int, tuple[float, Any]] = {}
        # Seeds of the keys that sign heads, the present one first, and names, by petition: see register/.
        self.registers = [derive(line, "register") for line in lines]
        self.register_names: dict[int, str] = {}

    @staticmethod
    def name(key: bytes) -> str:
        return hashlib.sha256(b"signons master " + key).hexdigest()[:16]

    def wrap(self, key: bytes, context: str) -> bytes:
        """Seal a petition's key with the present master key."""
        return seal(self.masters[self.master_id], key, context.encode())

    def unwrap(self, sealed: bytes, master_id: str, context: str) -> bytes:
        """Raises Unsealable when that master key is not at hand or not the right one."""
        master = self.masters.get(master_id)
        if master is None:
            raise Unsealable(f"master key {master_id} is missing")
        return unseal(master, sealed, context.encode())


def make_code(key: bytes, purpose: str, payload: bytes) -> str:
    """Eight digits that stand for a link, for people who do not follow links."""
    return f"{int.from_bytes(digest(key, purpose.encode(), payload)[:8], 'big') % 10**8:08d}"
