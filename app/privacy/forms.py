"""What a person may post about their own data, and staff about requests."""

import datetime as dt
from typing import Literal

from pydantic import BaseModel, ConfigDict, field_validator

from app.signatures.forms import Country, Display, FamilyName, GivenName, PostalCode, Tick
from app.text import clean_text
from app.web.forms import day


class CorrectionForm(BaseModel):
    """Name, place and display of one signature."""

    model_config = ConfigDict(validate_default=True, extra="ignore")

    single_name: Tick = False
    given_name: GivenName = ""
    family_name: FamilyName = ""
    country: Country = "FR"
    postal_code: PostalCode = ""
    display: Display = "hidden"


class RequestForm(BaseModel):
    """A request received another way."""

    model_config = ConfigDict(validate_default=True, extra="ignore")

    received_on: dt.date | None = None
    channel: Literal["letter", "mail", "phone", "other"] = "mail"
    request: str = ""

    @field_validator("received_on", mode="before")
    @classmethod
    def _date(cls, value: object) -> object:
        try:
            return day(value)
        except ValueError:
            raise ValueError("Indiquez le jour de réception, par exemple 2026-11-22.") from None

    @field_validator("channel", mode="before")
    @classmethod
    def _channel(cls, value: object) -> object:
        if value not in {"letter", "mail", "phone", "other"}:
            raise ValueError("Choisissez par quel moyen la demande est arrivée.")
        return value

    @field_validator("request")
    @classmethod
    def _request(cls, value: str) -> str:
        text = clean_text(value)
        if not 5 <= len(text) <= 5000:
            raise ValueError("Dites qui demande quoi, en 5 à 5 000 caractères.")
        return text


class AnswerForm(BaseModel):
    """What became of a request."""

    model_config = ConfigDict(validate_default=True, extra="ignore")

    state: str = ""
    answer: str = ""

    @field_validator("state")
    @classmethod
    def _state(cls, value: str) -> str:
        if value not in {"answered", "refused"}:
            raise ValueError("Dites si la demande a été satisfaite ou refusée.")
        return value

    @field_validator("answer")
    @classmethod
    def _answer(cls, value: str) -> str:
        text = clean_text(value)
        if len(text) > 2000:
            raise ValueError("Raccourcissez la réponse : 2 000 caractères au plus.")
        return text
