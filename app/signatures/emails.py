"""The mails to signers. Subjects are neutral: the cause is not on a lock screen."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from app import crypto
from app.crypto import Vault
from app.mail.outbox import Mail
from app.signatures import links
from app.templating import in_language

AMENDED = "signatures/amended"


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
    # What link and code are bound to.
    form_digest: bytes


def confirm(
    vault: Vault,
    to: Addressee,
    expires: datetime,
    *,
    reminder: bool = False,
    again: bool = False,
    beside: str = "",
    waits: bool = False,
) -> Mail:
    """The link, the code, and "it was not me".

    *again*: the form has changed since the last mail; *beside*: who signs with the same address; *waits*: see
    seats.py.
    """
    context = _to_confirm(vault, to, expires, "other" if waits else "confirm", to.form_digest)
    if again:
        context["again"] = True
    if beside:
        context["beside"] = beside
    template = "signatures/reminder" if reminder else "signatures/confirm"
    return Mail(template, to.email, to.locale, context, to.signature_id)


def replacement(vault: Vault, to: Addressee, expires: datetime, shown: bytes, other: str, *, counted: bool) -> Mail:
    """A form under another name: confirming it would replace *other*'s, which counts or waits too."""
    context = _to_confirm(vault, to, expires, "other", shown) | {"other": other, "counted": counted}
    return Mail("signatures/replacement", to.email, to.locale, context, to.signature_id)


def _to_confirm(vault: Vault, to: Addressee, expires: datetime, purpose: str, shown: bytes) -> dict[str, Any]:
    token = links.make(vault, purpose, to.petition_id, to.signature_id, expires, shown)
    return {
        "given_name": to.given_name,
        "title": to.title,
        "url": to.url,
        "confirm_url": f"{to.origin}/confirmer/{token}",
        "not_me_url": f"{to.origin}/pas-moi/{token}",
        "code_url": f"{to.url}/verifier",
        "code": links.code(vault, to.petition_id, to.signature_id, to.form_digest),
    }


def already(vault: Vault, to: Addressee, now: datetime) -> Mail:
    """ "You had already signed", with the way to withdraw it: said by mail, never on screen."""
    return Mail(
        "signatures/already",
        to.email,
        to.locale,
        {
            "given_name": to.given_name,
            "title": to.title,
            "url": to.url,
            "withdraw_url": to.origin + withdraw_path(vault, to.petition_id, to.signature_id, now),
        },
        to.signature_id,
    )


def amended(
    vault: Vault, to: Addressee, now: datetime, *, before: str, after: int, reason: str, pieces: list[list[str]]
) -> Mail:
    """The text that one signed has another version: why, what changed, and the way out."""
    context = {
        "given_name": to.given_name,
        "title": to.title,
        "before": before,
        "after": after,
        "reason": reason,
        "pieces": pieces,
        "versions_url": f"{to.url}/versions",
        "withdraw_url": to.origin + withdraw_path(vault, to.petition_id, to.signature_id, now),
        "campaign": f"text-{to.petition_id}-{after}",
    }
    return Mail(AMENDED, to.email, to.locale, context, to.signature_id)


def withdraw_path(vault: Vault, petition_id: int, signature_id: uuid.UUID, now: datetime) -> str:
    """From a mail or a page about this very signature: one page, one button, a few days."""
    token = links.make(vault, "withdraw", petition_id, signature_id, now + links.WITHDRAW_FOR)
    return f"/mes-signatures/retirer/{token}"


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
