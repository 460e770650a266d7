"""A person's signatures, found by recomputing their keyed HMACs petition by petition."""

from collections.abc import Iterator

from sqlalchemy.orm import Session

from app import crypto
from app.comments import actions as comment_actions
from app.errors import Refused
from app.petitions import keys as petition_keys
from app.petitions import queries as petition_queries
from app.petitions.models import Petition
from app.signatures import actions as signature_actions
from app.signatures import queries as signature_queries
from app.signatures.addresses import canonical
from app.signatures.forms import email_address
from app.signatures.models import Signature


def signatures_of(session: Session, email: str) -> Iterator[tuple[Petition, Signature]]:
    """Every signature of one address. No key joins petitions: each is asked with its own."""
    wanted = canonical(email).encode()
    for petition in petition_queries.living(session):
        keys = petition_keys.of(session, petition.id)
        found = signature_queries.by_key(session, petition.id, crypto.digest(keys.dedup, wanted))
        if found is not None:
            yield petition, found


def erase(session: Session, email: str, channel: str = "web") -> int:
    """Erase everything of one address; returns how many signatures. Raises Refused."""
    try:
        address = email_address(email)
    except ValueError as error:
        raise Refused(str(error)) from None
    n = 0
    for petition, signature in list(signatures_of(session, address)):
        comment_actions.withdraw_all(session, signature.id)
        n += signature_actions.withdraw(session, petition.id, signature.id, channel)
    return n
