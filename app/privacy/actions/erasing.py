"""A person's signatures, found by recomputing their keyed HMACs petition by petition; and their
erasure, written down so that a restored backup forgets them again."""

import uuid
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from app import audit, crypto
from app.comments import actions as comment_actions
from app.comments import queries as comment_queries
from app.deliveries.actions import linking
from app.errors import Gone, Refused
from app.mail import bounced, outbox
from app.mail.addresses import canonical
from app.organisations import queries as organisation_queries
from app.petitions import keys as petition_keys
from app.petitions import queries as petition_queries
from app.petitions.models import Petition
from app.privacy.queries import comments as comment_texts
from app.privacy.queries import deliveries, mailings, notices
from app.redress.actions import withdrawing
from app.signatures import actions as signature_actions
from app.signatures import queries as signature_queries
from app.signatures import seats
from app.signatures.forms import email_address
from app.signatures.links import UNDO_FOR
from app.signatures.models import Signature
from app.subscriptions import actions as subscriptions
from app.subscriptions import queries as subscription_queries
from app.subscriptions.models import MAILINGS


def signatures_of(session: Session, email: str) -> Iterator[tuple[Petition, Signature]]:
    """Every signature of one address. No key joins petitions: each is asked with its own."""
    wanted = canonical(email).encode()
    for petition in petition_queries.with_keys(session):
        try:
            keys = petition_keys.of(session, petition.id)
        except Gone:
            continue
        for found in signature_queries.of_address(session, petition.id, crypto.digest(keys.dedup, wanted)):
            yield petition, found


@dataclass
class Kept:
    """Of an act that may be undone: what it leaves to the end of its minute."""

    # Mails that wait until then.
    mails: list[int] = field(default_factory=list)
    # Comments whose decisions still say why.
    comments: list[int] = field(default_factory=list)


def withdraw(
    session: Session, petition_id: int, signature_id: uuid.UUID, channel: str, kept: Kept | None = None
) -> bool:
    """One signature and everything said with it; False when it was gone already."""
    comments = [comment.id for comment in comment_queries.of_signature(session, signature_id)]
    comment_actions.withdraw_all(session, signature_id)
    # Whoever confirms or comments at this very moment holds the signature: what they said meanwhile goes as well.
    signature_actions.lock_beside(session, petition_id, signature_id)
    comments = sorted({*comments, *(comment.id for comment in comment_queries.of_signature(session, signature_id))})
    comment_actions.withdraw_all(session, signature_id)
    mails = withdrawing.withdrawn(session, comments, UNDO_FOR if kept is not None else timedelta(0))
    comment_texts.forget_words(session, comments)
    if kept is None:
        comment_texts.forget_reasons(session, comments)
    else:
        kept.mails += mails
        kept.comments += comments
    notices.forget_appeals(session, comments)
    return signature_actions.withdraw(session, petition_id, signature_id, channel)


def erase(session: Session, email: str, channel: str = "web", kept: Kept | None = None) -> int:
    """Erase everything of one address; returns how many signatures. Raises Refused."""
    try:
        address = email_address(email)
    except ValueError as error:
        raise Refused(error.args[0]) from None
    found = list(signatures_of(session, address))
    n = sum(withdraw(session, petition.id, signature.id, channel, kept) for petition, signature in found)
    for petition in petition_queries.all_opened(session):
        subscriptions.end_by_address(session, petition.id, address, MAILINGS, channel)
    subscriptions.end_by_address(session, 0, address, ("newsletter",), channel)
    organisation_queries.forget_address(session, address)
    _forget_recipient(session, address)
    mailings.forget_mails(session, address)
    outbox.cancel(session, *taken_back(session, address))
    bounced.forget(session, address)
    audit.record(session, "person.erased", "person", "-", signatures=n, channel=channel)
    return n


def taken_back(session: Session, address: str) -> Iterator[uuid.UUID]:
    """Under what the outbox knows mails to this address whose form was taken back, petition by petition."""
    wanted = canonical(address).encode()
    for petition in petition_queries.with_keys(session):
        with suppress(Gone):
            keys = petition_keys.of(session, petition.id)
            yield seats.mails_of(crypto.digest(keys.dedup, wanted))


def _forget_recipient(session: Session, address: str) -> None:
    """Their link opens no more; that the petition was received, and their answer, are public lines that stay."""
    for link in deliveries.links_with_address(session):
        if canonical(linking.address_of(session, link)) == canonical(address):
            link.address_sealed = link.sent_at = link.asked_at = None
            audit.record(session, "delivery.link_cancelled", "delivery", link.delivery_id, None, link=link.id)


# The erasure journal: what a restored backup has to forget again. Nothing in it can be read
# without the petition's keys.


def records(session: Session, since: datetime) -> list[dict[str, Any]]:
    """Withdrawals and unsubscriptions since that moment, as plain JSON."""
    withdrawals = [
        {"kind": "withdrawal", "petition": row.petition_id, "key": row.email_key.hex(), "id": row.id.hex}
        for row in signature_queries.withdrawals_since(session, since)
    ]
    unsubscribed = [
        {"kind": "suppression", "purpose": row.purpose, "petition": row.petition_id, "key": row.address_key.hex()}
        for row in subscription_queries.suppressions_since(session, since)
    ]
    return [*withdrawals, *unsubscribed]


def replay(session: Session, erasures: Sequence[dict[str, Any]]) -> int:
    """Apply *erasures* to what was restored; harmless when repeated. Returns signatures erased."""
    n = 0
    for record in erasures:
        key = bytes.fromhex(record["key"])
        if record["kind"] == "withdrawal":
            for found in signature_queries.of_address(session, record["petition"], key):
                # Journals of before have no id: the address had one signature.
                if record.get("id") in {None, found.id.hex}:
                    n += withdraw(session, found.petition_id, found.id, "restore")
        else:
            subscriptions.suppress_again(session, record["purpose"], record["petition"], key)
    return n
