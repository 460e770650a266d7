"""What an organiser may post to write a petition."""

import datetime as dt
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError, field_validator

from app.locale import Message
from app.petitions import typed
from app.petitions.importing import MAX_LINE, MAX_TEXT, PetitionFile
from app.text import clean_line, clean_text, has_ink, proper_name, visible

TOO_LONG = "Remplissez ce champ, en 60 caractères au plus."
LONG_RECIPIENT = "Raccourcissez ce destinataire : %(most)s caractères au plus pour son nom."
LONG_SOURCE = "Raccourcissez cette source : %(most)s caractères au plus pour son titre."
LONG_TEXT = "Raccourcissez le texte : %(most)s caractères au plus, il en compte %(n)s."


def title_typed(value: str) -> str:
    """Raises ValueError, as the next two do."""
    title = clean_line(value)
    if not 5 <= len(title) <= 200 or not has_ink(title):
        raise ValueError("Donnez un titre de 5 à 200 caractères.")
    return title


def recipients_typed(value: object) -> list[dict[str, str]]:
    """One a line: « Nom, fonction »."""
    found = []
    for line in clean_text(str(value or "")).split("\n"):
        name, _, role = (part.strip() for part in line.partition(","))
        if line:
            if not name or not role:
                raise ValueError("Un destinataire par ligne : « Nom, fonction ».")
            if len(name) > MAX_LINE or len(role) > MAX_LINE:
                raise ValueError(Message(LONG_RECIPIENT, most=MAX_LINE))
            found.append({"name": name, "role": role})
    if not 1 <= len(found) <= 20:
        raise ValueError("Indiquez de un à vingt destinataires, un par ligne : « Nom, fonction ».")
    return found


def text_typed(value: str) -> str:
    text = visible(value).strip()
    if len(text) < 50 or not has_ink(text):
        raise ValueError("Écrivez le texte de la pétition, en 50 caractères au moins.")
    if len(text) > MAX_TEXT:
        raise ValueError(Message(LONG_TEXT, most=MAX_TEXT, n=len(text)))
    return text


class DraftForm(BaseModel):
    """A petition typed in a browser; recipients and sources are one a line."""

    model_config = ConfigDict(extra="ignore", validate_default=True, str_strip_whitespace=True)

    title: str = ""
    author: str = ""
    theme: str = ""
    goal: int = 0
    recipients: list[dict[str, str]] = []
    text: str = ""
    sources: list[dict[str, Any]] = []
    closes_on: dt.date | None = None
    delivery_mode: str = "identities"

    @field_validator("title")
    @classmethod
    def _title(cls, value: str) -> str:
        return title_typed(value)

    @field_validator("author")
    @classmethod
    def _author(cls, value: str) -> str:
        author = proper_name(value, TOO_LONG)
        if len(author) > 60:
            raise ValueError(TOO_LONG)
        return author

    @field_validator("theme")
    @classmethod
    def _theme(cls, value: str) -> str:
        theme = clean_line(value)
        if len(theme) > 60 or not has_ink(theme):
            raise ValueError(TOO_LONG)
        return theme

    @field_validator("goal", mode="before")
    @classmethod
    def _goal(cls, value: object) -> object:
        try:
            return typed.goal(str(value))
        except ValueError:
            raise ValueError("Indiquez un nombre de signatures, par exemple 5 000.") from None

    @field_validator("recipients", mode="before")
    @classmethod
    def _recipients(cls, value: object) -> object:
        return recipients_typed(value)

    @field_validator("text")
    @classmethod
    def _text(cls, value: str) -> str:
        return text_typed(value)

    @field_validator("sources", mode="before")
    @classmethod
    def _sources(cls, value: object) -> object:
        found = []
        for line in clean_text(str(value or "")).split("\n"):
            parts = [part.strip() for part in line.split("|")]
            if line:
                if not 2 <= len(parts) <= 4 or not all(parts[:2]):
                    raise ValueError("Une source par ligne : « Titre | Média | 2026-02-03 | https://… ».")
                if len(parts[0]) > MAX_LINE or len(parts[1]) > MAX_LINE:
                    raise ValueError(Message(LONG_SOURCE, most=MAX_LINE))
                source: dict[str, Any] = {"title": parts[0], "publisher": parts[1]}
                source |= {"date": parts[2]} if len(parts) > 2 and parts[2] else {}
                source |= {"url": parts[3]} if len(parts) > 3 and parts[3] else {}
                found.append(source)
        if len(found) > 50:
            raise ValueError("Indiquez 50 sources au plus.")
        return found

    @field_validator("closes_on", mode="before")
    @classmethod
    def _closes_on(cls, value: object) -> object:
        if not value:
            return None
        try:
            return typed.last_day(typed.day(str(value)))
        except ValueError as error:
            sentence = Message("Indiquez un jour comme 2027-01-31, ou laissez vide : %(why)s.", why=error.args[0])
            raise ValueError(sentence) from None

    @field_validator("delivery_mode")
    @classmethod
    def _delivery(cls, value: str) -> str:
        if value not in {"identities", "count"}:
            raise ValueError("Choisissez ce que le destinataire recevra.")
        return value

    def file(self) -> PetitionFile:
        """The same petition as an imported file. Raises ValueError with a sentence."""
        values = self.model_dump(exclude={"delivery_mode"})
        try:
            return PetitionFile.model_validate(values)
        except ValidationError:
            message = "Vérifiez les sources : date AAAA-MM-JJ, adresse en https://, une par ligne."
            raise ValueError(message) from None
