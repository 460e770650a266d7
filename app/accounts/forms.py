"""What staff may post to come in and to prove who they are. Nothing of it is ever shown again but the address."""

from typing import Annotated

from pydantic import AfterValidator

from app.accounts.passwords import LONGEST
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


class JoinForm(PostedForm):
    """A password, and a code of the seed that the page has offered."""

    password: str = ""
    code: Annotated[str, AfterValidator(lambda value: value[:40])] = ""
    graine: Link = ""


class LinkForm(PostedForm):
    email: Email = ""


class PasswordForm(PostedForm):
    present: Password = ""
    new: str = ""
    again: str = ""


class ProofForm(PostedForm):
    """A code or the password, and the address that asked for it."""

    preuve: Password = ""
    vers: str = ""
