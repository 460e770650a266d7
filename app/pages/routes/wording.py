"""The wordings of consent as a page shows them, with the names of its petition."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from fastapi import Request

from app.consents import actions as consents
from app.consents import queries as consent_queries
from app.consents.models import PURPOSES
from app.db import Session
from app.locale import Message
from app.petitions.models import Petition
from app.signatures.actions.choosing import written
from app.templating import translate_said
from app.web.rendering import locale_of, settings_of

# Longer, a recipient's name is left to the head of the petition: the label of a box is one sentence, read in one look.
LETTERS, WORDS = 40, 6


def consent_context(
    request: Request, session: Session, petition: Petition, now: datetime, purposes: Collection[str] = PURPOSES
) -> dict[str, Any]:
    """``consents``: purpose → its label, and the terms that unfold under it; ``consent_texts``: which these are."""
    locale, settings = locale_of(request), settings_of(request)
    found = consent_queries.in_force(session, now, locale, petition.delivery_mode)
    texts = {purpose: text for purpose, text in found.items() if purpose in purposes}
    words = {
        "petition": petition.title,
        "recipient": recipient([one.name for one in petition.recipients], locale),
        "controller": settings.publisher_name or settings.site_name,
        "organiser": petition.author,
    }
    return {
        "consents": {
            purpose: dict(zip(("html", "terms"), consents.worded(text.body, **words).split("\n", 1), strict=False))
            for purpose, text in texts.items()
        },
        "consent_texts": written({purpose: text.id for purpose, text in texts.items()}),
    }


def recipient(names: Sequence[str], locale: str) -> str:
    """Who gets the petition, in a few words; the page's head names them all."""
    said = ""
    if len(names) == 1:
        said = names[0]
    elif len(names) == 2:
        both = Message("%(name)s et %(other)s", name=names[0], other=names[1])
        said = translate_said(locale, both)
        if not _short(said):
            said = translate_said(locale, Message("%(name)s et un autre", name=names[0]))
    elif names:
        said = translate_said(locale, Message("%(name)s et %(n)s autres", name=names[0], n=len(names) - 1))
    return said if _short(said) else translate_said(locale, Message("ceux que nomme la pétition"))


def _short(said: str) -> bool:
    return 0 < len(said) <= LETTERS and len(said.split()) <= WORDS
