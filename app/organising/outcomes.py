"""What an organiser may post about the outcome of a petition."""

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator

from app.locale import Message
from app.petitions.models import Outcome
from app.text import clean_line, has_ink
from app.updates.forms import NewsText
from app.web.forms import Box, Day, PostedForm

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


class OutcomeForm(PostedForm):
    """The verb knows which day may be told, and what needs a source."""

    kind: Annotated[str, AfterValidator(_kind)] = ""
    on: Day
    source_title: Annotated[str, AfterValidator(_title)] = ""
    source_url: Annotated[str, AfterValidator(source_address)] = ""
    # Said in the words of the news that it is.
    text: NewsText = ""
    # Tell those who asked for the news; close the petition as well.
    mail: Box = False
    close: Box = False
