"""What the site itself writes in a timeline: kept in French, as it goes out, and said in the language of whoever reads.

What people write stays theirs, in their language.
"""

import re
from collections.abc import Mapping
from datetime import date
from html import escape, unescape
from typing import Any

from app.locale import Message
from app.petitions.outcomes import TITLES
from app.templating import long_date, translate_said
from app.updates.models import UpdateKind

FRENCH = "fr"
_TAG = re.compile("<[^>]*>")
Facts = Mapping[str, Any]


def _said(locale: str, message: Message) -> str:
    """In French as it is stored: typography comes with the page."""
    return str(message) if locale == FRENCH else translate_said(locale, message)


def delivery_title(on: date, locale: str = FRENCH) -> str:
    return _said(locale, Message("Remise le %(date)s", date=long_date(on, locale)))


def delivery_words(on: date, how: str, locale: str = FRENCH) -> str:
    """Before the names of those who received it."""
    day = long_date(on, locale)
    return _said(locale, Message("La pétition a été remise le %(date)s, %(how)s, à :", date=day, how=Message(how)))


def answer_title(who: str, on: date | None = None, locale: str = FRENCH) -> str:
    if on is None:
        return _said(locale, Message("Réponse de %(who)s", who=who))
    return _said(locale, Message("Réponse de %(who)s, du %(date)s", who=who, date=long_date(on, locale)))


def title(kind: str, written: str, facts: Facts, locale: str) -> str:
    """*written*, or what the site wrote there in another language."""
    if locale == FRENCH:
        return written
    for french, said in _titles(kind, facts, locale):
        if _same(written, french):
            return said
    return written


def _titles(kind: str, facts: Facts, locale: str) -> list[tuple[str, str]]:
    on = date.fromisoformat(facts["at"]) if facts.get("at") else None
    if kind == UpdateKind.DELIVERY and on is not None:
        return [(delivery_title(on), delivery_title(on, locale))]
    if kind == UpdateKind.ANSWER and facts.get("from"):
        return [(answer_title(facts["from"], on), answer_title(facts["from"], on, locale))]
    if kind == UpdateKind.OUTCOME:
        return [(french, translate_said(locale, french)) for french in TITLES.values()]
    return []


def html(kind: str, written: str, facts: Facts, locale: str) -> str:
    """A part of a page, in which the first sentence of a delivery is the site's."""
    if locale == FRENCH or kind != UpdateKind.DELIVERY or not {"at", "how"} <= facts.keys():
        return written
    on = date.fromisoformat(facts["at"])
    start, end, rest = written.partition("</p>")
    if not end or not _same(unescape(_TAG.sub("", start)), delivery_words(on, facts["how"])):
        return written
    return f'<p lang="{locale}">{escape(delivery_words(on, facts["how"], locale), quote=False)}</p>{rest}'


def _same(written: str, ours: str) -> bool:
    """Whatever blanks typography put there."""
    return "".join(written.split()) == "".join(ours.split())
