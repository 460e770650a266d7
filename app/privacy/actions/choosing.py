"""What the owner of a signature changes of what nobody has to say: what the public sees, a comment, mailings."""

import uuid

from sqlalchemy.orm import Session

from app import clock
from app.comments import queries as comment_queries
from app.consents import actions as consents
from app.consents import queries as consent_queries
from app.consents.models import said_yes
from app.db import changed
from app.errors import Gone
from app.mail import bounced
from app.mail.models import Bounce
from app.moderation.actions import receiving
from app.petitions import keys as petition_keys
from app.petitions.models import Petition
from app.signatures import doubts, queries, seats, withdrawals
from app.signatures.actions import Chosen, Draft
from app.signatures.actions import choosing as when_confirming
from app.signatures.actions.incoming import note_peer
from app.signatures.models import Signature, SignatureState
from app.signatures.public import open_field
from app.subscriptions import actions as subscriptions
from app.subscriptions.models import MAILINGS

# Of the optional purposes, those that are mails or lead to some.
OF_MAIL = (*MAILINGS, "organiser_contact")


def choose_again(session: Session, petition: Petition, signature_id: uuid.UUID, chosen: Chosen) -> None:
    """From the thanks, with the link of one signature. Raises Gone, Invalid."""
    row = next(iter(queries.lock_by_ids(session, [(petition.id, signature_id)])), None)
    if row is None or not (row.state == SignatureState.CONFIRMED or doubts.waits(row)):
        raise Gone("Ce lien ne sert plus.")
    texts = when_confirming.wordings(session, petition, chosen.locale, clock.now())
    said = [comment.text for comment in comment_queries.of_signature(session, row.id)]
    refused = when_confirming.refused_again(chosen, petition, texts, clock.now(), said)
    if refused is not None:
        raise refused
    email = open_field(petition_keys.of(session, petition.id), row.email_sealed, row.id.bytes, "email")
    latest = consent_queries.latest(session, petition.id, row.id)
    for purpose in OF_MAIL:
        wanted, has = chosen.agreed.get(purpose), said_yes(latest.get(purpose))
        if wanted is False and has:
            stop(session, petition, row, email, purpose, chosen.channel)
        elif wanted and not has:
            _begin(session, petition, row, email, purpose, texts[purpose], chosen.channel)
    if chosen.display not in {None, row.display}:
        change_display(session, petition, row, str(chosen.display), chosen.channel, texts)
        changed(session, petition.id)
    if chosen.comment and not said:
        note_peer(session, chosen.peer, petition.id, row.id, clock.now())
        receiving.receive_drafts(session, [Draft(petition.id, row.id, chosen.comment, row.locale)])


def _begin(
    session: Session, petition: Petition, row: Signature, email: str, purpose: str, text_id: int, channel: str
) -> None:
    """A yes that one had not given yet; who asks for mails complains of none."""
    consents.give_again(session, petition.id, row.id, purpose, text_id, channel)
    if purpose in MAILINGS:
        now = clock.now()
        subscriptions.subscribe(session, purpose, petition.id, email, signature_id=row.id, locale=row.locale, now=now)
        bounced.lift(session, [email], also=(Bounce.COMPLAINT,))


def stop(session: Session, petition: Petition, row: Signature, email: str, purpose: str, channel: str) -> None:
    """End one optional consent of a signature that is locked; it stays."""
    if purpose in MAILINGS:
        subscriptions.end_by_address(session, petition.id, email, (purpose,), channel)
        # The mailbox stops, whoever signs with it.
        for other in queries.of_address(session, petition.id, seats.address_of(row.email_key)):
            consents.withdraw(session, petition.id, other.id, {purpose}, channel)
    if purpose == "public_name":
        row.display = "hidden"
        changed(session, petition.id)
    if purpose == "organiser_contact":
        withdrawals.note_contact(session, row, petition_keys.of(session, petition.id))
    if purpose in {*OF_MAIL, "public_name"}:
        consents.withdraw(session, petition.id, row.id, {purpose}, channel)


def change_display(
    session: Session,
    petition: Petition,
    row: Signature,
    display: str,
    channel: str,
    texts: dict[str, int] | None = None,
) -> None:
    """Choosing to be public is a consent, choosing not to be is its end: both are written down."""
    if display == "hidden":
        consents.withdraw(session, petition.id, row.id, {"public_name"}, channel)
    elif row.display == "hidden":
        shown = texts or when_confirming.wordings(session, petition, row.locale, clock.now())
        consents.give_again(session, petition.id, row.id, "public_name", shown["public_name"], channel)
    row.display = display
