"""What the forms of moderation have in common."""

from functools import partial
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator

from app.locale import Message
from app.text import clean_text
from app.web.forms import number

MAX_EXPLANATION = 2000
MAX_REASONS = 4000


def bounded(longest: int, name: str) -> AfterValidator:
    """A cleaned text of *longest* characters at most; *name* is what to call it, with its article."""
    return AfterValidator(partial(_within, longest, name))


def _within(longest: int, name: str, value: str) -> str:
    text = clean_text(value)
    if len(text) > longest:
        raise ValueError(
            Message("Raccourcissez %(name)s : %(longest)s caractères au plus.", name=Message(name), longest=longest)
        )
    return text


def _version(value: object) -> int:
    return number(value or 0, sentence="Rechargez la page : elle ne dit plus ce que vous avez lu.")


# Of what was on the screen; 0 when a program leaves it out.
Version = Annotated[int, BeforeValidator(_version)]
Reasons = Annotated[str, bounded(MAX_REASONS, "les raisons")]
Explanation = Annotated[str, bounded(MAX_EXPLANATION, "l’explication")]
