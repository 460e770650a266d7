"""What an organiser may post as news, and an administrator as a letter."""

from typing import Annotated

from pydantic import AfterValidator

from app.text import clean_line, visible
from app.web.forms import PostedForm

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


NewsText = Annotated[Text, _long(20, MAX_TEXT, "Écrivez la nouvelle en 20 à 10 000 caractères.")]


class UpdateForm(PostedForm):
    title: Annotated[Line, _long(3, 150, "Donnez un titre de 3 à 150 caractères.")] = ""
    text: NewsText = ""


class LetterForm(PostedForm):
    title: Annotated[Line, _long(3, 150, "Donnez un objet de 3 à 150 caractères, sur une ligne.")] = ""
    text: Annotated[Text, _long(20, MAX_TEXT, "Écrivez la lettre en 20 à 10 000 caractères.")] = ""


class LetterAct(PostedForm):
    """What to do with the letter on the page: read it again (the default), correct it, send it."""

    act: str = ""
