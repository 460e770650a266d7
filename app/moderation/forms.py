"""What a moderator may post."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, field_validator

from app.signatures.forms import clean_text

MAX_EXPLANATION = 2000


class DecisionForm(BaseModel):
    """``publish``, or ``refuse`` under an article with a quoted passage."""

    model_config = ConfigDict(extra="ignore", validate_default=True)

    decision: Literal["publish", "refuse"] | None = None
    # The version of the comment that was on the screen; 0 when a program leaves it out.
    version: int = 0
    article: int | None = None
    passage: str = ""
    explanation: str = ""

    @field_validator("decision", mode="before")
    @classmethod
    def _decision(cls, value: object) -> object:
        if value not in {"publish", "refuse"}:
            raise ValueError("Choisissez : publier, ou refuser.")
        return value

    @field_validator("version", mode="before")
    @classmethod
    def _version(cls, value: object) -> object:
        return value if isinstance(value, int) or str(value).isdecimal() else 0

    @field_validator("article", mode="before")
    @classmethod
    def _article(cls, value: object) -> object:
        text = str(value or "").strip()
        if not text:
            return None
        if not (text.isascii() and text.isdecimal()):
            raise ValueError("Choisissez un article de la charte.")
        return int(text)

    @field_validator("explanation")
    @classmethod
    def _explanation(cls, value: str) -> str:
        text = clean_text(value)
        if len(text) > MAX_EXPLANATION:
            raise ValueError(f"Raccourcissez l’explication : {MAX_EXPLANATION} caractères au plus.")
        return text
