"""Passkeys (WebAuthn): what we ask of a browser, and what its answer proves.

A *challenge* is a token of ours: it says for what and when it was made, and is stored nowhere. It serves once,
because a passkey remembers when the last one that served was made (``Passkey.challenged_at``).
"""

import base64
import ipaddress
import struct
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import webauthn
from webauthn.helpers import bytes_to_base64url, parse_client_data_json
from webauthn.helpers.parse_authentication_credential_json import parse_authentication_credential_json
from webauthn.helpers.parse_registration_credential_json import parse_registration_credential_json
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    AuthenticatorTransport,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from app import crypto
from app.accounts.models import Passkey
from app.crypto import Vault
from app.settings import Settings

# Between the question and the gesture.
CHALLENGE_FOR = timedelta(minutes=5)
# Whom a question is for: whoever comes to the sign-in page; see also ``own`` and ``joining``.
ENTER = "enter"
_STAMP = struct.Struct(">Q")
VERIFIED = UserVerificationRequirement.REQUIRED


@dataclass(frozen=True)
class Here:
    """The site as browsers know it."""

    rp_id: str
    name: str
    origins: list[str]
    vault: Vault

    @classmethod
    def of(cls, settings: Settings, vault: Vault) -> "Here":
        """A passkey belongs to a name: the numbers of a local instance stand for ``localhost``."""
        host = urlsplit(settings.origin).hostname or ""
        if not is_numbers(host):
            return cls(host, settings.site_name, [settings.origin], vault)
        there = settings.origin.replace(f"[{host}]" if ":" in host else host, "localhost")
        return cls("localhost", settings.site_name, [there], vault)


def is_numbers(host: str) -> bool:
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True


def own(account_id: int) -> str:
    """Whoever is signed in to this account."""
    return f"account {account_id}"


def joining(email: str) -> str:
    """Whoever has the link that was mailed to this address."""
    return f"joining {email}"


@dataclass(frozen=True)
class NewPasskey:
    credential_id: bytes
    public_key: bytes
    sign_count: int
    transports: list[str]
    challenged_at: datetime


@dataclass(frozen=True)
class Gesture:
    """An answer to ``entering``, still to be verified with the key of *credential_id*."""

    credential_id: bytes
    challenge: bytes
    challenged_at: datetime
    answer: Any


# A challenge's payload: when, 16 random bytes, and for whom.


def _challenge(vault: Vault, purpose: str, to: str, now: datetime) -> bytes:
    stamp = _STAMP.pack(int(now.timestamp() * 1_000_000))
    payload = stamp + crypto.random_bytes(16) + _whom(vault, to)
    token = crypto.make_token(vault.tokens, f"passkey {purpose}", payload, int((now + CHALLENGE_FOR).timestamp()))
    return base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))


def _whom(vault: Vault, to: str) -> bytes:
    return crypto.digest(vault.tokens, b"passkey for", to.encode())


def _made_at(vault: Vault, purpose: str, to: str, challenge: bytes, now: datetime) -> datetime | None:
    """When a challenge of ours was made; None when it is none, is for another or is late."""
    found = crypto.read_token(vault.tokens, f"passkey {purpose}", bytes_to_base64url(challenge))
    if found is None or found[1] <= now.timestamp() or found[0][-crypto.MAC_BYTES :] != _whom(vault, to):
        return None
    return datetime.fromtimestamp(0, UTC) + timedelta(microseconds=_STAMP.unpack(found[0][: _STAMP.size])[0])


# A new one


def making(here: Here, to: str, email: str, known: list[Passkey], now: datetime) -> str:
    """The JSON that a browser is asked with to make a passkey for *to*, whose page it is; none of *known* again."""
    return webauthn.options_to_json(
        webauthn.generate_registration_options(
            rp_id=here.rp_id,
            rp_name=here.name,
            user_id=crypto.digest(here.vault.recipients, b"passkey", email.encode()),
            user_name=email,
            user_display_name=email,
            challenge=_challenge(here.vault, "make", to, now),
            timeout=int(CHALLENGE_FOR.total_seconds() * 1000),
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.REQUIRED, user_verification=VERIFIED
            ),
            exclude_credentials=[PublicKeyCredentialDescriptor(id=one.credential_id) for one in known],
        )
    )


def made(here: Here, answer: str, to: str, now: datetime) -> NewPasskey | None:
    """What a browser has made; None for anything else."""
    try:
        credential = parse_registration_credential_json(answer)
        challenge = parse_client_data_json(credential.response.client_data_json).challenge
        at = _made_at(here.vault, "make", to, challenge, now)
        if at is None:
            return None
        found = webauthn.verify_registration_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=here.rp_id,
            expected_origin=here.origins,
            require_user_verification=True,
        )
    except Exception:  # bytes of a stranger go through CBOR, X.509 and more
        return None
    transports = [one.value for one in credential.response.transports or [] if isinstance(one, AuthenticatorTransport)]
    return NewPasskey(found.credential_id, found.credential_public_key, found.sign_count, transports, at)


# One that is known


def entering(here: Here, to: str, known: list[Passkey], now: datetime) -> str:
    """The JSON that a browser is asked with for a passkey: one of *known*, or any that it has of ours."""
    return webauthn.options_to_json(
        webauthn.generate_authentication_options(
            rp_id=here.rp_id,
            challenge=_challenge(here.vault, ENTER, to, now),
            timeout=int(CHALLENGE_FOR.total_seconds() * 1000),
            allow_credentials=[
                PublicKeyCredentialDescriptor(
                    id=one.credential_id, transports=[AuthenticatorTransport(way) for way in one.transports]
                )
                for one in known
            ],
            user_verification=VERIFIED,
        )
    )


def read(here: Here, answer: str, to: str, now: datetime) -> Gesture | None:
    """Of which passkey an answer says to be, to a challenge of ours that is not late."""
    try:
        credential = parse_authentication_credential_json(answer)
        challenge = parse_client_data_json(credential.response.client_data_json).challenge
        at = _made_at(here.vault, ENTER, to, challenge, now)
    except Exception:  # as above
        return None
    return Gesture(credential.raw_id, challenge, at, credential) if at is not None else None


def count_of(here: Here, gesture: Gesture, public_key: bytes) -> int | None:
    """The authenticator's counter, when the gesture is of this key; None otherwise."""
    try:
        return webauthn.verify_authentication_response(
            credential=gesture.answer,
            expected_challenge=gesture.challenge,
            expected_rp_id=here.rp_id,
            expected_origin=here.origins,
            credential_public_key=public_key,
            credential_current_sign_count=0,  # whoever keeps the count compares it
            require_user_verification=True,
        ).new_sign_count
    except Exception:  # as above
        return None
