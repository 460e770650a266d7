"""The mails of redress. Subjects are neutral; addresses on the site are paths, completed by the template."""

import uuid
from typing import Any

from app.mail.outbox import Mail


def notice_receipt(to: str, locale: str, context: dict[str, Any]) -> Mail:
    """At once, with the link that confirms the address. Our words: nothing of what was typed."""
    return Mail("moderation/notice_receipt", to, locale, context)


def notice_decided(to: str, locale: str, context: dict[str, Any]) -> Mail:
    """To an address that nobody confirmed: that there is a decision, its reference, where to read it."""
    return Mail("moderation/notice_decided", to, locale, context)


def notice_outcome(to: str, locale: str, name: str, context: dict[str, Any]) -> Mail:
    """The decision, and how to contest it."""
    return Mail("moderation/notice_outcome", to, locale, {"given_name": name, **context})


def appeal_judged(to: str, locale: str, name: str, context: dict[str, Any], signature_id: uuid.UUID | None) -> Mail:
    return Mail("moderation/appeal_judged", to, locale, {"given_name": name, **context}, signature_id)


def reply_received(to: str, locale: str, context: dict[str, Any]) -> Mail:
    """Nobody has confirmed this address: our words, and a reference."""
    return Mail("moderation/reply_received", to, locale, context)


def reply_decided(to: str, locale: str, context: dict[str, Any]) -> Mail:
    """The moderator's words."""
    return Mail("moderation/reply_decided", to, locale, context)
