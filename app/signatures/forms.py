"""What a browser may post to sign, and to choose what is optional: at once, when confirming, or afterwards."""

import re
import unicodedata
from functools import lru_cache
from typing import Annotated, Literal

from email_validator import EmailNotValidError, validate_email
from pydantic import AfterValidator, BeforeValidator, ValidationInfo, field_validator

from app.errors import Invalid
from app.locale import Message
from app.petitions.choices import DISPLAYS
from app.signatures.places import country_code, postal_code
from app.text import MAX_NAME, clean_address, clean_line, clean_text, may_be_ours, proper_name
from app.web.forms import PostedForm, Values

MAX_COMMENT = 2000
_FORMULA = re.compile(r"^[=+\-@＝＋－＠]")

# Letters of French, joined by single blanks, hyphens or apostrophes: there is nothing to look for in these.
_PLAIN_NAME = re.compile(rf"(?=.{{1,{MAX_NAME}}}$)[a-zA-ZÀ-ÖØ-öø-ÿŒœŸ]+(?:[ '’-][a-zA-ZÀ-ÖØ-öø-ÿŒœŸ]+)*")


def person_name(text: str, missing: str) -> str:
    if _PLAIN_NAME.fullmatch(text) and not may_be_ours(text):
        return text
    if _FORMULA.match(clean_line(text)):
        raise ValueError("Un nom ne peut pas commencer par ce signe : retirez-le.")
    name = proper_name(text, missing)
    if len(re.findall(r"\d", name)) > 3 or re.search(r"[<>{}|\\^~\[\]]", name):
        raise ValueError("Écrivez ce nom avec des lettres.")
    return name


def email_address(text: str) -> str:
    text = clean_address(text)
    if not text:
        raise ValueError("Indiquez votre adresse e-mail : nous y envoyons un lien à confirmer.")
    local, _, domain = text.rpartition("@")
    try:
        if len(text) <= 254 and _LOCAL.fullmatch(local) and domain.isascii():
            return f"{local}@{_domain(domain)}"
        return with_library(text)
    except EmailNotValidError:
        raise ValueError("Vérifiez votre adresse e-mail : elle s’écrit comme prenom.nom@exemple.fr.") from None


def with_library(text: str) -> str:
    """*text* as email-validator writes it. Raises EmailNotValidError."""
    # With accents before the @ too: whether our server takes those is asked elsewhere, see mail/accents.py.
    return validate_email(text, check_deliverability=False, test_environment=True).normalized


# A crowd has few domains; and what may stand before the @ is plain, for nearly everybody.
_LOCAL = re.compile(r"(?=.{1,64}$)[\w!#$%&'*+/=?^`{|}~-]+(?:\.[\w!#$%&'*+/=?^`{|}~-]+)*", re.ASCII)


@lru_cache(maxsize=4096)
def _domain(domain: str) -> str:
    return with_library(f"a@{domain}").removeprefix("a@")


def _ticked(value: object) -> object:
    """A checkbox sends ``on``; one that is not ticked sends nothing."""
    return value if isinstance(value, bool) else str(value).lower() in {"on", "1", "true", "yes", "oui"}


def _postal_code(value: str, info: ValidationInfo) -> str:
    """Read after the country, which says how a code is written."""
    return postal_code(value, info.data.get("country", "FR"))


def _display(value: str) -> str:
    if value not in {"", "hidden", "initial", "full"}:
        raise ValueError("Choisissez ce que le public verra de vous.")
    return value or "hidden"


TOO_MUCH = "Cette pétition n’affiche pas autant de ses signataires : choisissez dans la liste."


def within(display: str, most: str) -> bool:
    """Whether a petition that shows *most* of its signers shows that much."""
    return DISPLAYS.index(display) <= DISPLAYS.index(most)


def refuse_more(display: str, comment: str, most: str, comments_open: bool) -> None:
    """What this petition does not offer. Raises Invalid."""
    if not within(display, most):
        raise Invalid({"display": TOO_MUCH})
    if comment and not comments_open:
        raise Invalid({"comment": "Les commentaires de cette pétition sont fermés : effacez le vôtre pour continuer."})


def _family_name(value: str, info: ValidationInfo) -> str:
    """Read after ``single_name``: who has one name only leaves this one empty."""
    if not info.data.get("single_name"):
        return person_name(value, "Indiquez votre nom de famille, ou cochez « Je n’ai qu’un nom ».")
    if clean_line(value):
        raise ValueError("Videz ce champ, ou décochez « Je n’ai qu’un nom ».")
    return ""


def _comment(value: str) -> str:
    text = clean_text(value)
    if len(text) > MAX_COMMENT:
        raise ValueError(
            Message(
                "Raccourcissez votre commentaire : %(most)s caractères au plus, il en compte %(n)s.",
                most=MAX_COMMENT,
                n=len(text),
            )
        )
    return text


GivenName = Annotated[str, AfterValidator(lambda v: person_name(v, "Indiquez votre prénom."))]
FamilyName = Annotated[str, AfterValidator(_family_name)]
Country = Annotated[str, BeforeValidator(country_code)]
PostalCode = Annotated[str, AfterValidator(_postal_code)]
Display = Annotated[Literal["hidden", "initial", "full"], BeforeValidator(_display)]
Email = Annotated[str, AfterValidator(email_address)]
Tick = Annotated[bool, BeforeValidator(_ticked)]
Comment = Annotated[str, AfterValidator(_comment)]

# Each optional mailing's box, and what it consents to.
MAILINGS = {
    "consent_updates": "updates",
    "consent_newsletter": "newsletter",
    "consent_organiser": "organiser_contact",
}
# Said by a page that shows the boxes: one of them that is missing is not ticked.
MARK = "choix"


class ChoicesForm(PostedForm):
    """What nobody has to say."""

    display: Display = "hidden"
    comment: Comment = ""
    consent_updates: Tick = False
    consent_newsletter: Tick = False
    consent_organiser: Tick = False
    consent_texts: str = ""
    choix: str = ""

    @property
    def said(self) -> set[str]:
        """The choices that were made; whatever else there is stays as it was."""
        boxes = set(MAILINGS) if self.choix else set()
        return (self.model_fields_set | boxes) & {"display", "comment", *MAILINGS}


def typed_over(present: Values, values: Values | None) -> Values:
    """The choices that there are, under those that were typed: a page says nothing of a box that is not ticked."""
    if values is None:
        return present
    boxes = dict.fromkeys(MAILINGS, "") if MARK in values else {}
    return present | boxes | {name: values[name] for name in present if name in values}


def chosen(values: Values) -> bool:
    """Whether what was posted says anything of these."""
    return not values.keys().isdisjoint({MARK, "display", "comment", *MAILINGS})


class SignForm(PostedForm):
    """Fields in the order of the page, which is the order of the error summary."""

    single_name: Tick = False
    given_name: GivenName = ""
    family_name: FamilyName = ""
    email: Email = ""
    country: Country = "FR"
    postal_code: PostalCode = ""
    consent_signature: Tick = False
    age_declared: Tick = False
    # Asked when confirming; a page or a program may say them at once.
    display: Display = "hidden"
    comment: Comment = ""
    consent_updates: Tick = False
    consent_newsletter: Tick = False
    consent_organiser: Tick = False
    consent_texts: str = ""
    # Of the text that was on the page; a program may leave it out.
    text_version: str = ""

    @field_validator("consent_signature")
    @classmethod
    def _consent(cls, value: bool) -> bool:
        if not value:
            raise ValueError("Cochez cette case pour signer : sans votre accord, rien n’est enregistré.")
        return value

    @field_validator("age_declared")
    @classmethod
    def _age(cls, value: bool) -> bool:
        if not value:
            raise ValueError(
                "Cochez cette case si vous avez 15 ans ou plus ; sinon, nous ne pouvons pas"
                " enregistrer votre signature, et rien n’a été conservé."
            )
        return value

    @property
    def purposes(self) -> list[str]:
        """The purposes that were consented to, one control each."""
        given = ["sign"]
        if self.display != "hidden":
            given.append("public_name")
        return given + [purpose for box, purpose in MAILINGS.items() if getattr(self, box)]


class EmailForm(PostedForm):
    email: Email = ""


class CodeForm(EmailForm):
    code: str = ""

    @field_validator("code")
    @classmethod
    def _code(cls, value: str) -> str:
        # However they are grouped or introduced, and in whatever digits a keyboard writes.
        digits = re.findall(r"\d", unicodedata.normalize("NFKC", value))
        if len(digits) != 8:
            raise ValueError("Tapez les huit chiffres du message.")
        return "".join(str(int(digit)) for digit in digits)
