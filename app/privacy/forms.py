"""What a person may post about their own data, and staff about requests."""

import datetime as dt
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationInfo, field_validator

from app.signatures.forms import clean_text, person_name
from app.signatures.places import COUNTRY_CODES, postal_code


class CorrectionForm(BaseModel):
    """Name, place and display of one signature."""

    model_config = ConfigDict(validate_default=True, extra="ignore")

    given_name: Annotated[str, AfterValidator(lambda v: person_name(v, "Indiquez votre prénom."))] = ""
    family_name: Annotated[str, AfterValidator(lambda v: person_name(v, "Indiquez votre nom de famille."))] = ""
    country: str = "FR"
    postal_code: str = ""
    display: Literal["hidden", "initial", "full"] = "hidden"

    @field_validator("country", mode="before")
    @classmethod
    def _country(cls, value: str) -> str:
        code = (value or "FR").strip().upper()
        if code not in COUNTRY_CODES:
            raise ValueError("Choisissez votre pays dans la liste.")
        return code

    @field_validator("postal_code")
    @classmethod
    def _postal_code(cls, value: str, info: ValidationInfo) -> str:
        return postal_code(value, info.data.get("country", "FR"))

    @field_validator("display", mode="before")
    @classmethod
    def _display(cls, value: str) -> str:
        if value not in {"hidden", "initial", "full"}:
            raise ValueError("Choisissez ce que le public verra de vous.")
        return value


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
            return dt.date.fromisoformat(str(value or ""))
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
