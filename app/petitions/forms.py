"""What an organiser may post to write a petition."""

import datetime as dt
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError, field_validator

from app.petitions.importing import MAX_TEXT, PetitionFile
from app.web.forms import day, number


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
        if not 5 <= len(value) <= 200:
            raise ValueError("Donnez un titre de 5 à 200 caractères.")
        return value

    @field_validator("author", "theme")
    @classmethod
    def _short(cls, value: str) -> str:
        if not 1 <= len(value) <= 60:
            raise ValueError("Remplissez ce champ, en 60 caractères au plus.")
        return value

    @field_validator("goal", mode="before")
    @classmethod
    def _goal(cls, value: object) -> object:
        return number(value, 1, 100_000_000, "Indiquez un nombre de signatures, par exemple 5 000.")

    @field_validator("recipients", mode="before")
    @classmethod
    def _recipients(cls, value: object) -> object:
        found = []
        for line in str(value or "").splitlines():
            name, _, role = line.partition(",")
            if line.strip():
                if not name.strip() or not role.strip():
                    raise ValueError("Un destinataire par ligne : « Nom, fonction ».")
                found.append({"name": name.strip()[:300], "role": role.strip()[:300]})
        if not 1 <= len(found) <= 20:
            raise ValueError("Indiquez de un à vingt destinataires, un par ligne : « Nom, fonction ».")
        return found

    @field_validator("text")
    @classmethod
    def _text(cls, value: str) -> str:
        if not 50 <= len(value) <= MAX_TEXT:
            raise ValueError("Écrivez le texte de la pétition, en 50 caractères au moins.")
        return value

    @field_validator("sources", mode="before")
    @classmethod
    def _sources(cls, value: object) -> object:
        found = []
        for line in str(value or "").splitlines():
            parts = [part.strip() for part in line.split("|")]
            if line.strip():
                if len(parts) < 2 or not all(parts[:2]):
                    raise ValueError("Une source par ligne : « Titre | Média | 2026-02-03 | https://… ».")
                source: dict[str, Any] = {"title": parts[0][:300], "publisher": parts[1][:300]}
                source |= {"date": parts[2]} if len(parts) > 2 and parts[2] else {}
                source |= {"url": parts[3]} if len(parts) > 3 and parts[3] else {}
                found.append(source)
        return found

    @field_validator("closes_on", mode="before")
    @classmethod
    def _closes_on(cls, value: object) -> object:
        try:
            return day(value) if value else None
        except ValueError:
            raise ValueError("Indiquez une date, par exemple 2027-01-31, ou laissez vide.") from None

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
