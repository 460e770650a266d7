"""Subscribe, unsubscribe, stay: each with its line in the consent ledger."""

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from app import clock, crypto
from app.consents import actions as consents
from app.consents import queries as consent_queries
from app.consents.models import ConsentKind
from app.db import vault_of
from app.mail import bounced, outbox
from app.mail.addresses import canonical
from app.subscriptions import queries
from app.subscriptions.models import MAILINGS, Subscription

# The newsletter's consent is asked again after three years without an act of the person.
RENEW_AFTER = timedelta(days=3 * 365)
ANSWER_WITHIN = timedelta(days=30)


def scope_of(purpose: str, petition_id: int) -> int:
    """The newsletter belongs to no petition."""
    return petition_id if purpose == "updates" else 0


def address_key(session: Session, purpose: str, petition_id: int, email: str, use: bytes = b"list") -> bytes:
    """Keyed per purpose, petition and use: the list and the suppression list cannot be joined."""
    scope = f"{purpose} {scope_of(purpose, petition_id)}".encode()
    return crypto.digest(vault_of(session).subscriptions, use, scope, canonical(email).encode())


def subscribe(
    session: Session,
    purpose: str,
    petition_id: int,
    email: str,
    *,
    signature_id: uuid.UUID,
    locale: str,
    now: datetime,
) -> None:
    """A fresh yes: it also lifts an earlier no."""
    scope = scope_of(purpose, petition_id)
    key = address_key(session, purpose, petition_id, email)
    queries.allow(session, purpose, scope, address_key(session, purpose, petition_id, email, b"no"))
    existing = queries.find(session, purpose, scope, key)
    if existing is not None:
        existing.active_at, existing.asked_at, existing.bounced_at = now, None, None
        existing.consent_petition_id, existing.signature_id = petition_id, signature_id
        return
    row_id = crypto.uuid7()
    session.add(
        Subscription(
            id=row_id,
            purpose=purpose,
            petition_id=scope,
            address_key=key,
            email_sealed=crypto.seal(vault_of(session).subscriptions, email.encode(), row_id.bytes),
            locale=locale,
            consent_petition_id=petition_id,
            signature_id=signature_id,
            since=now,
            active_at=now,
        )
    )
    session.flush()


def email_of(session: Session, subscription: Subscription) -> str:
    return crypto.unseal(vault_of(session).subscriptions, subscription.email_sealed, subscription.id.bytes).decode()


def end(
    session: Session, subscription: Subscription, *, kind: str = ConsentKind.WITHDRAWN, channel: str = "web"
) -> None:
    """No more of these mails; the address goes on the suppression list, the ledger says why."""
    now = clock.now()
    email = email_of(session, subscription)
    no_key = address_key(session, subscription.purpose, subscription.petition_id, email, b"no")
    queries.suppress(session, subscription.purpose, subscription.petition_id, no_key, now)
    if subscription.signature_id is not None:
        consents.withdraw(
            session,
            subscription.consent_petition_id,
            subscription.signature_id,
            {subscription.purpose},
            channel,
            kind,
        )
    queries.remove(session, subscription.id)
    # After the row, which a job that writes to its subscribers holds: nothing written meanwhile leaves.
    outbox.cancel(session, subscription.id)


def end_by_address(
    session: Session, petition_id: int, email: str, purposes: Sequence[str] = MAILINGS, channel: str = "web"
) -> None:
    """The same for what one address gets about one petition (and the newsletter, when named)."""
    for purpose in purposes:
        scope = scope_of(purpose, petition_id)
        found = queries.find(session, purpose, scope, address_key(session, purpose, petition_id, email))
        if found is not None:
            end(session, found, channel=channel)


def leave(
    session: Session,
    purpose: str,
    petition_id: int,
    email: str,
    *,
    signature_id: uuid.UUID,
    others: Sequence[uuid.UUID],
    channel: str = "web",
) -> None:
    """One signature stops; a mailbox that serves two goes on while one of the *others* wants these mails."""
    found = queries.find(
        session, purpose, scope_of(purpose, petition_id), address_key(session, purpose, petition_id, email)
    )
    if found is None:
        return
    willing = consent_queries.confirmed_purposes(session, petition_id, others, [purpose]) if others else []
    if not willing:
        end(session, found, channel=channel)
    elif found.signature_id == signature_id:
        found.signature_id = willing[0][0]


def has_newsletter(session: Session, email: str) -> bool:
    key = address_key(session, "newsletter", 0, email)
    return queries.find(session, "newsletter", 0, key) is not None


def stay(session: Session, subscription: Subscription) -> None:
    """The answer to "shall we go on?"."""
    subscription.active_at, subscription.asked_at = clock.now(), None


def may_write(session: Session, subscription: Subscription, email: str) -> bool:
    """False for an address that said no after this row was copied somewhere (an old backup), or that does not answer.

    The row then says since when, until it answers again.
    """
    if bounced.stopped(session, [email]):
        subscription.bounced_at = subscription.bounced_at or clock.now()
        return False
    subscription.bounced_at = None
    no_key = address_key(session, subscription.purpose, subscription.petition_id, email, b"no")
    return not queries.is_suppressed(session, subscription.purpose, subscription.petition_id, no_key)


# The links in these mails: long-lived, able to do nothing else.


def unsubscribe_token(session: Session, subscription: Subscription) -> str:
    expires = clock.now() + RENEW_AFTER + timedelta(days=365)
    return crypto.make_token(vault_of(session).tokens, "unsubscribe", subscription.id.bytes, int(expires.timestamp()))


def read_token(session: Session, token: str) -> tuple[bool, Subscription | None]:
    """``(genuine, subscription)``; a genuine link of an ended subscription has no row any more."""
    found = crypto.read_token(vault_of(session).tokens, "unsubscribe", token)
    if found is None or len(found[0]) != 16:
        return False, None
    return True, queries.get(session, uuid.UUID(bytes=found[0]))


def suppress_again(session: Session, purpose: str, petition_id: int, no_key: bytes) -> None:
    """After a restore: end what had been ended. The list's own key is found by trying each row."""
    queries.suppress(session, purpose, petition_id, no_key, clock.now())
    for subscription in queries.batch(session, purpose, petition_id, None, 10_000_000):
        email = email_of(session, subscription)
        if address_key(session, purpose, petition_id, email, b"no") == no_key:
            end(session, subscription, channel="restore")
            return
