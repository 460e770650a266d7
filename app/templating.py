"""Jinja environments, one a language, with the formats that French readers expect.

Messages are written in French in the templates (the gettext msgid is the French sentence);
``app/locale/en`` holds the English ones. In French, narrow no-break spaces are put where
typography asks for them, so that nobody has to type them.
"""

import gettext
import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from html import unescape
from pathlib import Path
from typing import Any

from babel.dates import format_date
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup, escape

from app import clock
from app.locale import Message
from app.settings import Settings
from app.zone import ZONE, day_of, time_of

ROOT = Path(__file__).resolve().parent.parent
STATIC = ROOT / "app" / "static"
LOCALES = ("fr", "en")
# The English of the pages is British: "31 December 2026".
CLDR = {"fr": "fr_FR", "en": "en_GB"}
NARROW = "\u202f"

_BEFORE = re.compile(r" (?=[;:!?»€]|%(?!\())")
_AFTER = re.compile(r"(?<=«) ")
_THOUSANDS = re.compile(r"(?<=\d) (?=\d{3}\b)")


@lru_cache(maxsize=4096)
def typeset(text: str) -> str:
    """French typography: narrow no-break spaces around punctuation and in numbers."""
    text = _AFTER.sub(NARROW, _BEFORE.sub(NARROW, text))
    return _THOUSANDS.sub(NARROW, text)


_TOGETHER = re.compile(r"((?:« )?[^\s«»]{1,24}(?: [;:!?»])+|« [^\s«»]{1,24})")
_NOWRAP = Markup('<span class="nowrap">{}</span>')


@lru_cache(maxsize=4096)
def kept_together(text: str) -> Markup:
    """An author's words as they were typed, with no line break before ; : ! ? or inside « »."""
    around = _TOGETHER.split(text)
    return Markup("").join(_NOWRAP.format(part) if n % 2 else part for n, part in enumerate(around))


# The language in which people write here: petitions, news, comments.
THEIRS = "fr"


def isolated(text: str) -> Markup:
    """A name within a sentence: its direction turns nothing around it."""
    return Markup("<bdi>{}</bdi>").format(text)


def words(text: str, locale: str) -> Markup:
    """The same of somebody's words, which have a language too."""
    return isolated(text) if locale == THEIRS else Markup('<bdi lang="{}">{}</bdi>').format(THEIRS, text)


def _theirs(locale: str) -> Markup:
    """The attributes of an element that is somebody's words: their direction, and their language unless the page's."""
    return Markup(' dir="auto"' if locale == THEIRS else f' dir="auto" lang="{THEIRS}"')  # noqa: S704 ours


@lru_cache(maxsize=2)
def translations(locale: str) -> gettext.NullTranslations:
    return gettext.translation("signons", ROOT / "app" / "locale", [locale], fallback=True)


@lru_cache(maxsize=8192)
def translate(locale: str, message: str) -> str:
    found = translations(locale).gettext(message)
    return typeset(found) if locale == "fr" else found


def translate_said(locale: str, message: str) -> str:
    """A sentence made in Python, perhaps a ``Message`` with parameters: plain text, still to be escaped.

    Never ``_(message)``, which trusts its sentence as HTML. What no catalogue has stays as it is.
    """
    if locale == "fr":
        return typeset(message)
    translated = translations(locale).gettext
    if isinstance(message, Message):
        return message.said(translated, locale)
    return translated(message) if message else ""


def is_said(locale: str, message: str) -> bool:
    """Whether a text of ours can be said in this language; an operator's own is in French only."""
    return locale == "fr" or translations(locale).gettext(message) != message


def in_language(locale: str, path: str) -> str:
    """*path* of the site in a language: as it is in French, under ``/en`` in English."""
    return path if locale == "fr" else f"/{locale}{path}"


def translate_plural(locale: str, one: str, many: str, n: int) -> str:
    found = translations(locale).ngettext(one, many, n)
    if locale == "fr":
        return typeset(one if abs(n) < 2 else many)
    return found


@lru_cache(maxsize=4096)
def number(value: int, locale: str = "fr") -> str:
    """``12 345`` with narrow no-break spaces, ``12,345`` in English."""
    return f"{value:,}".replace(",", NARROW if locale == "fr" else ",")


@lru_cache(maxsize=4096)
def _long_date(day: date, locale: str) -> str:
    text = format_date(day, "long", locale=CLDR[locale])
    return re.sub(r"^1 ", "1er ", text) if locale == "fr" else text


def _local(value: datetime | date | str) -> date:
    """The day in France; mails carry theirs as plain JSON."""
    if isinstance(value, str):
        value = datetime.fromisoformat(value) if "T" in value else date.fromisoformat(value)
    return day_of(value) if isinstance(value, datetime) else value


def long_date(value: datetime | date | str, locale: str = "fr") -> str:
    return _long_date(_local(value), locale)


def short_date(value: datetime | date, locale: str = "fr") -> str:
    return _local(value).strftime("%d/%m/%Y")


def long_datetime(value: datetime, locale: str = "fr") -> str:
    return f"{long_date(value, locale)} {'à' if locale == 'fr' else 'at'} {time_of(value)}"


def hour(value: datetime, locale: str = "fr") -> str:
    """``14 h``, ``14:00``."""
    n = value.astimezone(ZONE).hour
    return f"{n} h" if locale == "fr" else f"{n:02}:00"


def to_the_second(value: datetime) -> str:
    """For what lasts a minute."""
    return value.astimezone(ZONE).strftime("%H:%M:%S")


def iso(value: datetime | date) -> str:
    if isinstance(value, datetime):
        return value.astimezone(ZONE).isoformat(timespec="seconds")
    return value.isoformat()


def elapsed(value: datetime, locale: str = "fr", now: datetime | None = None) -> str:
    """``à l’instant``, ``il y a 3 min``, ``il y a 5 h``, ``hier``, then the date."""
    now = now or clock.now()
    seconds = (now - value).total_seconds()
    french = locale == "fr"
    if seconds < 60:
        return "à l’instant" if french else "just now"
    if seconds < 3600:
        minutes = int(seconds // 60)
        return f"il y a {minutes} min" if french else f"{minutes} min ago"
    days = (_local(now) - _local(value)).days
    if days == 0:
        hours = int(seconds // 3600)
        return f"il y a {hours} h" if french else f"{hours} h ago"
    if days == 1:
        return "hier" if french else "yesterday"
    return long_date(value, locale)


@lru_cache(maxsize=256)
def static_url(name: str) -> str:
    """``/static/<hash>/name``: cacheable for ever, renamed when the content changes."""
    content = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]
    return f"/static/{content}/{name}"


# As many signs as a tab or a list of results shows of a title.
TITLE = 70


def headline(title: str, name: str) -> Markup:
    """A page's title, as HTML, with the site's name behind it; cut after a word where both would not fit."""
    text, room = unescape(title).strip(), max(TITLE - len(f" · {name}"), TITLE // 2)
    if len(text) > room:
        kept = text[: room - 1]
        text = (kept.rpartition(" ")[0] or kept).rstrip(f" ,;:·…{NARROW}") + "…"
    return escape(f"{text} · {name}")


def linebreaks(text: str) -> Markup:
    """Plain text as paragraphs, escaped."""
    blocks = re.split(r"\n{2,}", text.strip().replace("\r\n", "\n"))
    return Markup("").join(Markup("<p>{}</p>").format(Markup("<br>").join(block.split("\n"))) for block in blocks)


@dataclass(frozen=True)
class Site:
    """What every page may say of the instance: its name, address and legal particulars."""

    name: str
    base_url: str
    publisher: str
    publisher_address: str
    publisher_phone: str
    publisher_registration: str
    publication_director: str
    host: str
    host_address: str
    host_phone: str
    contact_email: str
    dpo_name: str
    dpo_email: str
    people_per_address: int


def site_of(settings: Settings) -> Site:
    return Site(
        name=settings.site_name,
        base_url=settings.origin,
        publisher=settings.publisher_name,
        publisher_address=settings.publisher_address,
        publisher_phone=settings.publisher_phone,
        publisher_registration=settings.publisher_registration,
        publication_director=settings.publication_director,
        host=settings.host_name,
        host_address=settings.host_address,
        host_phone=settings.host_phone,
        contact_email=settings.contact_email,
        dpo_name=settings.dpo_name,
        dpo_email=settings.dpo_email,
        people_per_address=settings.people_per_address,
    )


class Templates:
    """Renders templates in a language; one environment each, made once."""

    def __init__(self, settings: Settings) -> None:
        self.environments = {locale: _environment(settings, locale) for locale in LOCALES}

    def render(self, name: str, locale: str = "fr", **context: Any) -> str:
        return self.environments[locale].get_template(name).render(context)


def _environment(settings: Settings, locale: str) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(ROOT / "templates"),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
        auto_reload=False,
    )
    environment.install_gettext_callables(  # type: ignore[attr-defined]
        gettext=lambda message: translate(locale, message),
        ngettext=lambda one, many, n: translate_plural(locale, one, many, n),
        newstyle=True,
    )

    def localised(function: Callable[..., str]) -> Callable[..., str]:
        return lambda value: function(value, locale)

    environment.globals.update(
        locale=locale,
        theirs=_theirs(locale),
        site=site_of(settings),
        is_local=settings.is_local,
        static=static_url,
        href=lambda path: in_language(locale, path),
        now=clock.now,
    )
    environment.filters.update(
        headline=headline,
        number=localised(number),
        date=localised(long_date),
        shortdate=localised(short_date),
        datetime=localised(long_datetime),
        elapsed=localised(elapsed),
        to_the_second=to_the_second,
        iso=iso,
        percent=lambda share: f"{share * 100:.0f}" + (f"{NARROW}%" if locale == "fr" else "%"),
        said=lambda message: translate_said(locale, message),
        # For an element that shows one: "fr" where its words have no other language.
        tongue=lambda message: locale if is_said(locale, message) else "fr",
        linebreaks=linebreaks,
        together=kept_together,
        isolated=isolated,
        words=localised(words),
    )
    return environment
