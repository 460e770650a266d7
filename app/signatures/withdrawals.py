"""What organisers have to pass on: who left after a file had gone out with them in it."""

from datetime import datetime

from sqlalchemy.orm import Session

from app import clock, crypto
from app.consents import queries as consent_queries
from app.petitions import queries as petition_queries
from app.petitions.keys import Keys
from app.signatures import queries, seats
from app.signatures.models import Signature, Withdrawal
from app.signatures.public import reference


def note(session: Session, signature: Signature, keys: Keys) -> None:
    """The signature goes, and with it whatever contact its owner had accepted."""
    note_contact(session, signature, keys)
    petition_queries.lock_shared(session, signature.petition_id)
    queries.note_withdrawal(
        session,
        Withdrawal(
            id=signature.id,
            petition_id=signature.petition_id,
            purpose="delivery",
            reference=reference(keys, signature.id, "delivery"),
            email_key=seats.address_of(signature.email_key),
            confirmed_at=signature.confirmed_at,
            withdrawn_at=clock.now(),
        ),
    )


def note_contact(session: Session, signature: Signature, keys: Keys) -> None:
    """The agreement to be contacted ends; nothing to say when there was none."""
    since = _contact_since(session, signature)
    if since is None:
        return
    # Taken before the time is read: an export is wholly before this moment, or after it.
    petition_queries.lock_shared(session, signature.petition_id)
    queries.note_withdrawal(
        session,
        Withdrawal(
            id=crypto.uuid7(),
            petition_id=signature.petition_id,
            purpose="contact",
            reference=reference(keys, signature.id, "contact"),
            email_key=None,
            confirmed_at=since,
            withdrawn_at=clock.now(),
        ),
    )


def _contact_since(session: Session, signature: Signature) -> datetime | None:
    since, ended = consent_queries.span(session, signature.petition_id, signature.id, "organiser_contact")
    return since if ended is None else None
