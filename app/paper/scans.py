"""Copies of sheets: files under ``var/scans``, each sealed with its petition's key, which ends with the signatures."""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from app import crypto
from app.errors import Gone, Refused
from app.petitions.keys import Keys

MAX_BYTES = 10 * 1024 * 1024
_KINDS = {"pdf": (b"%PDF-",), "jpeg": (b"\xff\xd8\xff",), "png": (b"\x89PNG\r\n\x1a\n",)}
TYPES = {"pdf": "application/pdf", "jpeg": "image/jpeg", "png": "image/png"}
LOST = "Cette copie n’est plus là."


@dataclass(frozen=True)
class Scan:
    """What somebody sent, looked at: one of KINDS."""

    kind: str
    content: bytes

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()


def read(content: bytes) -> Scan:
    """Raises Refused."""
    if len(content) > MAX_BYTES:
        raise Refused("Cette copie est trop grande : %(most)s Mo au plus.", most=MAX_BYTES // 1024 // 1024)
    kind = next((kind for kind, starts in _KINDS.items() if content.startswith(starts)), "")
    if not kind:
        raise Refused("Cette copie n’est pas lisible : un fichier PDF, JPEG ou PNG est attendu.")
    return Scan(kind, content)


def keep(store: Path, keys: Keys, sheet_id: int, scan: Scan) -> str:
    """Its name in *store*. One whose row is not written after all is swept later."""
    store.mkdir(mode=0o700, parents=True, exist_ok=True)
    name = f"{crypto.uuid7().hex}.scan"
    unfinished = store / f".{name}-{os.getpid()}"
    unfinished.write_bytes(crypto.seal(keys.data, scan.content, _context(sheet_id)))
    unfinished.chmod(0o600)
    unfinished.replace(store / name)
    return name


def opened(store: Path, keys: Keys, sheet_id: int, name: str) -> bytes:
    """Raises Gone."""
    try:
        return crypto.unseal(keys.data, (store / name).read_bytes(), _context(sheet_id))
    except (OSError, crypto.Unsealable):
        raise Gone(LOST) from None


def forget(store: Path, name: str) -> None:
    (store / name).unlink(missing_ok=True)


def _context(sheet_id: int) -> bytes:
    return f"scan of sheet {sheet_id}".encode()
