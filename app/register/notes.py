"""Signed notes (C2SP ``signed-note``), heads of logs (``tlog-checkpoint``), cosignatures (``tlog-cosignature``)."""

import base64
import binascii
import re
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

ED25519, COSIGNATURE = 1, 4
MOST_BYTES = 100_000
MOST_SIGNATURES = 64
_MARK = "— "
_PRIVATE = "PRIVATE+KEY+"
_TIME = struct.Struct(">Q")


class Malformed(Exception):
    """It is not written as the format says."""


class Unverified(Exception):
    """No known key has signed it, or one that should have has not."""


def _decoded(text: str) -> bytes:
    try:
        found = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise Malformed("base64") from None
    if base64.b64encode(found).decode() != text:
        raise Malformed("base64")
    return found


def is_name(name: str) -> bool:
    """Of a key: no space, no plus sign."""
    return bool(name) and "+" not in name and not re.search(r"\s", name) and name.isprintable()


def key_id(name: str, kind: int, public: bytes) -> bytes:
    return sha256(name.encode() + b"\n" + bytes([kind]) + public).digest()[:4]


@dataclass(frozen=True)
class Verifier:
    """A public key under a name; ``kind``: what it signs, notes or cosignatures."""

    name: str
    public: bytes
    kind: int = ED25519

    @property
    def id(self) -> bytes:
        return key_id(self.name, self.kind, self.public)

    def __str__(self) -> str:
        """The *vkey*: how a public key is printed."""
        key = base64.b64encode(bytes([self.kind]) + self.public).decode()
        return f"{self.name}+{self.id.hex()}+{key}"

    @classmethod
    def read(cls, vkey: str) -> "Verifier":
        """Raises Malformed."""
        parts = vkey.strip().split("+", 2)
        if len(parts) != 3 or not is_name(parts[0]):
            raise Malformed("vkey")
        name, id_, key = parts
        raw = _decoded(key)
        if len(raw) != 33 or raw[0] not in {ED25519, COSIGNATURE}:
            raise Malformed("vkey")
        found = cls(name, raw[1:], raw[0])
        if found.id.hex() != id_:
            raise Malformed("vkey")
        return found

    def accepts(self, text: str, signature: bytes) -> bool:
        message = text.encode()
        if self.kind == COSIGNATURE:
            if len(signature) != 72:
                return False
            message, signature = cosigned(text, _TIME.unpack_from(signature)[0]), signature[8:]
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, message)
        except (InvalidSignature, ValueError):
            return False
        return True


@dataclass(frozen=True)
class Signer:
    """A private key under a name; *seed*: its 32 bytes."""

    name: str
    seed: bytes
    kind: int = ED25519

    @classmethod
    def named(cls, name: str, seed: bytes, kind: int = ED25519) -> "Signer":
        """Raises Malformed."""
        if not is_name(name):
            raise Malformed("name")
        return cls(name, seed, kind)

    @classmethod
    def read(cls, source: str) -> "Signer":
        """The inverse of ``secret``. Raises Malformed."""
        name, id_, key = [*source.strip().removeprefix(_PRIVATE).split("+", 2), "", ""][:3]
        raw = _decoded(key)
        if not source.startswith(_PRIVATE) or len(raw) != 33 or raw[0] not in {ED25519, COSIGNATURE}:
            raise Malformed("key")
        found = cls.named(name, raw[1:], raw[0])
        if found.verifier.id.hex() != id_:
            raise Malformed("key")
        return found

    @property
    def secret(self) -> str:
        """As it is kept in a file, like other tools keep theirs."""
        key = base64.b64encode(bytes([self.kind]) + self.seed).decode()
        return f"{_PRIVATE}{self.name}+{self.verifier.id.hex()}+{key}"

    @property
    def verifier(self) -> Verifier:
        return Verifier(self.name, self._key.public_key().public_bytes_raw(), self.kind)

    @property
    def _key(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self.seed)

    def line(self, text: str, time: int = 0) -> str:
        """The line below *text* that says that we have signed it; *time*: of a cosignature, seconds since 1970."""
        if self.kind == COSIGNATURE:
            raw = _TIME.pack(time) + self._key.sign(cosigned(text, time))
        else:
            raw = self._key.sign(text.encode())
        return f"{_MARK}{self.name} {base64.b64encode(self.verifier.id + raw).decode()}\n"


def cosigned(text: str, time: int) -> bytes:
    """What a witness signs of a head."""
    return f"cosignature/v1\ntime {time}\n{text}".encode()


class Signature(NamedTuple):
    """One line below a note; ``raw``: without the key's id."""

    name: str
    id: bytes
    raw: bytes
    line: str

    @property
    def time(self) -> int:
        """Of a cosignature."""
        return int(_TIME.unpack_from(self.raw)[0])


@dataclass(frozen=True)
class Note:
    """A text, and who says to have signed it; believe only what ``opened`` gives."""

    text: str
    signatures: Sequence[Signature]

    @classmethod
    def read(cls, source: str) -> "Note":
        """Raises Malformed."""
        if len(source) > MOST_BYTES or re.search(r"[\x00-\x09\x0b-\x1f]", source):
            raise Malformed("note")
        text, blank, lines = source.rpartition("\n\n")
        if not blank or not lines.endswith("\n"):
            raise Malformed("note")
        signatures = [_signature(line) for line in lines[:-1].split("\n")]
        if len(signatures) > MOST_SIGNATURES:
            raise Malformed("too many signatures")
        return cls(text + "\n", signatures)

    def __str__(self) -> str:
        return self.text + "\n" + "".join(signature.line for signature in self.signatures)

    def signed_by(self, verifiers: Iterable[Verifier]) -> list[tuple[Verifier, Signature]]:
        """By those of these keys that have. Raises Unverified when what stands for one of them is not its own."""
        known = {(one.name, one.id): one for one in verifiers}
        found = []
        for signature in self.signatures:
            verifier = known.get((signature.name, signature.id))
            if verifier is None:
                continue
            if not verifier.accepts(self.text, signature.raw):
                raise Unverified(verifier.name)
            found.append((verifier, signature))
        return found


def _signature(line: str) -> Signature:
    name, _, encoded = line.removeprefix(_MARK).partition(" ")
    if not line.startswith(_MARK) or not is_name(name):
        raise Malformed("signature")
    raw = _decoded(encoded)
    if len(raw) < 5:
        raise Malformed("signature")
    return Signature(name, raw[:4], raw[4:], line + "\n")


def opened(source: str, verifiers: Iterable[Verifier]) -> Note:
    """A note that one of these keys has signed. Raises Malformed, Unverified."""
    note = Note.read(source)
    if not note.signed_by(verifiers):
        raise Unverified("no known key")
    return note


def sign(text: str, signers: Iterable[Signer]) -> str:
    return text + "\n" + "".join(signer.line(text) for signer in signers)


@dataclass(frozen=True)
class Head:
    """What the text of a checkpoint says: of which log, how many entries, which root."""

    origin: str
    size: int
    root: bytes

    def __str__(self) -> str:
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"

    @classmethod
    def read(cls, text: str) -> "Head":
        """Lines after the third are somebody else's extensions. Raises Malformed."""
        lines = text.split("\n")
        if len(lines) < 4 or not lines[0] or lines[-1] or not re.fullmatch(r"0|[1-9]\d{0,17}", lines[1], re.ASCII):
            raise Malformed("checkpoint")
        root = _decoded(lines[2])
        if len(root) != 32:
            raise Malformed("checkpoint")
        return cls(lines[0], int(lines[1]), root)
