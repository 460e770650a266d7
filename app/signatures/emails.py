"""The mails to signers. Subjects are neutral: the cause is not on a lock screen."""

import uuid
from dataclasses import dataclass
from datetime import datetime

from app import crypto
from app.crypto import Vault
from app.mail.outbox import Mail
from app.signatures import links
from app.templating import in_language


@dataclass(frozen=True)
class Addressee:
    """What every mail about one signature needs."""

    petition_id: int
    signature_id: uuid.UUID
    email: str
    given_name: str
    locale: str
    title: str
    url: str
    # The site in their language: with /en at its end for English.
    origin: str


def confirm(vault: Vault, to: Addressee, expires: datetime, *, reminder: bool = False) -> Mail:
    """The link, the code, and "it was not me"."""
    token = links.make(vault, "confirm", to.petition_id, to.signature_id, expires)
    return Mail(
        "signatures/reminder" if reminder else "signatures/confirm",
        to.email,
        to.locale,
        {
            "given_name": to.given_name,
            "title": to.title,
            "url": to.url,
            "confirm_url": f"{to.origin}/confirmer/{token}",
            "not_me_url": f"{to.origin}/pas-moi/{token}",
            "code_url": f"{to.url}/verifier",
            "code": links.code(vault, to.petition_id, to.signature_id),
        },
        to.signature_id,
    )


def already(vault: Vault, to: Addressee, now: datetime) -> Mail:
    """ "You had already signed", with the way to manage it: said by mail, never on screen."""
    return Mail(
        "signatures/already",
        to.email,
        to.locale,
        {
            "given_name": to.given_name,
            "title": to.title,
            "url": to.url,
            "manage_url": f"{to.origin}/mes-signatures/{manage_token(vault, to.email, now)}",
            "withdraw_url": withdraw_url(vault, to.origin, to.petition_id, to.signature_id, now),
        },
        to.signature_id,
    )


def withdraw_url(vault: Vault, origin: str, petition_id: int, signature_id: uuid.UUID, now: datetime) -> str:
    """From any mail: one page, one button, this signature only."""
    token = links.make(vault, "withdraw", petition_id, signature_id, now + links.WITHDRAW_FOR)
    return f"{origin}/mes-signatures/retirer/{token}"


def manage_link(vault: Vault, email: str, locale: str, origin: str, now: datetime) -> Mail:
    return Mail(
        "signatures/manage_link",
        email,
        locale,
        {"manage_url": origin + in_language(locale, f"/mes-signatures/{manage_token(vault, email, now)}")},
    )


def manage_token(vault: Vault, email: str, now: datetime) -> str:
    """Opens the self-service of one address for a day; the address in it is sealed."""
    sealed = crypto.seal(vault.outbox, email.encode(), b"manage")
    return crypto.make_token(vault.tokens, "manage", sealed, int((now + links.MANAGE_FOR).timestamp()))
