"""What an administrator may post."""

import re
import uuid
from typing import Annotated, Any

from pydantic import BeforeValidator, ValidationInfo, field_validator, model_validator

from app.accounts.models import ROLES
from app.administration.acts import CHOICES
from app.locale import Message
from app.signatures.actions.setting_aside import MOST
from app.text import clean_address, clean_line, has_ink
from app.web.forms import Box, PostedForm, asked, identifier

VERBS = ("set_aside", "invalidate", "put_back")


class LotForm(PostedForm):
    """What to do with some signatures, and why: a word of a list, because the journal holds no values."""

    act: str = ""
    reason: str = ""
    # Fields ``ligne-<id>``, or all the lines shown (``lignes``) when ``toutes`` is ticked.
    toutes: frozenset[uuid.UUID] = frozenset()

    @model_validator(mode="before")
    @classmethod
    def _ticked(cls, values: Any) -> Any:
        texts = [name[6:] for name in values if name.startswith("ligne-")]
        if values.get("toutes"):
            texts += values.get("lignes", "").split()
        return {**values, "toutes": {uuid.UUID(text) for text in texts if re.fullmatch(r"[0-9a-f]{32}", text)}}

    @field_validator("act")
    @classmethod
    def _act(cls, value: str) -> str:
        if value not in VERBS:
            raise ValueError("Choisissez ce qu’il faut en faire.")
        return value

    @field_validator("reason")
    @classmethod
    def _reason(cls, value: str, others: ValidationInfo) -> str:
        if value and value not in CHOICES:
            raise ValueError("Choisissez un motif de la liste.")
        if not value and others.data.get("act") in {"set_aside", "invalidate"}:
            raise ValueError("Choisissez un motif.")
        return value

    @field_validator("toutes")
    @classmethod
    def _lines(cls, value: frozenset[uuid.UUID]) -> frozenset[uuid.UUID]:
        if not value:
            raise ValueError("Cochez au moins une ligne.")
        if len(value) > MOST:
            raise ValueError(Message("Cochez %(most)s lignes au plus à la fois.", most=MOST))
        return value


class PlaceForm(PostedForm):
    """Which group of lines was on the page, when it was alone on it."""

    groupe: str = ""
    seul: Box = False


class PermissionForm(PostedForm):
    """Yes or no to another administrator who wants to export people."""

    answer: str = ""

    @field_validator("answer")
    @classmethod
    def _answer(cls, value: str) -> str:
        if value not in {"yes", "no"}:
            raise ValueError("Choisissez une réponse.")
        return value


class InvitationForm(PostedForm):
    """An address; the verb checks what it is."""

    invitation: str = ""

    @field_validator("invitation")
    @classmethod
    def _email(cls, value: str) -> str:
        email = clean_address(value)
        if not email:
            raise ValueError("Indiquez l’adresse de la personne.")
        return email[:254]


class ThemeForm(PostedForm):
    """A theme's names; whether there is one already is the list's affair."""

    name: str = ""
    english: str = ""

    @field_validator("name")
    @classmethod
    def _name(cls, value: str) -> str:
        name = clean_line(value)
        if len(name) > 60 or not has_ink(name):
            raise ValueError("Donnez un nom de 60 signes au plus.")
        return name

    @field_validator("english")
    @classmethod
    def _english(cls, value: str) -> str:
        english = clean_line(value)
        if len(english) > 60:
            raise ValueError("Donnez un nom de 60 signes au plus, ou laissez vide.")
        return english if has_ink(english) else ""


class MoveForm(PostedForm):
    """One place up or down."""

    steps: int = 1

    @field_validator("steps", mode="before")
    @classmethod
    def _steps(cls, value: object) -> int:
        return -1 if str(value).strip() == "-1" else 1


class MergeForm(PostedForm):
    """The theme that stays; 0, which is none, for whatever is no number."""

    into: Annotated[int, BeforeValidator(lambda value: asked(str(value), identifier, 0))] = 0


class GivingForm(PostedForm):
    """Petitions for an account that exists."""

    compte: str = ""
    donnees: str = ""

    @field_validator("compte")
    @classmethod
    def _account(cls, value: str) -> str:
        if not clean_address(value):
            raise ValueError("Indiquez l’adresse du compte.")
        return clean_address(value)[:254]

    @property
    def slugs(self) -> list[str]:
        return slugs_in(self.donnees)


def slugs_in(text: str) -> list[str]:
    """Addresses of petitions, whole or only their end, one a line."""
    return list(dict.fromkeys(word.rstrip("/").rpartition("/")[2] for word in text.split()))


class AccountForm(PostedForm):
    """A new account; the address and its uniqueness are checked by the verb."""

    email: str = ""
    role: str = ""
    petitions: str = ""

    @field_validator("email")
    @classmethod
    def _email(cls, value: str) -> str:
        email = clean_address(value)
        if not email:
            raise ValueError("Indiquez l’adresse de la personne.")
        return email[:254]

    @field_validator("role")
    @classmethod
    def _role(cls, value: str) -> str:
        if value not in ROLES:
            raise ValueError("Choisissez un rôle.")
        return value

    @property
    def slugs(self) -> list[str]:
        return slugs_in(self.petitions)
