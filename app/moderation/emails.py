"""The mails of moderation. Subjects are neutral; addresses on the site are paths, completed by the template."""

import uuid
from typing import Any

from app.mail.outbox import Mail


def to_author(name: str, to: str, locale: str, context: dict[str, Any], signature_id: uuid.UUID | None = None) -> Mail:
    """``published``, ``restored`` or ``refused`` (the statement of reasons, as it is stored)."""
    return Mail(f"moderation/{name}", to, locale, context, signature_id)
