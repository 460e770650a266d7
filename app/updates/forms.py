"""What an organiser may post as news, and an administrator as a letter."""

from pydantic import BaseModel, ConfigDict, field_validator

MAX_TEXT = 10_000


class UpdateForm(BaseModel):
    model_config = ConfigDict(extra="ignore", validate_default=True, str_strip_whitespace=True)

    title: str = ""
    text: str = ""

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


class LetterForm(BaseModel):
    model_config = ConfigDict(extra="ignore", validate_default=True, str_strip_whitespace=True)

    title: str = ""
    text: str = ""

    @field_validator("title")
    @classmethod
    def _title(cls, value: str) -> str:
        if not 3 <= len(value) <= 150 or not value.isprintable():
            raise ValueError("Donnez un objet de 3 à 150 caractères, sur une ligne.")
        return value

    @field_validator("text")
    @classmethod
    def _text(cls, value: str) -> str:
        if not 20 <= len(value) <= MAX_TEXT:
            raise ValueError("Écrivez la lettre en 20 à 10 000 caractères.")
        return value
