"""To sign: groups of people who come at the same moment."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from app import clock, crypto
from app.consents import actions as consents
from app.consents import queries as consent_queries
from app.db import vault_of
from app.mail import outbox
from app.mail.addresses import canonical
from app.petitions import keys as petition_keys
from app.petitions.keys import Keys
from app.petitions.models import Petition
from app.signatures import emails, links, queries
from app.signatures.actions.mailing import may_mail
from app.signatures.forms import SignForm
from app.signatures.models import Signature
from app.signatures.places import departement
from app.signatures.public import seal_field
from app.templating import ZONE, in_language


@dataclass(frozen=True)
class Signing:
    """What signing needs to know of a petition; read once a second, not once a signer."""

    petition_id: int
    slug: str
    title: str
    state: str
    closes_at: datetime | None
    text_version: int
    keys: Keys
    # Locale → purpose → id of the consent text in force.
    texts: dict[str, dict[str, int]]

    def is_open(self, now: datetime) -> bool:
        return self.state == "open" and (self.closes_at is None or now < self.closes_at)


@dataclass(frozen=True)
class SignRequest:
    """One form that was accepted, on its way to the database."""

    signing: Signing
    form: SignForm
    locale: str
    origin: str
    # Address and port of whoever posts a comment: hosts must keep them, sealed, for a year.
    peer: str = ""


def signing_of(session: Session, petition: Petition) -> Signing:
    now = clock.now()
    return Signing(
        petition_id=petition.id,
        slug=petition.slug,
        title=petition.title,
        state=petition.state,
        closes_at=petition.closes_at,
        text_version=petition.version,
        keys=petition_keys.of(session, petition.id),
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
    now = clock.now()
    today = now.astimezone(ZONE).date()
    coming = [(_row(request), request) for request in requests]
    coming.sort(key=lambda pair: (pair[0]["petition_id"], pair[0]["email_key"]))
    inserted = queries.insert_new(session, [row for row, _ in coming], _new(now, today))
    events: list[dict[str, Any]] = []
    mails = []
    again: dict[tuple[int, bytes], tuple[dict[str, Any], SignRequest]] = {}
    for row, request in coming:
        if row["id"] in inserted:
            events += _events(request, row["id"])
            mails.append(_confirm_mail(session, request, row["id"], now))
            if request.form.comment and request.peer:
                _note_posting(session, request, row["id"], now)
        else:
            again[row["petition_id"], row["email_key"]] = (row, request)
    consent_queries.append(session, events, GIVEN | {"at": now})
    # Twenty identical posts in one group are one repetition, not nineteen.
    for existing in queries.lock_by_keys(session, again) if again else ():
        row, request = again[existing.petition_id, existing.email_key]
        mails += _sign_again(session, existing, row, request, now, today)
    outbox.enqueue(session, mails)
    return [None] * len(requests)


def _row(request: SignRequest) -> dict[str, Any]:
    form, keys = request.form, request.signing.keys
    row_id = crypto.uuid7()
    return {
        "petition_id": request.signing.petition_id,
        "id": row_id,
        "email_key": crypto.digest(keys.dedup, canonical(form.email).encode()),
        "given_name": form.given_name,
        "family_name_sealed": seal_field(keys, form.family_name, row_id.bytes, "family_name"),
        "email_sealed": seal_field(keys, form.email, row_id.bytes, "email"),
        "postal_code": form.postal_code,
        "country": form.country,
        "departement": departement(form.postal_code, form.country),
        "display": form.display,
        "locale": request.locale,
        "text_version": request.signing.text_version,
        "comment_sealed": seal_field(keys, form.comment, row_id.bytes, "comment") if form.comment else None,
    }


def _new(now: datetime, today: date) -> dict[str, Any]:
    """What the signatures of one group have in common."""
    return {
        "state": "pending",
        "created_at": now,
        "confirmed_at": None,
        "place": None,
        "mails": 1,
        "mails_today": 1,
        "mailed_on": today,
        "reminded": False,
        "code_failures": 0,
    }


GIVEN = {"kind": "given", "channel": "web"}


def _events(request: SignRequest, signature_id: uuid.UUID) -> list[dict[str, Any]]:
    """Evidence of what this form consents to; GIVEN and the moment are the same for all."""
    signing, form = request.signing, request.form
    subject = crypto.digest(signing.keys.evidence, canonical(form.email).encode())
    texts = signing.texts[request.locale]
    return [
        {
            "petition_id": signing.petition_id,
            "signature_id": signature_id,
            "purpose": purpose,
            "text_id": texts[purpose],
            "subject": subject,
        }
        for purpose in form.purposes
    ]


def _note_posting(session: Session, request: SignRequest, signature_id: uuid.UUID, now: datetime) -> None:
    sealed = crypto.seal(vault_of(session).postings, request.peer.encode(), signature_id.bytes)
    queries.note_posting(session, signature_id, request.signing.petition_id, sealed, now)


def _sign_again(
    session: Session,
    existing: Signature,
    row: dict[str, Any],
    request: SignRequest,
    now: datetime,
    today: date,
) -> list[outbox.Mail]:
    """The form of an address that is known: nothing new counts, at most a mail goes."""
    if not may_mail(existing, today):
        return []
    if existing.state == "pending":
        # Not confirmed yet: the last form sent is the one that will be shown and confirmed.
        keys, form = request.signing.keys, request.form
        existing.given_name = form.given_name
        existing.family_name_sealed = seal_field(keys, form.family_name, existing.id.bytes, "family_name")
        existing.email_sealed = seal_field(keys, form.email, existing.id.bytes, "email")
        existing.comment_sealed = seal_field(keys, form.comment, existing.id.bytes, "comment") if form.comment else None
        for name in ("postal_code", "country", "departement", "display", "locale", "text_version"):
            setattr(existing, name, row[name])
        existing.created_at = now
        session.flush()
        if form.comment and request.peer:
            _note_posting(session, request, existing.id, now)
        latest = consent_queries.latest(session, existing.petition_id, existing.id)
        unticked = {p for p, event in latest.items() if event.kind == "given"} - set(form.purposes)
        consents.withdraw(session, existing.petition_id, existing.id, unticked)
        at = max([now, *(event.at + timedelta(microseconds=1) for event in latest.values())])
        consent_queries.append(session, _events(request, existing.id), GIVEN | {"at": at})
        return [_confirm_mail(session, request, existing.id, existing.created_at)]
    return [emails.already(vault_of(session), _addressee(request, existing.id), now)]


def _addressee(request: SignRequest, signature_id: uuid.UUID) -> emails.Addressee:
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
    )


def _confirm_mail(session: Session, request: SignRequest, signature_id: uuid.UUID, created_at: datetime) -> outbox.Mail:
    return emails.confirm(vault_of(session), _addressee(request, signature_id), created_at + links.CONFIRM_FOR)
