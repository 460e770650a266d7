"""The verbs of signing: sign, confirm, withdraw, disown. Groups at a time where many come at once."""

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from app import audit, clock, crypto
from app.consents import actions as consents
from app.consents import queries as consent_queries
from app.consents.models import PURPOSES
from app.db import changed, vault_of
from app.errors import Gone, Refused
from app.mail import outbox
from app.mail.addresses import canonical
from app.petitions import keys as petition_keys
from app.petitions import queries as petition_queries
from app.petitions.keys import Keys
from app.petitions.models import Petition
from app.signatures import emails, links, queries, withdrawals
from app.signatures.forms import SignForm
from app.signatures.models import Signature
from app.signatures.places import departement
from app.signatures.public import open_field, seal_field
from app.subscriptions import actions as subscriptions
from app.subscriptions.models import MAILINGS
from app.templating import ZONE, in_language

MAILS_A_DAY = 2
MAILS_IN_ALL = 5
# Forms sent before the end may still be confirmed this long after it.
LATE = timedelta(hours=48)
CODE_TRIES = 10


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


@dataclass(frozen=True)
class Confirmation:
    """What became of a confirmation: *place* in the count, and whether it was the first time."""

    petition_id: int
    signature_id: uuid.UUID
    place: int
    first: bool


@dataclass(frozen=True)
class Draft:
    """A comment typed with a signature that has just been confirmed."""

    petition_id: int
    signature_id: uuid.UUID
    text: str
    locale: str


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
    rows = []
    by_id: dict[uuid.UUID, SignRequest] = {}
    for request in requests:
        row = _row(request, now, today)
        rows.append(row)
        by_id[row["id"]] = request
    rows.sort(key=lambda row: (row["petition_id"], row["email_key"]))
    inserted = queries.insert_new(session, rows)
    events: list[dict[str, Any]] = []
    mails = []
    again: dict[tuple[int, bytes], tuple[dict[str, Any], SignRequest]] = {}
    for row in rows:
        request = by_id[row["id"]]
        if row["id"] in inserted:
            events += _events(request, row["id"], now)
            mails.append(_confirm_mail(session, request, row["id"], row["created_at"]))
            if request.form.comment and request.peer:
                _note_posting(session, request, row["id"], now)
        else:
            again[row["petition_id"], row["email_key"]] = (row, request)
    # Twenty identical posts in one group are one repetition, not nineteen.
    for existing in queries.lock_by_keys(session, again) if again else ():
        row, request = again[existing.petition_id, existing.email_key]
        mails += _sign_again(session, existing, row, request, now, today)
    consent_queries.append(session, events)
    outbox.enqueue(session, mails)
    return [None] * len(requests)


def _row(request: SignRequest, now: datetime, today: date) -> dict[str, Any]:
    form, keys = request.form, request.signing.keys
    row_id = crypto.uuid7()
    return {
        "petition_id": request.signing.petition_id,
        "id": row_id,
        "email_key": crypto.digest(keys.dedup, canonical(form.email).encode()),
        "state": "pending",
        "given_name": form.given_name,
        "family_name_sealed": seal_field(keys, form.family_name, row_id.bytes, "family_name"),
        "email_sealed": seal_field(keys, form.email, row_id.bytes, "email"),
        "postal_code": form.postal_code,
        "country": form.country,
        "departement": departement(form.postal_code, form.country),
        "display": form.display,
        "locale": request.locale,
        "text_version": request.signing.text_version,
        "created_at": now,
        "confirmed_at": None,
        "place": None,
        "comment_sealed": seal_field(keys, form.comment, row_id.bytes, "comment") if form.comment else None,
        "mails": 1,
        "mails_today": 1,
        "mailed_on": today,
        "reminded": False,
        "code_failures": 0,
    }


def _events(request: SignRequest, signature_id: uuid.UUID, now: datetime) -> list[dict[str, Any]]:
    signing, form = request.signing, request.form
    subject = crypto.digest(signing.keys.evidence, canonical(form.email).encode())
    texts = signing.texts[request.locale]
    return [
        consents.event(signing.petition_id, signature_id, purpose, "given", texts[purpose], subject, now)
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
    if not _may_mail(existing, today):
        return []
    if existing.state == "pending":
        # Not confirmed yet: the last form sent is the one that will be shown and confirmed.
        keys, form = request.signing.keys, request.form
        existing.given_name = form.given_name
        existing.family_name_sealed = seal_field(keys, form.family_name, existing.id.bytes, "family_name")
        existing.email_sealed = seal_field(keys, form.email, existing.id.bytes, "email")
        existing.comment_sealed = seal_field(keys, form.comment, existing.id.bytes, "comment") if form.comment else None
        for name in ("postal_code", "country", "departement", "display", "locale", "text_version", "created_at"):
            setattr(existing, name, row[name])
        session.flush()
        if form.comment and request.peer:
            _note_posting(session, request, existing.id, now)
        latest = consent_queries.latest(session, existing.petition_id, existing.id)
        unticked = {p for p, event in latest.items() if event.kind == "given"} - set(form.purposes)
        consents.withdraw(session, existing.petition_id, existing.id, unticked)
        at = max([now, *(event.at + timedelta(microseconds=1) for event in latest.values())])
        consent_queries.append(session, _events(request, existing.id, at))
        return [_confirm_mail(session, request, existing.id, existing.created_at)]
    return [emails.already(vault_of(session), _addressee(request, existing.id), now)]


def _may_mail(signature: Signature, today: date) -> bool:
    """Count one more mail, unless two have gone today or five in all."""
    sent_today = signature.mails_today if signature.mailed_on == today else 0
    if sent_today >= MAILS_A_DAY or signature.mails >= MAILS_IN_ALL:
        return False
    signature.mails += 1
    signature.mails_today = sent_today + 1
    signature.mailed_on = today
    return True


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


def addressee_of(session: Session, signature: Signature, petition: Petition, origin: str) -> emails.Addressee:
    """The addressee of a mail about a stored signature."""
    keys = petition_keys.of(session, petition.id)
    origin += in_language(signature.locale, "")
    return emails.Addressee(
        petition_id=petition.id,
        signature_id=signature.id,
        email=open_field(keys, signature.email_sealed, signature.id.bytes, "email"),
        given_name=signature.given_name,
        locale=signature.locale,
        title=petition.title,
        url=f"{origin}/petitions/{petition.slug}",
        origin=origin,
    )


def confirm_group(
    session: Session,
    targets: Sequence[tuple[int, uuid.UUID]],
    receive_drafts: Callable[[Session, Sequence[Draft]], None],
) -> list[Confirmation | Refused]:
    """Count signatures whose owners have shown that the address is theirs."""
    now = clock.now()
    found = {(row.petition_id, row.id): row for row in queries.lock_by_ids(session, set(targets))}
    petitions = {pid: session.get_one(Petition, pid) for pid in {pid for pid, _ in found}}
    pending: dict[int, list[Signature]] = {}
    for key in dict.fromkeys(targets):
        row = found.get(key)
        if row is not None and row.state == "pending" and confirmable(petitions[row.petition_id], row, now):
            pending.setdefault(row.petition_id, []).append(row)
    places: dict[tuple[int, uuid.UUID], int] = {}
    drafts = []
    for petition_id, rows in sorted(pending.items()):
        base = petition_queries.count(session, petition_id)
        for n, row in enumerate(rows, 1):
            places[petition_id, row.id] = base + n
            if row.comment_sealed is not None:
                keys = petition_keys.of(session, petition_id)
                text = open_field(keys, row.comment_sealed, row.id.bytes, "comment")
                drafts.append(Draft(petition_id, row.id, text, row.locale))
        queries.mark_confirmed(
            session,
            [{"petition_id": petition_id, "id": row.id, "place": places[petition_id, row.id]} for row in rows],
            now,
        )
        consent_queries.confirm_given(session, petition_id, [row.id for row in rows], now)
        _subscribe(session, petition_id, rows, now)
        petition_queries.add_to_count(session, petition_id, {petition_queries.hour_of(now): len(rows)})
        changed(session, petition_id)
    receive_drafts(session, drafts)
    return [_outcome(key, found.get(key), places) for key in targets]


def _subscribe(session: Session, petition_id: int, rows: Sequence[Signature], now: datetime) -> None:
    """The optional mails that these people have just confirmed."""
    by_id = {row.id: row for row in rows}
    for signature_id, purpose in consent_queries.confirmed_purposes(session, petition_id, by_id, MAILINGS):
        row = by_id[signature_id]
        keys = petition_keys.of(session, petition_id)
        email = open_field(keys, row.email_sealed, row.id.bytes, "email")
        subscriptions.subscribe(session, purpose, petition_id, row.id, email, row.locale, now)


def confirmable(petition: Petition, signature: Signature, now: datetime) -> bool:
    """Within seven days of signing, and at most 48 hours after the end if signed before it."""
    if now - signature.created_at >= links.CONFIRM_FOR:
        return False
    ended = petition.ended_at(now)
    return ended is None or (signature.created_at < ended and now < ended + LATE)


def _outcome(
    key: tuple[int, uuid.UUID], row: Signature | None, places: dict[tuple[int, uuid.UUID], int]
) -> Confirmation | Refused:
    if key in places:
        return Confirmation(*key, place=places[key], first=True)
    if row is not None and row.state == "confirmed":
        return Confirmation(*key, place=row.place or 0, first=False)
    if row is not None and row.state == "pending":
        return Refused("Cette pétition est close : votre signature n’a pas pu être comptée.")
    return Gone("Ce lien ne sert plus.")


def find_by_code(session: Session, petition: Petition, email: str, code: str) -> tuple[int, uuid.UUID]:
    """The pending or confirmed signature that *code* was mailed for; raises Refused.

    Ten wrong codes close this way for the signature; its mailed link still works.
    """
    keys = petition_keys.of(session, petition.id)
    row = queries.by_key(session, petition.id, crypto.digest(keys.dedup, canonical(email).encode()))
    if (
        row is None
        or row.state not in {"pending", "confirmed"}
        or row.code_failures >= CODE_TRIES
        or links.code(vault_of(session), petition.id, row.id) != code
    ):
        raise Refused("Ce code ne correspond pas à cette adresse. Vérifiez les deux, ou suivez le lien du message.")
    return petition.id, row.id


def note_wrong_code(session: Session, petition: Petition, email: str) -> None:
    keys = petition_keys.of(session, petition.id)
    row = queries.by_key(session, petition.id, crypto.digest(keys.dedup, canonical(email).encode()))
    if row is not None:
        row.code_failures += 1


def resend(session: Session, petition: Petition, email: str, origin: str) -> None:
    """Send the confirmation again within the limits; silent about what it found."""
    now = clock.now()
    keys = petition_keys.of(session, petition.id)
    found = queries.lock_by_keys(session, [(petition.id, crypto.digest(keys.dedup, canonical(email).encode()))])
    for row in found:
        if not _may_mail(row, now.astimezone(ZONE).date()):
            continue
        to = addressee_of(session, row, petition, origin)
        if row.state == "pending":
            mail = emails.confirm(vault_of(session), to, row.created_at + links.CONFIRM_FOR)
        else:
            mail = emails.already(vault_of(session), to, now)
        outbox.enqueue(session, [mail])


def remind(session: Session, origin: str) -> int:
    """One reminder after 48 hours, never two, never for a petition that has ended."""
    now = clock.now()
    rows = queries.to_remind(session, now)
    for row in rows:
        row.reminded = True
        petition = session.get_one(Petition, row.petition_id)
        if petition.is_open(now) and _may_mail(row, now.astimezone(ZONE).date()):
            to = addressee_of(session, row, petition, origin)
            expires = row.created_at + links.CONFIRM_FOR
            outbox.enqueue(session, [emails.confirm(vault_of(session), to, expires, reminder=True)])
    return len(rows)


def withdraw(session: Session, petition_id: int, signature_id: uuid.UUID, channel: str = "web") -> bool:
    """The signature is gone, from the count too; False when there was none.

    Its consents end in the ledger (the newsletter is another matter), its mails are cancelled.
    Comments are the caller's to withdraw.
    """
    rows = queries.lock_by_ids(session, [(petition_id, signature_id)])
    if not rows:
        return False
    row = rows[0]
    if row.state == "confirmed" and row.confirmed_at is not None:
        hour = petition_queries.hour_of(row.confirmed_at)
        petition_queries.add_to_count(session, petition_id, {hour: -1})
    keys = petition_keys.of(session, petition_id)
    email = open_field(keys, row.email_sealed, row.id.bytes, "email")
    subscriptions.end_by_address(session, petition_id, email, ("updates",), channel)
    withdrawals.note(session, row, keys)
    consents.withdraw(session, petition_id, signature_id, set(PURPOSES) - {"newsletter"}, channel)
    outbox.cancel(session, signature_id)
    queries.remove(session, [row])
    if row.state == "pending":
        consent_queries.delete_unconfirmed(session, [(petition_id, signature_id)])
    audit.record(session, "signature.withdrawn", "signature", signature_id, petition=petition_id)
    changed(session, petition_id)
    return True
