"""What an organiser may post about a petition: exports, comments, what changes once it is published."""

import datetime as dt
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator

from app.locale import Message
from app.petitions import typed
from app.petitions.forms import text_typed, title_typed
from app.text import clean_line, clean_text, has_ink
from app.web.forms import Box, IdOrZero, PostedForm

MAX_REASON = 1000


class ExportForm(PostedForm):
    """The file wanted; the verb knows which there are."""

    purpose: str = ""
    format: str = "csv"
    # The number of an earlier export of the same file: only what is new since then.
    since: IdOrZero = 0
    reason: str = ""
    # From the page: a reason has to be given, and the file waits to be fetched beside its line in the journal. A
    # program that sends a purpose alone is answered the file.
    prepare: Box = False


class ChoiceForm(PostedForm):
    """The same, as it is chosen: whole, or ``new`` since the last one."""

    purpose: str = ""
    format: str = "csv"
    extent: str = "whole"


class AskForm(PostedForm):
    """What an administrator asks of another one, and why; the verb says what is missing."""

    asked: str = ""
    reason: str = ""


class OriginForm(PostedForm):
    """A site's address; the verb reads it."""

    origin: str = ""


class CommentsForm(PostedForm):
    """``on`` or ``off``."""

    open: str = ""


def _goal(value: object) -> object:
    try:
        return typed.goal(str(value))
    except ValueError:
        raise ValueError("Indiquez un nombre de signatures, par exemple 5 000.") from None


def _day(value: object) -> object:
    if not str(value or "").strip():
        return None
    try:
        return typed.day(str(value))
    except ValueError:
        raise ValueError("Indiquez un jour, par exemple 2027-01-31.") from None


def _line(longest: int) -> AfterValidator:
    def check(value: str) -> str:
        line = clean_line(value)
        if len(line) > longest:
            raise ValueError(Message("Raccourcissez : %(longest)s caractères au plus.", longest=longest))
        return line if has_ink(line) else ""

    return AfterValidator(check)


class TextForm(PostedForm):
    """Another text for a published petition; what to do with it: look, correct a slip, propose an amendment."""

    title: Annotated[str, AfterValidator(title_typed)] = ""
    text: Annotated[str, AfterValidator(text_typed)] = ""
    # The mark of the text that was on the page, see versions.mark.
    seen: str = ""
    act: str = ""


def _reason(value: str) -> str:
    reason = clean_text(value)
    if not has_ink(reason) or not 10 <= len(reason) <= MAX_REASON:
        raise ValueError("Dites pourquoi, en 10 à 1 000 caractères : les signataires le liront.")
    return reason


class AmendmentForm(TextForm):
    """The same, and why: those who have signed read it."""

    reasons: Annotated[str, AfterValidator(_reason)] = ""


class SettingsForm(PostedForm):
    """What may change on a published petition, each with a dated line; its recipients are rows, as in a draft."""

    goal: Annotated[int, BeforeValidator(_goal)] = 0
    closes_on: Annotated[dt.date | None, BeforeValidator(_day)] = None
    image_alt: Annotated[str, _line(300)] = ""
    image_caption: Annotated[str, _line(300)] = ""
    image_credit: Annotated[str, _line(200)] = ""


class CarryForm(PostedForm):
    """Who shall carry the petition: the address of an organisation."""

    organisation: str = ""
