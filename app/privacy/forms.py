"""What a person may post about their own data, and staff about requests."""

import datetime as dt
from typing import Literal

from pydantic import field_validator

from app.signatures.forms import Country, Display, FamilyName, GivenName, PostalCode, Tick
from app.text import clean_text
from app.web.forms import PostedForm, day


class CorrectionForm(PostedForm):
    """Name, place and display of one signature."""

    single_name: Tick = False
    given_name: GivenName = ""
    family_name: FamilyName = ""
    country: Country = "FR"
    postal_code: PostalCode = ""
    display: Display = "hidden"


class ClosingForm(PostedForm):
    """The end of one's account. Whether ``devenir`` is needed depends on one's petitions: the verb asks for it."""

    devenir: str = ""
    confirm: Tick = False

    @field_validator("confirm")
    @classmethod
    def _confirm(cls, value: bool) -> bool:
        if not value:
            raise ValueError("Cochez cette case : un compte fermé ne se rouvre pas.")
        return value


class RequestForm(PostedForm):
    """A request received another way."""

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


class AnswerForm(PostedForm):
    """What became of a request."""

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


class StopForm(PostedForm):
    """A consent to end; the verb knows which there are."""

    purpose: str = ""


class OpenForm(PostedForm):
    """From the mailed link: look, or erase everything at once."""

    act: str = ""
