"""The mails to authors of comments: published, or refused with reasons."""

import uuid
from typing import Any

from app.mail.outbox import Mail


def published(to: str, locale: str, context: dict[str, Any], signature_id: uuid.UUID) -> Mail:
    return Mail("moderation/published", to, locale, context, signature_id)


def refused(to: str, locale: str, statement: dict[str, Any], signature_id: uuid.UUID) -> Mail:
    """The statement of reasons, as it is stored."""
    return Mail("moderation/refused", to, locale, statement, signature_id)
