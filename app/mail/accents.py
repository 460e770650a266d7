"""Addresses with accents before the @: they go as they are (SMTPUTF8, RFC 6531), where our server takes them.

The worker says whether it does, as it was told at its last connection. Until it knows, they are accepted.
"""

from sqlalchemy.orm import Session

from app.errors import Invalid
from app.mail import queries

NOT_TAKEN = (
    "Notre serveur d’envoi ne sait pas écrire à une adresse qui a un accent, ou une lettre d’un autre alphabet, avant "
    "son @ : indiquez-en une autre."
)


def has_accents(email: str) -> bool:
    return not email.rpartition("@")[0].isascii()


def reachable(session: Session, email: str) -> None:
    """Raises Invalid where a mail to this address could not leave."""
    if has_accents(email) and not queries.takes_accents(session):
        raise Invalid({"email": NOT_TAKEN})
