"""News and letters, by mail, with the way out in one click."""

import uuid

from app.mail.outbox import Mail
from app.updates.models import LETTER_MAIL, NEWS_MAIL


def news(
    to: str,
    locale: str,
    subscription_id: uuid.UUID,
    *,
    petition: str,
    title: str,
    text: str,
    html: str,
    url: str,
    unsubscribe: str,
) -> Mail:
    """One subscriber's copy; *html* is sanitised. People forward it: it can stop these mails, and nothing else."""
    context = {"petition": petition, "update_title": title, "text": text, "html": html, "url": url}
    return Mail(NEWS_MAIL, to, locale, context, subscription_id, unsubscribe)


def letter(
    to: str, locale: str, subscription_id: uuid.UUID, *, title: str, text: str, html: str, unsubscribe: str
) -> Mail:
    """One subscriber's copy; *html* is sanitised."""
    return Mail(LETTER_MAIL, to, locale, {"title": title, "text": text, "html": html}, subscription_id, unsubscribe)


def renewal(to: str, locale: str, subscription_id: uuid.UUID, *, stay_url: str, unsubscribe: str) -> Mail:
    """Once, after three years: shall we go on writing?"""
    return Mail("updates/renewal", to, locale, {"stay_url": stay_url}, subscription_id, unsubscribe)
