"""Each mail signed by the domain of its sender (DKIM, RFC 6376), for those who send without a relay that does it.

dkimpy writes the header; the key is OpenSSL's, since dkimpy reckons RSA in Python: 5.6 ms a mail, where OpenSSL takes
0.2.
"""

import re
from base64 import b64encode
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import dkim
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key
from dkim.canonicalization import CanonicalizationPolicy, Relaxed

from app import clock
from app.errors import SettingsError
from app.settings import Settings

# Each once more than it stands there, so that nobody can add another; those of a mailing must be signed (RFC 8058).
TWICE = (
    b"from", b"to", b"subject", b"date", b"message-id", b"list-unsubscribe", b"list-unsubscribe-post", b"feedback-id",
    b"reply-to",
)  # fmt: skip
SIGNED = (*TWICE, *TWICE, b"auto-submitted", b"mime-version", b"content-type")
# Bits of RSA: what providers ask for, and what every one of them can read (RFC 8301).
LEAST, MOST = 2048, 4096
# Of one string in a TXT record.
STRING = 255


@dataclass
class _Signature:
    signature: bytes


class _Key:
    """As dkimpy asks a key to sign what was hashed."""

    def __init__(self, key: RSAPrivateKey | Ed25519PrivateKey) -> None:
        self._key = key

    def sign(self, hashed: bytes) -> _Signature:
        if isinstance(self._key, RSAPrivateKey):
            return _Signature(self._key.sign(hashed, PKCS1v15(), Prehashed(SHA256())))
        return _Signature(self._key.sign(hashed))


class _Body(Relaxed):  # type: ignore[misc]
    """dkimpy's, which puts a blank in the place of each blank: a third of the whole work."""

    @staticmethod
    def canonicalize_body(body: bytes) -> bytes:
        body = re.sub(rb"[ \t]{2,}|\t", b" ", body).replace(b" \r\n", b"\r\n").rstrip(b"\r\n")
        return body and body + b"\r\n"


class Signer:
    """Signs as *domain*; of any thread."""

    def __init__(self, key: RSAPrivateKey | Ed25519PrivateKey, selector: str, domain: str) -> None:
        self._key, self._policy = _Key(key), CanonicalizationPolicy(Relaxed, _Body)
        self._selector, self._domain = selector.encode(), domain.encode()
        self.name = f"{selector}._domainkey.{domain}"
        public = key.public_key()
        if isinstance(key, RSAPrivateKey):
            self.kind, raw = "rsa", public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        else:
            self.kind, raw = "ed25519", public.public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.public = b64encode(raw).decode()

    def signed(self, message: bytes) -> bytes:
        """*message*, with CRLF, under its signature."""
        # The one kind of key that dkimpy does not reckon itself; "a" says which it is.
        head, blank, body = message.partition(b"\r\n\r\n")
        work = dkim.DKIM(head + blank, signature_algorithm=b"ed25519-sha256")
        work.hasher = sha256
        fields = [
            (b"v", b"1"),
            (b"a", f"{self.kind}-sha256".encode()),
            (b"c", self._policy.to_c_value()),
            (b"d", self._domain),
            (b"s", self._selector),
            (b"t", str(int(clock.now().timestamp())).encode()),
            (b"h", b" : ".join(SIGNED)),
            (b"bh", b64encode(sha256(self._policy.canonicalize_body(body)).digest())),
            (b"b", b"0" * 60),  # as long as a line, so that it begins one
        ]
        header: bytes = work.gen_header(fields, SIGNED, self._policy, b"DKIM-Signature", self._key)
        return b"DKIM-Signature: " + header + message

    @property
    def record(self) -> str:
        """The TXT record to publish under ``name``, in strings that are not too long."""
        text = f"v=DKIM1; k={self.kind}; p={self.public}"
        return " ".join(f'"{text[start : start + STRING]}"' for start in range(0, len(text), STRING))


def signer_of(settings: Settings) -> Signer | None:
    """None where another signs. Raises SettingsError."""
    if not settings.dkim_key_file:
        return None
    return Signer(_read(settings.dkim_key_file), settings.dkim_selector, settings.sender.address.rpartition("@")[2])


def _read(file: str) -> RSAPrivateKey | Ed25519PrivateKey:
    name = f"SIGNONS_DKIM_KEY_FILE : {file}"
    try:
        key = load_pem_private_key(Path(file).read_bytes(), None)
    except OSError as error:
        raise SettingsError(f"{name} illisible ({error.strerror})") from None
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise SettingsError(f"{name} n’est pas une clé privée PEM sans mot de passe") from None
    if isinstance(key, Ed25519PrivateKey):
        return key
    if not isinstance(key, RSAPrivateKey) or not LEAST <= key.key_size <= MOST:
        raise SettingsError(f"{name} : une clé RSA de {LEAST} à {MOST} bits, ou Ed25519, est attendue")
    return key
