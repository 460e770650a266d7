"""What an organiser may post as news, and an administrator as a letter."""

from typing import Annotated

from pydantic import AfterValidator

from app.errors import Invalid
from app.text import clean_line, has_ink, visible
from app.web.forms import PostedForm, validated

MAX_TITLE = 150
MAX_TEXT = 10_000


def _long(least: int, most: int, sentence: str) -> AfterValidator:
    def check(value: str) -> str:
        if not least <= len(value) <= most:
            raise ValueError(sentence)
        return value

    return AfterValidator(check)


Line = Annotated[str, AfterValidator(clean_line)]
# Markdown: its spaces mean something.
Text = Annotated[str, AfterValidator(lambda value: visible(value).strip())]


def _inked(value: str) -> str:
    return value if has_ink(value) else ""


class DraftForm(PostedForm):
    """News while they are written: all that was typed, of no great length; where its button leads."""

    title: Annotated[Line, _long(0, MAX_TITLE, "Donnez un titre de 3 à 150 caractères.")] = ""
    text: Annotated[Text, _long(0, MAX_TEXT, "Écrivez la nouvelle en 20 à 10 000 caractères.")] = ""
    # The mark of the text that was on the page, see actions.mark.
    seen: str = ""
    go: str = ""


class UpdateForm(DraftForm):
    """The same, to be read by others."""

    title: Annotated[Line, AfterValidator(_inked), _long(3, MAX_TITLE, "Donnez un titre de 3 à 150 caractères.")] = ""
    text: Annotated[
        Text, AfterValidator(_inked), _long(20, MAX_TEXT, "Écrivez la nouvelle en 20 à 10 000 caractères.")
    ] = ""


def lacking(title: str, text: str) -> list[str]:
    """What a draft may not leave without, a sentence each."""
    try:
        validated(UpdateForm, {"title": title, "text": text})
    except Invalid as invalid:
        return list(invalid.errors.values())
    return []


class TextForm(PostedForm):
    """A text to be shown as the page would."""

    text: Annotated[Text, AfterValidator(lambda value: value[:MAX_TEXT])] = ""


class SendForm(PostedForm):
    """By mail too, or on the page alone; of the text that was on the page."""

    act: str = ""
    seen: str = ""


class LetterForm(PostedForm):
    title: Annotated[Line, _long(3, 150, "Donnez un objet de 3 à 150 caractères, sur une ligne.")] = ""
    text: Annotated[Text, _long(20, MAX_TEXT, "Écrivez la lettre en 20 à 10 000 caractères.")] = ""


class LetterAct(PostedForm):
    """What to do with the letter on the page: read it again (the default), correct it, send it."""

    act: str = ""
