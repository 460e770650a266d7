"""What a member may post: what the organisation says of itself, whom it invites, who may what."""

from typing import Annotated
from urllib.parse import urlsplit

from email_validator import EmailNotValidError, validate_email
from pydantic import AfterValidator

from app.locale import Message
from app.organisations.rights import Right
from app.text import clean_address, clean_line, clean_text, has_ink, proper_name
from app.web.forms import Box, PostedForm

SHORTEST_NAME, LONGEST_NAME, LONGEST_TEXT, LONGEST_SITE = 3, 80, 2000, 200
LONG_TEXT = "Raccourcissez la présentation : %(most)s caractères au plus, elle en compte %(n)s."
BAD_SITE = "Vérifiez cette adresse de site : elle s’écrit comme https://www.exemple.fr."


def _name(text: str) -> str:
    name = proper_name(text, "Donnez le nom de l’organisation.")
    if not SHORTEST_NAME <= len(name) <= LONGEST_NAME:
        raise ValueError(
            Message("Donnez un nom de %(least)s à %(most)s caractères.", least=SHORTEST_NAME, most=LONGEST_NAME)
        )
    return name


def _description(text: str) -> str:
    text = clean_text(text)
    if len(text) > LONGEST_TEXT:
        raise ValueError(Message(LONG_TEXT, most=LONGEST_TEXT, n=len(text)))
    return text if has_ink(text) else ""


def _site(text: str) -> str:
    """With its scheme, which people leave out; of the web, without a password in it."""
    text = clean_line(text)
    if not text:
        return ""
    url = text if "://" in text else f"https://{text}"
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        raise ValueError(BAD_SITE) from None
    plain = (
        parts.scheme in {"http", "https"} and "@" not in parts.netloc and " " not in url and len(url) <= LONGEST_SITE
    )
    if not plain or "." not in host.strip("."):
        raise ValueError(BAD_SITE)
    return url


def _email(text: str) -> str:
    """As accounts have it."""
    text = clean_address(text)
    if not text:
        raise ValueError("Indiquez l’adresse e-mail de la personne à inviter.")
    try:
        found = validate_email(text, check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        raise ValueError("Vérifiez cette adresse e-mail : elle s’écrit comme prenom.nom@exemple.fr.") from None
    return found.normalized.lower()


class OrganisationForm(PostedForm):
    name: Annotated[str, AfterValidator(_name)] = ""
    description: Annotated[str, AfterValidator(_description)] = ""
    site: Annotated[str, AfterValidator(_site)] = ""


class RightsForm(PostedForm):
    """One box a right, and what they were when the page was made: half a form takes nothing from anybody."""

    petitions: Box = False
    updates: Box = False
    signatures: Box = False
    members: Box = False
    avant: str = "?"

    @property
    def rights(self) -> frozenset[Right]:
        return frozenset(right for right in Right if getattr(self, right))


class InvitationForm(RightsForm):
    email: Annotated[str, AfterValidator(_email)] = ""
