"""The secret that an application makes six-digit codes of: drawn, shown once, sealed."""

import base64
import binascii
import hmac

import pyotp

from app import clock, crypto
from app.crypto import Vault

_STEP = 30


def drawn() -> str:
    return pyotp.random_base32()


def sealed(vault: Vault, seed: str) -> bytes:
    """As an account keeps it."""
    return crypto.seal(vault.totp, seed.encode(), b"totp")


def opened(vault: Vault, kept: bytes) -> str:
    return crypto.unseal(vault.totp, kept, b"totp").decode()


def uri(seed: str, email: str, site: str) -> str:
    """``otpauth://``, what a QR code says to the application."""
    return pyotp.TOTP(seed).provisioning_uri(name=email, issuer_name=site)


def step_of(seed: str, code: str, after: int = 0) -> int | None:
    """The half minute that *code* is of, later than *after*; None when it is wrong, or half a minute too late."""
    totp = pyotp.TOTP(seed)
    present = int(clock.now().timestamp()) // _STEP
    typed = code.replace(" ", "").encode()
    for step in (present - 1, present, present + 1):
        if step > after and hmac.compare_digest(totp.at(step * _STEP).encode(), typed):
            return step
    return None


# Between the page that shows a new one and the form that proves it is in the application, nothing is stored.


def offered(vault: Vault, seed: str, to: str) -> str:
    """The seed in a hidden field, sealed: good for whom it was made (*to*) alone."""
    return base64.urlsafe_b64encode(crypto.seal(vault.totp, seed.encode(), _offer(to))).decode()


def accepted(vault: Vault, field: str, to: str) -> str | None:
    """The seed of such a field; None for anything else."""
    try:
        return crypto.unseal(vault.totp, base64.b64decode(field, b"-_", validate=True), _offer(to)).decode()
    except (crypto.Unsealable, binascii.Error, ValueError):
        return None


def _offer(to: str) -> bytes:
    return b"totp offered to " + to.encode()
