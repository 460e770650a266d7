"""What is posted about deliveries: by organisers, by administrators, by recipients."""

import datetime as dt
import re
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, model_validator

from app.locale import Message
from app.signatures.forms import with_library
from app.text import clean_address, clean_line, clean_text, has_ink, visible
from app.web.forms import IdOrZero, Number, PostedForm, day

_TO = re.compile(r"to-([0-9]{1,2})")
MAX_NOTE, MAX_ANSWER, MAX_URL = 1_000, 10_000, 500


def _day(value: object) -> object:
    if not str(value or "").strip():
        raise ValueError("Indiquez un jour, par exemple 2027-01-31.")
    return day(value)


def _line(longest: int) -> AfterValidator:
    def check(value: str) -> str:
        line = clean_line(value)
        if len(line) > longest:
            raise ValueError(Message("Raccourcissez : %(longest)s caractères au plus.", longest=longest))
        return line if has_ink(line) else ""

    return AfterValidator(check)


def _note(value: str) -> str:
    note = clean_text(value)
    if len(note) > MAX_NOTE:
        raise ValueError(Message("Raccourcissez : %(longest)s caractères au plus.", longest=MAX_NOTE))
    return note if has_ink(note) else ""


def _answer(value: str) -> str:
    text = visible(value).strip()
    if not has_ink(text) or not 20 <= len(text) <= MAX_ANSWER:
        raise ValueError("Écrivez la réponse en 20 à 10 000 caractères.")
    return text


def _url(value: str) -> str:
    url = clean_line(value)
    if not url:
        return ""
    if not url.startswith(("https://", "http://")) or len(url) > MAX_URL or any(sign.isspace() for sign in url):
        raise ValueError("Une adresse de page commence par https:// ou http://, sans espace.")
    return url


def _needed(url: str) -> str:
    if not url:
        raise ValueError("Donnez l’adresse de la page publique où l’on peut vérifier.")
    return url


def _who(value: str) -> str:
    line = clean_line(value)
    if not has_ink(line) or not 3 <= len(line) <= 300:
        raise ValueError("Dites de qui vient la réponse, en 3 à 300 caractères.")
    return line


def _address(value: str) -> str:
    try:
        return with_library(clean_address(value))
    except ValueError:  # EmailNotValidError is one
        raise ValueError("Vérifiez l’adresse : elle s’écrit comme cabinet@mairie-exemple.fr.") from None


Day = Annotated[dt.date, BeforeValidator(_day)]
Url = Annotated[str, AfterValidator(_url)]
SourceUrl = Annotated[str, AfterValidator(_url), AfterValidator(_needed)]


class HandedForm(PostedForm):
    """Its recipients are boxes ``to-0``, ``to-1``…; *act*: look at what it changes (the default), or do it."""

    on: Day
    # Of the petition's recipients, as the boxes say.
    places: list[int]
    way: str = ""
    note: Annotated[str, AfterValidator(_note)] = ""
    # How many deliveries were on the page.
    seen: Number = 0
    act: str = ""

    @model_validator(mode="before")
    @classmethod
    def _boxes(cls, values: Any) -> Any:
        ticked = [int(found[1]) for name, value in values.items() if value and (found := _TO.fullmatch(name))]
        return {**values, "places": ticked}


class AskLinkForm(PostedForm):
    """*delivery*: its number; *place*: of the recipient."""

    delivery: IdOrZero = 0
    place: Number = 0
    source: SourceUrl


class SendLinkForm(PostedForm):
    address: Annotated[str, AfterValidator(_address)] = ""
    source: SourceUrl
    checked: str = ""


class AnswerForm(PostedForm):
    """A recipient's own answer."""

    text: Annotated[str, AfterValidator(_answer)] = ""
    url: Url = ""


class ReportedForm(PostedForm):
    """An answer that was given elsewhere."""

    who: Annotated[str, AfterValidator(_who)] = ""
    on: Day
    text: Annotated[str, AfterValidator(_answer)] = ""
    source_url: Url = ""
    source_title: Annotated[str, _line(200)] = ""
    mail: str = ""
