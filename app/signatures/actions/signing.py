"""To sign: groups of people who come at the same moment."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from app import clock
from app.consents import queries as consent_queries
from app.db import vault_of
from app.errors import Busy
from app.mail import outbox
from app.mail import queries as mail_queries
from app.petitions import keys as petition_keys
from app.petitions.models import Petition
from app.signatures import emails, links, queries
from app.signatures.actions import incoming
from app.signatures.actions.incoming import Coming, Signing, SignRequest
from app.signatures.actions.signing_again import sign_again
from app.zone import ZONE

TRIES = 3


def signing_of(session: Session, petition: Petition) -> Signing:
    now = clock.now()
    return Signing(
        petition_id=petition.id,
        slug=petition.slug,
        title=petition.title,
        state=petition.state,
        closes_at=petition.closes_at,
        text_version=petition.version,
        display_most=petition.display_most,
        comments_open=petition.comments_open,
        keys=petition_keys.of(session, petition.id),
        takes_accents=mail_queries.takes_accents(session),
        texts={
            locale: {
                purpose: text.id
                for purpose, text in consent_queries.in_force(session, now, locale, petition.delivery_mode).items()
            }
            for locale in ("fr", "en")
        },
    )


def sign_group(session: Session, requests: Sequence[SignRequest]) -> list[None]:
    """Write new signatures, their consents and their mails; the answer tells nobody apart.

    Whether an address has signed before is decided by the unique constraint, and only the mail
    differs.
    """
    coming = [incoming.coming(request) for request in requests]
    # A stable sort: the forms of one address stay in the order in which they came.
    coming.sort(key=lambda one: (one.row["petition_id"], one.row["email_key"]))
    outbox.enqueue(session, _write(session, coming, clock.now(), TRIES))
    return [None] * len(requests)


def _write(session: Session, coming: Sequence[Coming], now: datetime, tries: int) -> list[outbox.Mail]:
    if not tries:
        raise Busy("Cette adresse vient de servir ailleurs. Réessayez dans quelques secondes.")
    today = now.astimezone(ZONE).date()
    inserted = queries.insert_new(session, [one.row for one in coming], incoming.pending(now, today))
    events: list[dict[str, Any]] = []
    mails, known = [], []
    for one in coming:
        signature_id = one.row["id"]
        if signature_id in inserted:
            events += incoming.events(one, signature_id)
            to = incoming.addressee(one, signature_id)
            mails.append(emails.confirm(vault_of(session), to, now + links.CONFIRM_FOR))
            incoming.note_posting(session, one.request, signature_id, now)
        else:
            known.append(one)
    consent_queries.append(session, events, incoming.GIVEN | {"at": now})
    if known:
        more, left = sign_again(session, known, now, today)
        mails += more
        if left:
            mails += _write(session, left, now, tries - 1)
    return mails
