"""The mails of moderation. Subjects are neutral; addresses on the site are paths, completed by the template."""

import uuid
from typing import Any

from sqlalchemy.orm import Session

from app.accounts.models import Account
from app.db import vault_of
from app.mail.outbox import Mail
from app.moderation import links
from app.moderation.models import Decision, Ground


def to_author(name: str, to: str, locale: str, context: dict[str, Any], signature_id: uuid.UUID | None = None) -> Mail:
    """``published``, ``restored`` or ``refused`` (the statement of reasons, as it is stored)."""
    return Mail(f"moderation/{name}", to, locale, context, signature_id)


def limited(to: str, locale: str, context: dict[str, Any], signature_id: uuid.UUID) -> Mail:
    """A comment was not received: a decision limits its author on this petition."""
    return Mail("moderation/limited", to, locale, context, signature_id)


def submitted(to: Account, context: dict[str, Any]) -> Mail:
    """A petition has come: when it will be answered, and where it can be read meanwhile."""
    return Mail("moderation/submitted", to.email, to.locale, context)


def to_owner(to: Account, context: dict[str, Any], session: Session, decision: Decision) -> Mail:
    """A petition's organiser: published, to correct, refused, removed."""
    path = ""
    if decision.ground != Ground.NONE:
        path = f"/recours/{links.appeal(vault_of(session), decision, 'author')}"
    return Mail("moderation/petition", to.email, to.locale, {**context, "appeal_path": path})


def amendment_decided(to: Account, context: dict[str, Any]) -> Mail:
    """A petition's organiser: another text is published, or not and why."""
    return Mail("moderation/amendment", to.email, to.locale, context)


def news_decided(to: Account, context: dict[str, Any]) -> Mail:
    """Whoever wrote it: it goes, it does not and why, or it was taken off the page."""
    return Mail("moderation/news", to.email, to.locale, context)


def charter_changes(to: str, locale: str, context: dict[str, Any], signature_id: uuid.UUID | None) -> Mail:
    return Mail("moderation/charter", to, locale, context, signature_id)


def digest(to: Account, context: dict[str, Any]) -> Mail:
    return Mail("moderation/digest", to.email, to.locale, context)
