"""What an organiser, or the operator, may say about the outcome of a petition."""

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator

from app import clock
from app.locale import Message
from app.petitions.models import Outcome
from app.petitions.outcomes import Told
from app.text import clean_line, has_ink
from app.updates.forms import NewsText
from app.web.forms import Box, Day, PostedForm, validated
from app.zone import day_of

LONGEST_TITLE, LONGEST_URL = 200, 500
BAD_URL = "Vérifiez cette adresse : elle s’écrit comme https://www.exemple.fr/article."


def _kind(value: str) -> str:
    if value not in set(Outcome):
        raise ValueError("Choisissez ce que la pétition est devenue.")
    return value


def _title(value: str) -> str:
    line = clean_line(value)
    if len(line) > LONGEST_TITLE:
        raise ValueError(Message("Raccourcissez : %(longest)s caractères au plus.", longest=LONGEST_TITLE))
    return line if has_ink(line) else ""


def source_address(value: str) -> str:
    """Of the web, without a password in it; "" for what was only said. Raises ValueError."""
    url = clean_line(value)
    if not url:
        return ""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        raise ValueError(BAD_URL) from None
    plain = parts.scheme in {"http", "https"} and "@" not in parts.netloc and " " not in url and len(url) <= LONGEST_URL
    if not plain or "." not in host.strip("."):
        raise ValueError(BAD_URL)
    return url


class ToldForm(PostedForm):
    """The verb knows which day may be told, and what needs a source."""

    kind: Annotated[str, AfterValidator(_kind)] = ""
    on: Day
    source_title: Annotated[str, AfterValidator(_title)] = ""
    source_url: Annotated[str, AfterValidator(source_address)] = ""

    @property
    def told(self) -> Told:
        return Told(Outcome(self.kind), self.on, self.source_title, self.source_url)


class OutcomeForm(ToldForm):
    # Said in the words of the news that it is.
    text: NewsText = ""
    # Tell those who asked for the news; close the petition as well.
    mail: Box = False
    close: Box = False


def told(kind: str, on: str | None, source_title: str, source_url: str) -> Told:
    """Typed by the operator. Raises Invalid."""
    day = on or day_of(clock.now()).isoformat()
    return validated(ToldForm, {"kind": kind, "on": day, "source_title": source_title, "source_url": source_url}).told
