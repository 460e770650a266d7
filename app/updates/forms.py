"""What an organiser may post as news, and an administrator as a letter."""

from typing import Annotated

from pydantic import AfterValidator, field_validator

from app.text import clean_line, visible
from app.web.forms import PostedForm

MAX_TEXT = 10_000
Line = Annotated[str, AfterValidator(clean_line)]
# Markdown: its spaces mean something.
Text = Annotated[str, AfterValidator(lambda value: visible(value).strip())]


class UpdateForm(PostedForm):
    title: Line = ""
    text: Text = ""

    @field_validator("title")
    @classmethod
    def _title(cls, value: str) -> str:
        if not 3 <= len(value) <= 150:
            raise ValueError("Donnez un titre de 3 à 150 caractères.")
        return value

    @field_validator("text")
    @classmethod
    def _text(cls, value: str) -> str:
        if not 20 <= len(value) <= MAX_TEXT:
            raise ValueError("Écrivez la nouvelle en 20 à 10 000 caractères.")
        return value


class LetterForm(PostedForm):
    title: Line = ""
    text: Text = ""

    @field_validator("title")
    @classmethod
    def _title(cls, value: str) -> str:
        if not 3 <= len(value) <= 150:
            raise ValueError("Donnez un objet de 3 à 150 caractères, sur une ligne.")
        return value

    @field_validator("text")
    @classmethod
    def _text(cls, value: str) -> str:
        if not 20 <= len(value) <= MAX_TEXT:
            raise ValueError("Écrivez la lettre en 20 à 10 000 caractères.")
        return value


class LetterAct(PostedForm):
    """What to do with the letter on the page: read it again (the default), correct it, send it."""

    act: str = ""
