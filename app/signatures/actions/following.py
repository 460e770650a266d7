"""An address was mistyped and corrected: what waited at the wrong one goes.

The right one is signed with first, by a form like any other; so whoever corrects is never left with nothing.
"""

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy.orm import Session

from app.consents import queries as consent_queries
from app.mail import outbox
from app.signatures import queries, seats
from app.signatures.models import SignatureState

# A form is written, then answered, within so long.
SOON = timedelta(seconds=1)


class Mistyped(NamedTuple):
    """The signature that a form would have made, and the form."""

    petition_id: int
    signature_id: uuid.UUID
    digest: bytes
    # When it was answered.
    at: datetime


def follow_group(session: Session, mistyped: Sequence[Mistyped]) -> list[None]:
    """What these very forms made, and nobody has confirmed or sent again since; anything else is left alone.

    Nobody removes what a stranger waits for by typing their address and taking it back.
    """
    found = [queries.get(session, one.petition_id, one.signature_id) for one in mistyped]
    addresses = {(row.petition_id, seats.address_of(row.email_key)) for row in found if row is not None}
    rows = {row.id: row for beside in queries.lock_addresses(session, addresses).values() for row in beside}
    for one in sorted(set(mistyped)):
        row = rows.get(one.signature_id)
        if row is None or row.state != SignatureState.PENDING or row.form_digest != one.digest:
            continue
        if row.created_at > one.at + SOON:
            continue  # sent again, by whom nobody knows
        kept = seats.mails_of(row.email_key)
        if outbox.left(session, kept) and outbox.left(session, row.id):
            continue  # of its mails, the limits remember one that is taken back: it ends in a week by itself
        outbox.abandon(session, row.id, kept)
        queries.remove(session, [row])
        consent_queries.delete_unconfirmed(session, [(row.petition_id, row.id)])
    return [None] * len(mistyped)
