"""What staff may post to come in and to prove who they are. Nothing of it is ever shown again but the address."""

from typing import Annotated

from pydantic import AfterValidator, field_validator

from app.accounts.passwords import LONGEST
from app.text import clean_address, clean_line
from app.web.forms import PostedForm

# Cut, not refused: what is longer than any of ours is none of ours.
Password = Annotated[str, AfterValidator(lambda value: value[:LONGEST])]
Email = Annotated[str, AfterValidator(lambda value: value[:254])]
Link = Annotated[str, AfterValidator(lambda value: value[:600])]


class SignInForm(PostedForm):
    """The first step is the password, the second the code alone."""

    email: Email = ""
    password: Password | None = None
    code: str | None = None
    # One of the recovery codes, instead.
    secours: str | None = None
    # Where to go then; the mailed link that let them here.
    suite: str = ""
    lien: Link = ""


# What a script sends of a passkey: JSON, read by the library alone.
Answer = Annotated[str, AfterValidator(lambda value: value[:20_000])]


class KeyForm(PostedForm):
    """A passkey's gesture, at the sign-in page."""

    cle: Answer = ""
    suite: str = ""


class NewKeyForm(PostedForm):
    """A passkey that the browser has made, and what its owner calls it."""

    nouvelle_cle: Answer = ""
    nom: Annotated[str, AfterValidator(lambda value: clean_line(value)[:60])] = ""


class JoinForm(PostedForm):
    """A password and a code of the seed that the page has offered; or a passkey."""

    nouvelle_cle: Answer = ""
    password: str = ""
    code: Annotated[str, AfterValidator(lambda value: value[:40])] = ""
    graine: Link = ""


class MendForm(JoinForm):
    """A new password; or a recovery code and a code of the new application."""

    secours: Annotated[str, AfterValidator(lambda value: value[:80])] = ""


class AddressForm(PostedForm):
    """The verb checks what it is."""

    adresse: str = ""

    @field_validator("adresse")
    @classmethod
    def _address(cls, value: str) -> str:
        email = clean_address(value)
        if not email:
            raise ValueError("Indiquez la nouvelle adresse.")
        return email[:254]


class LinkForm(PostedForm):
    email: Email = ""


class PasswordForm(PostedForm):
    present: Password = ""
    new: str = ""
    again: str = ""


class ProofForm(PostedForm):
    """A code or the password, and the address that asked for it."""

    preuve: Password = ""
    # A passkey's gesture, instead.
    cle: Answer = ""
    vers: str = ""
