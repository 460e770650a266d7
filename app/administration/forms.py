"""What an administrator may post."""

import re
import uuid

from pydantic import BaseModel, ConfigDict, field_validator

from app.accounts.models import ROLES
from app.administration.acts import CHOICES
from app.signatures.actions.setting_aside import MOST
from app.text import clean_address

VERBS = ("set_aside", "invalidate", "put_back")


class LotForm(BaseModel):
    """What to do with some signatures, and why: a word of a list, because the journal holds no values."""

    model_config = ConfigDict(validate_default=True, extra="ignore")

    act: str = ""
    reason: str = ""

    @field_validator("act")
    @classmethod
    def _act(cls, value: str) -> str:
        if value not in VERBS:
            raise ValueError("Choisissez ce qu’il faut en faire.")
        return value

    @field_validator("reason")
    @classmethod
    def _reason(cls, value: str) -> str:
        if value and value not in CHOICES:
            raise ValueError("Choisissez un motif de la liste.")
        return value


def ticked(values: dict[str, str]) -> set[uuid.UUID]:
    """Fields ``ligne-<id>``, or all the lines shown (``lignes``) when ``toutes`` is ticked."""
    texts = [name[6:] for name in values if name.startswith("ligne-")]
    if values.get("toutes"):
        texts += values.get("lignes", "").split()
    return {uuid.UUID(text) for text in texts if re.fullmatch(r"[0-9a-f]{32}", text)}


def problems(form: LotForm, ids: set[uuid.UUID]) -> dict[str, str]:
    """What is missing, by field."""
    found = {}
    if not ids:
        found["toutes"] = "Cochez au moins une ligne."
    elif len(ids) > MOST:
        found["toutes"] = f"Cochez {MOST} lignes au plus à la fois."
    if form.act != "put_back" and not form.reason:
        found["reason"] = "Choisissez un motif."
    return found


class AccountForm(BaseModel):
    """A new account; the address and its uniqueness are checked by the verb."""

    model_config = ConfigDict(validate_default=True, extra="ignore")

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
        """Addresses of petitions, whole or only their end, one a line."""
        return list(dict.fromkeys(word.rstrip("/").rpartition("/")[2] for word in self.petitions.split()))
