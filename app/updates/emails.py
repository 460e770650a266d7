"""News and letters, by mail, with the way out in one click."""

import uuid
from typing import Any

from app.mail.outbox import Mail
from app.petitions.markdown import absolute
from app.petitions.models import Petition
from app.petitions.readable import readable
from app.updates import words
from app.updates.models import FACTS, LETTER_MAIL, NEWS_MAIL, Update


def news_context(update: Update, petition: Petition, site: str, locale: str) -> dict[str, Any]:
    """What a copy says; *site* is ours in the reader's language."""
    url = f"{site}/petitions/{petition.slug}"
    title = words.title(update.kind, update.title, update.facts, locale)
    return {
        "petition": petition.title,
        "update_title": title,
        "tongue": locale if title != update.title else "fr",
        "kind": update.kind,
        "facts": {name: update.facts[name] for name in FACTS if name in update.facts},
        "text": readable(update.markdown),
        "html": absolute(words.html(update.kind, update.html, update.facts, locale), url),
        "url": f"{url}/nouvelles?s=nouvelle#n{update.id}",
        "campaign": f"news-{update.id}",
    }


def news(to: str, locale: str, subscription_id: uuid.UUID, context: dict[str, Any], unsubscribe: str) -> Mail:
    """One subscriber's copy. People forward it: it can stop these mails, and nothing else."""
    return Mail(NEWS_MAIL, to, locale, context, subscription_id, unsubscribe)


def test(to: str, locale: str, context: dict[str, Any], desk: str) -> Mail:
    """What subscribers would get, to whoever wrote it; its link that stops leads back to the *desk*."""
    return Mail("updates/test", to, locale, {**context, "unsubscribe_url": desk})


def letter(
    to: str, locale: str, subscription_id: uuid.UUID, *, n: int, title: str, text: str, html: str, unsubscribe: str
) -> Mail:
    """One subscriber's copy of letter *n*; *html* is sanitised."""
    context = {"title": title, "text": text, "html": html, "campaign": f"letter-{n}"}
    return Mail(LETTER_MAIL, to, locale, context, subscription_id, unsubscribe)


def renewal(to: str, locale: str, subscription_id: uuid.UUID, *, stay_url: str, unsubscribe: str) -> Mail:
    """Once, after three years: shall we go on writing?"""
    return Mail("updates/renewal", to, locale, {"stay_url": stay_url}, subscription_id, unsubscribe)
