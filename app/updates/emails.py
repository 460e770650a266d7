"""News, by mail, with the way out in one click."""

import uuid

from app.mail.outbox import Mail


def news(
    to: str,
    locale: str,
    subscription_id: uuid.UUID,
    *,
    petition: str,
    title: str,
    text: str,
    url: str,
    unsubscribe: str,
    withdraw_url: str,
) -> Mail:
    """One subscriber's copy."""
    context = {"petition": petition, "update_title": title, "text": text, "url": url}
    if withdraw_url:
        context["withdraw_url"] = withdraw_url
    return Mail("updates/news", to, locale, context, subscription_id, unsubscribe)


def renewal(to: str, locale: str, subscription_id: uuid.UUID, *, stay_url: str, unsubscribe: str) -> Mail:
    """Once, after three years: shall we go on writing?"""
    return Mail("updates/renewal", to, locale, {"stay_url": stay_url}, subscription_id, unsubscribe)
