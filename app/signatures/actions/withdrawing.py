"""To withdraw, or to say "it was not me": the signature is gone."""

import uuid

from sqlalchemy.orm import Session

from app import audit, clock
from app.consents import actions as consents
from app.consents import queries as consent_queries
from app.consents.models import PURPOSES
from app.db import changed
from app.mail import outbox
from app.petitions import keys as petition_keys
from app.petitions import queries as petition_queries
from app.register import actions as register
from app.register.entries import Kind
from app.signatures import queries, withdrawals
from app.signatures.actions.confirming import lock_beside
from app.signatures.models import SignatureState
from app.signatures.public import open_field
from app.subscriptions import actions as subscriptions


def withdraw(session: Session, petition_id: int, signature_id: uuid.UUID, channel: str = "web") -> bool:
    """The signature is gone, from the count too; False when there was none.

    Its consents end in the ledger (the newsletter is another matter), its mails are cancelled.
    Comments are the caller's to withdraw.
    """
    petition_queries.lock_shared(session, petition_id)  # it is not counted for good meanwhile
    rows = lock_beside(session, petition_id, signature_id)
    row = next((row for row in rows if row.id == signature_id), None)
    if row is None:
        return False
    keys = petition_keys.of(session, petition_id)
    email = open_field(keys, row.email_sealed, row.id.bytes, "email")
    if row.state == SignatureState.CONFIRMED and row.confirmed_at is not None:
        person = register.Person(row.id, email, row.text_version, clock.hour_of(row.confirmed_at))
        register.count(session, petition_id, Kind.WITHDRAWN, [person], clock.now())
    others = [other.id for other in rows if other is not row]
    subscriptions.leave(
        session, "updates", petition_id, email, signature_id=signature_id, others=others, channel=channel
    )
    withdrawals.note(session, row, keys)
    consents.withdraw(session, petition_id, signature_id, set(PURPOSES) - {"newsletter"}, channel)
    outbox.cancel(session, signature_id)
    queries.remove(session, [row])
    if row.state == SignatureState.PENDING:
        consent_queries.delete_unconfirmed(session, [(petition_id, signature_id)])
    audit.record(session, "signature.withdrawn", "signature", signature_id, petition=petition_id)
    changed(session, petition_id)
    return True
