"""A form on its way to the database: the row, the evidence and the mail that it makes."""

import uuid
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from app import crypto
from app.db import vault_of
from app.mail.addresses import canonical
from app.petitions.keys import Keys
from app.petitions.models import PetitionState
from app.signatures import bound, emails, queries
from app.signatures.forms import SignForm, within
from app.signatures.models import SignatureState
from app.signatures.places import departement
from app.signatures.public import seal_field
from app.templating import in_language

GIVEN = {"kind": "given"}


@dataclass(frozen=True)
class Signing:
    """What signing needs to know of a petition; read once a second, not once a signer."""

    petition_id: int
    slug: str
    title: str
    state: str
    closes_at: datetime | None
    text_version: int
    # The most that signers may show; whether they may say something.
    display_most: str
    comments_open: bool
    keys: Keys
    # Our mail server takes addresses with accents before the @, as far as is known.
    takes_accents: bool
    # Locale → purpose → id of the consent text in force.
    texts: dict[str, dict[str, int]]

    def is_open(self, now: datetime) -> bool:
        return self.state == PetitionState.OPEN and (self.closes_at is None or now < self.closes_at)


@dataclass(frozen=True)
class SignRequest:
    """One form that was accepted."""

    signing: Signing
    form: SignForm
    locale: str
    origin: str
    # Address and port of whoever posts a comment: hosts must keep them, sealed, for a year.
    peer: str = ""
    # How many may sign with one address: a setting.
    people: int = 1
    # What looked like a robot: letters of doubts.py.
    doubt: str | None = None
    # Which of our own links led here: a word of choices.TAGS, or nothing.
    came_by: str = ""
    # Where the form was: on the petition's page, or in the frame of another site.
    channel: str = "form"
    # Of the row that it makes, when it makes one and somebody has to know.
    id: uuid.UUID | None = None


class Coming(NamedTuple):
    row: dict[str, Any]
    request: SignRequest
    # The canonical address.
    mailbox: bytes


def coming(request: SignRequest) -> Coming:
    signing = request.signing
    if not within(request.form.display, signing.display_most):  # no form offered it
        request = replace(request, form=request.form.model_copy(update={"display": signing.display_most}))
    form = request.form
    keys, row_id = signing.keys, request.id or crypto.uuid7()
    mailbox = canonical(form.email).encode()
    row = {
        "petition_id": signing.petition_id,
        "id": row_id,
        "email_key": crypto.digest(keys.dedup, mailbox),
        "given_name": form.given_name,
        "family_name_sealed": seal_field(keys, form.family_name, row_id.bytes, "family_name"),
        "email_sealed": seal_field(keys, form.email, row_id.bytes, "email"),
        "postal_code": form.postal_code,
        "country": form.country,
        "departement": departement(form.postal_code, form.country),
        "display": form.display,
        "locale": request.locale,
        "text_version": signing.text_version,
        "form_digest": bound.digest_of(keys, form, signing.text_version, signing.texts[request.locale]),
        "comment_sealed": seal_field(keys, form.comment, row_id.bytes, "comment") if form.comment else None,
        "doubt": request.doubt,
        "came_by": request.came_by,
    }
    return Coming(row, request, mailbox)


def pending(now: datetime, today: date) -> dict[str, Any]:
    """What the signatures of one group have in common."""
    return {
        "state": SignatureState.PENDING,
        "created_at": now,
        "confirmed_at": None,
        "place": None,
        "mails": 1,
        "mails_today": 1,
        "mailed_on": today,
        "reminded": False,
        "code_failures": 0,
    }


def events(one: Coming, signature_id: uuid.UUID) -> list[dict[str, Any]]:
    """Evidence of what this form consents to; GIVEN and the moment are the same for all."""
    signing, form = one.request.signing, one.request.form
    subject = crypto.digest(signing.keys.evidence, one.mailbox)
    texts = signing.texts[one.request.locale]
    return [
        {
            "petition_id": signing.petition_id,
            "signature_id": signature_id,
            "purpose": purpose,
            "channel": one.request.channel,
            "text_id": texts[purpose],
            "subject": subject,
            "form_digest": one.row["form_digest"],
        }
        for purpose in form.purposes
    ]


def note_posting(session: Session, request: SignRequest, signature_id: uuid.UUID, now: datetime) -> None:
    """Who posts a comment, where there is one."""
    if request.form.comment:
        note_peer(session, request.peer, request.signing.petition_id, signature_id, now)


def note_peer(session: Session, peer: str, petition_id: int, signature_id: uuid.UUID, now: datetime) -> None:
    if peer:
        sealed = crypto.seal(vault_of(session).postings, peer.encode(), signature_id.bytes)
        queries.note_posting(session, signature_id, petition_id, sealed, now)


def addressee(one: Coming, signature_id: uuid.UUID) -> emails.Addressee:
    request = one.request
    origin = request.origin + in_language(request.locale, "")
    return emails.Addressee(
        petition_id=request.signing.petition_id,
        signature_id=signature_id,
        email=request.form.email,
        given_name=request.form.given_name,
        locale=request.locale,
        title=request.signing.title,
        url=f"{origin}/petitions/{request.signing.slug}",
        origin=origin,
        form_digest=one.row["form_digest"],
    )
