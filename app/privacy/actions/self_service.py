"""Self-service: what a person may see and change of their own data, with a mailed link."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from app import clock, crypto
from app.comments import queries as comment_queries
from app.consents import queries as consent_queries
from app.consents.models import said_yes
from app.db import changed, vault_of
from app.errors import Gone, Invalid, NotFound
from app.exports import queries as export_queries
from app.mail import outbox
from app.moderation import queries as moderation_queries
from app.petitions import keys as petition_keys
from app.petitions.end_of_life import erased_on
from app.petitions.keys import Keys
from app.petitions.models import Petition
from app.privacy.actions import choosing, erasing, undoing
from app.privacy.models import SelfServiceSession
from app.privacy.queries import people
from app.privacy.schedule import EVIDENCE_AFTER_PURGE, SELF_SERVICE
from app.signatures import doubts
from app.signatures import emails as signature_emails
from app.signatures import queries as signature_queries
from app.signatures.forms import TOO_MUCH, within
from app.signatures.models import Signature, SignatureState
from app.signatures.places import departement
from app.signatures.public import open_field, seal_field, shown

PURPOSE_LABELS = {
    "sign": "Signature enregistrée et comptée",
    "public_name": "Nom affiché publiquement",
    "updates": "Suites de cette pétition, par e-mail",
    "newsletter": "Lettre de la plateforme, par e-mail",
    "organiser_contact": "Contact par l’organisateur",
}
# Where a person said yes, or no: the channel of an event, as it is written down.
WAYS = {
    "form": "dans le formulaire de la pétition",
    "widget": "dans le formulaire, sur un autre site",
    "confirmation": "en confirmant la signature",
    "thanks": "après la confirmation",
    "self_service": "dans « Mes signatures »",
    "unsubscribe": "par le lien de désabonnement",
    "mail": "par le lien d’un message",
    "undone": "en annulant le retrait",
    # Of before these were told apart.
    "web": "sur ce site",
}
STATE_LABELS = {
    "pending": "en attente de confirmation",
    "confirmed": "comptée",
    "quarantined": "mise de côté, en attente d’un regard",
    "invalidated": "écartée du compte",
}


@dataclass(frozen=True)
class Person:
    """Who opened the self-service: an address that was proven by its mailbox."""

    email: str
    key: bytes


def read_link(session: Session, token: str) -> str:
    """The address of a mailed link. Raises NotFound, Gone."""
    found = crypto.read_token(vault_of(session).tokens, "manage", token)
    if found is None:
        raise NotFound("Ce lien est incomplet ou n’est pas de nous. Copiez-le en entier depuis le message.")
    sealed, expires = found
    if clock.now().timestamp() >= expires:
        raise Gone("Ce lien a expiré : il était valable 24 heures.")
    return crypto.unseal(vault_of(session).outbox, sealed, b"manage").decode()


def mail_link(session: Session, email: str, locale: str, origin: str) -> None:
    """The way in, by its own mail: no other link opens all that a person has signed."""
    mail = signature_emails.manage_link(vault_of(session), email, locale, origin, clock.now())
    outbox.enqueue(session, [mail])


def open_session(session: Session, email: str) -> str:
    """The cookie of a session of thirty minutes; it alone can read the address in the table."""
    cookie = secrets.token_urlsafe(32)
    key = crypto.derive(cookie.encode(), "self-service")
    session.add(
        SelfServiceSession(
            key=crypto.fingerprint(cookie),
            email_sealed=crypto.seal(key, email.encode()),
            expires_at=clock.now() + SELF_SERVICE,
        )
    )
    return cookie


def person(session: Session, cookie: str) -> Person | None:
    """Whose session this is; None when it ended."""
    row = session.get(SelfServiceSession, crypto.fingerprint(cookie))
    if row is None or row.expires_at <= clock.now():
        return None
    key = crypto.derive(cookie.encode(), "self-service")
    return Person(crypto.unseal(key, row.email_sealed).decode(), row.key)


def close_session(session: Session, who: Person) -> None:
    people.end_self_service(session, who.key)


def everything(session: Session, email: str, locale: str = "fr") -> list[dict[str, Any]]:
    """All that is kept about this address, signature by signature."""
    now = clock.now()
    return [line_of(session, petition, row, now, locale) for petition, row in erasing.signatures_of(session, email)]


def evidence_until(erased_on: datetime) -> datetime:
    """When the proof of consents goes, of what ends by then itself."""
    return erased_on + EVIDENCE_AFTER_PURGE


def line_of(session: Session, petition: Petition, row: Signature, now: datetime, locale: str) -> dict[str, Any]:
    keys = petition_keys.of(session, petition.id)
    family = open_field(keys, row.family_name_sealed, row.id.bytes, "family_name")
    name, place = shown(row, family, locale)
    events = consent_queries.latest(session, petition.id, row.id)
    texts = consent_queries.texts_by_id(session, {event.text_id for event in events.values()})
    comments = comment_queries.of_signature(session, row.id)
    decisions = moderation_queries.latest(session, "comment", [comment.id for comment in comments])
    return {
        "id": f"{petition.id}-{row.id.hex}",
        "petition": {"slug": petition.slug, "title": petition.title, "displays": petition.displays},
        "state": row.state,
        "state_label": STATE_LABELS.get(row.state, row.state),
        "at": row.confirmed_at or row.created_at,
        "signals": doubts.words(row.doubt),
        # It is, or was, in the count: a line of the register says so.
        "receipt": row.state != SignatureState.PENDING and not doubts.waits(row),
        "text_version": row.text_version,
        "given_name": row.given_name,
        "family_name": family,
        "postal_code": row.postal_code,
        "country": row.country,
        "display": row.display,
        "line": f"{name} · {place}" if place else name,
        "consents": [
            {
                "purpose": purpose,
                "label": PURPOSE_LABELS[purpose],
                "given_at": event.at,
                "active": said_yes(event),
                "channel": event.channel,
                "where": WAYS.get(event.channel, ""),
                "text": texts[event.text_id].body if event.text_id in texts else "",
                "version": texts[event.text_id].version if event.text_id in texts else 0,
            }
            for purpose, event in sorted(events.items(), key=lambda item: list(PURPOSE_LABELS).index(item[0]))
        ],
        "comments": [
            {
                "text": comment.text,
                "state": comment.state,
                "at": comment.created_at,
                "reference": decisions[comment.id].reference if comment.id in decisions else "",
            }
            for comment in comments
        ]
        + _draft(keys, row),
        "exports": _exports(session, petition, row),
        "erased_on": erased_on(petition, now),
    }


def _draft(keys: Keys, row: Signature) -> list[dict[str, Any]]:
    """A comment that waits for the confirmation of its signature."""
    if row.comment_sealed is None:
        return []
    text = open_field(keys, row.comment_sealed, row.id.bytes, "comment")
    return [{"text": text, "state": "draft", "at": row.created_at, "reference": ""}]


def _exports(session: Session, petition: Petition, row: Signature) -> list[dict[str, Any]]:
    """The files that had this signature in them: by name, by contact, or as a pseudonym."""
    spans: dict[str, tuple[datetime | None, datetime | None]] = {
        "audit": (row.created_at, None),
        "contact": consent_queries.span(session, petition.id, row.id, "organiser_contact"),
        "delivery": (row.confirmed_at if petition.delivery_mode == "identities" else None, None),
    }
    return [
        {"at": export.started_at, "purpose": export.purpose}
        for export in export_queries.begun(session, petition.id)
        for start, end in [spans[export.purpose]]
        if start is not None and start <= export.started_at and (end is None or export.started_at < end)
        if export.since is None or export.since < max(start, row.back_at or start)
    ]


def own(session: Session, who: Person, line_id: str) -> tuple[Petition, Signature]:
    """The signature of this line, locked, if it is this person's. Raises NotFound."""
    for petition, row in erasing.signatures_of(session, who.email):
        if line_id == f"{petition.id}-{row.id.hex}":
            # Another device of the same person may have withdrawn it meanwhile.
            for locked in signature_queries.lock_by_ids(session, [(petition.id, row.id)]):
                return petition, locked
    raise NotFound("Cette signature n’existe pas, ou plus.")


def correct(
    session: Session,
    who: Person,
    line_id: str,
    *,
    given_name: str,
    family_name: str,
    postal_code: str,
    country: str,
    display: str,
) -> None:
    """Change what was typed and what the public sees; at once, everywhere. Raises NotFound, Invalid."""
    petition, row = own(session, who, line_id)
    if display != row.display and not within(display, petition.display_most):
        raise Invalid({"display": TOO_MUCH})
    keys = petition_keys.of(session, petition.id)
    row.given_name = given_name
    row.family_name_sealed = seal_field(keys, family_name, row.id.bytes, "family_name")
    row.postal_code, row.country = postal_code, country
    row.departement = departement(postal_code, country)
    if display != row.display:
        choosing.change_display(session, petition, row, display, "self_service")
    changed(session, petition.id)


def stop(session: Session, who: Person, line_id: str, purpose: str) -> None:
    """End one optional consent; the signature stays."""
    petition, row = own(session, who, line_id)
    choosing.stop(session, petition, row, who.email, purpose, "self_service")


def withdraw(session: Session, who: Person, line_id: str) -> str:
    """The token to undo it. Raises NotFound."""
    petition, row = own(session, who, line_id)
    return undoing.withdraw(session, petition.id, row.id, "self_service")
