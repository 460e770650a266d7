"""To confirm: by the mailed link, in groups, or by its code."""

import uuid
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from app import clock, crypto
from app.consents import queries as consent_queries
from app.db import changed, vault_of
from app.errors import Conflict, Gone, Refused
from app.mail import bounced
from app.mail.addresses import canonical
from app.mail.models import Bounce
from app.petitions import keys as petition_keys
from app.petitions import queries as petition_queries
from app.petitions import tags
from app.petitions.models import Petition
from app.register import actions as register
from app.register.entries import Kind
from app.signatures import bound, doubts, links, queries, seats
from app.signatures.actions import choosing
from app.signatures.actions.choosing import Chosen
from app.signatures.models import Signature, SignatureState
from app.signatures.public import open_field, open_fields
from app.subscriptions import actions as subscriptions
from app.subscriptions.models import MAILINGS

# Forms sent before the end may still be confirmed this long after it.
LATE = timedelta(hours=48)
CODE_TRIES = 10
CLOSED = "Cette pétition est close : votre signature n’a pas pu être comptée."
NO_CODE = (
    "Ce code ne correspond pas à cette adresse, ou le formulaire a été renvoyé depuis. Vérifiez les deux, ou suivez "
    "le lien du dernier message reçu : il montre ce qui sera confirmé."
)


NO_MORE = "Ce lien ne sert plus."
CHANGED = "Ce formulaire a changé depuis votre lecture : relisez-le avant de confirmer."


class Changed(Conflict):
    """What was shown is not what would be confirmed."""


class Target(NamedTuple):
    """What somebody confirms; *shown* is what they were shown of it (bound.py), None for whatever it says.

    *chosen*: what they chose while they confirmed; None for whatever the form says.
    """

    petition_id: int
    signature_id: uuid.UUID
    shown: bytes | None = None
    chosen: Chosen | None = None


@dataclass(frozen=True)
class Confirmation:
    """What became of a confirmation: *place* in the count (0 as long as it is in none), and whether it is new.

    What was chosen with one that is not new was not taken.
    """

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


Receive = Callable[[Session, Sequence[Draft]], None]


def confirm_group(session: Session, targets: Sequence[Target], receive_drafts: Receive) -> list[Confirmation | Refused]:
    """Count signatures whose owners have shown that the address is theirs."""
    ids = {(target.petition_id, target.signature_id) for target in targets}
    petition_queries.hold_counting(session, {petition_id for petition_id, _ in ids})
    now = clock.now()
    found = {(row.petition_id, row.id): row for row in queries.lock_to_confirm(session, ids)}
    petitions = {pid: petition_queries.alone(session, pid) for pid in {pid for pid, _ in found}}
    texts = _texts(session, targets, petitions, now)
    pending: dict[int, dict[uuid.UUID, Any]] = {}
    choices: dict[int, dict[uuid.UUID, Chosen]] = {}
    outcomes: list[Confirmation | Refused] = []
    for target in targets:
        row = found.get(target[:2])
        refused = _refused(session, row, target, petitions, texts, now)
        if refused is not None or row is None:
            outcomes.append(refused or Gone(NO_MORE))
            continue
        first = row.state == SignatureState.PENDING and row.id not in pending.get(row.petition_id, {})
        outcomes.append(Confirmation(*target[:2], place=row.place or 0, first=first))
        if first:
            pending.setdefault(row.petition_id, {})[row.id] = row
            if target.chosen is not None:
                choices.setdefault(row.petition_id, {})[row.id] = target.chosen
    places: dict[tuple[int, uuid.UUID], int] = {}
    drafts: list[Draft] = []
    for petition_id, rows in sorted(pending.items()):
        comments: dict[uuid.UUID, str] = {}
        if petition_id in choices:
            petition, mine = petitions[petition_id], choices[petition_id]
            comments = choosing.choose(session, petition, rows, mine, texts[petition_id], now)
        places |= _count(session, petition_id, rows, now)
        drafts += _drafts(session, petition_id, rows, comments)
        consent_queries.confirm_given(session, petition_id, list(rows), now)
        asking = _subscribe(session, petition_id, rows, now)
        _answered(session, petition_id, rows, asking)
    receive_drafts(session, drafts)
    return [_with_place(outcome, places) for outcome in outcomes]


def _texts(
    session: Session, targets: Sequence[Target], petitions: Mapping[int, Petition], now: datetime
) -> dict[int, dict[str, dict[str, int]]]:
    """Petition → language → wordings in force; of those where somebody chose."""
    asked = {(target.petition_id, target.chosen.locale) for target in targets if target.chosen is not None}
    texts: dict[int, dict[str, dict[str, int]]] = {}
    for petition_id, locale in asked:
        if petition_id in petitions:
            found = choosing.wordings(session, petitions[petition_id], locale, now)
            texts.setdefault(petition_id, {})[locale] = found
    return texts


def _drafts(
    session: Session, petition_id: int, rows: Mapping[uuid.UUID, Any], comments: Mapping[uuid.UUID, str]
) -> list[Draft]:
    """What they say: written while confirming, or with the form."""
    said = (
        (row, comments[row.id] if row.id in comments else choosing.draft_of(session, petition_id, row))
        for row in rows.values()
    )
    return [Draft(petition_id, row.id, text, row.locale) for row, text in said if text]


def _count(
    session: Session, petition_id: int, rows: Mapping[uuid.UUID, Any], now: datetime
) -> dict[tuple[int, uuid.UUID], int]:
    """Their places; who came without the proof that was asked for waits, and has none."""
    waiting = {signature_id for signature_id, row in rows.items() if doubts.NO_PROOF in (row.doubt or "")}
    if waiting:
        queries.mark_waiting(session, petition_id, waiting, now)
    counted = [signature_id for signature_id in rows if signature_id not in waiting]
    if not counted:
        return {}
    before = petition_queries.count(session, petition_id)
    places = queries.mark_confirmed(session, petition_id, counted, before, now)
    keys, hour = petition_keys.of(session, petition_id), clock.hour_of(now)
    emails = open_fields(keys, [rows[one].email_sealed for one in counted], counted, "email")
    people = [
        register.Person(one, email, rows[one].text_version, hour) for one, email in zip(counted, emails, strict=True)
    ]
    register.count(session, petition_id, Kind.CONFIRMED, people, now)
    tags.note(session, petition_id, Counter(tag for one in counted if (tag := rows[one].came_by)), now)
    changed(session, petition_id)
    return {(petition_id, signature_id): place for signature_id, place in places.items()}


def _refused(
    session: Session,
    row: Any,
    target: Target,
    petitions: Mapping[int, Petition],
    texts: Mapping[int, Mapping[str, Mapping[str, int]]],
    now: datetime,
) -> Refused | None:
    """Why this one is not counted; None when it is, or was already."""
    if row is not None and (row.state == SignatureState.CONFIRMED or doubts.waits(row)):
        return None
    if row is None or row.state != SignatureState.PENDING:
        return Gone(NO_MORE)
    if not confirmable(petitions[row.petition_id], row, now):
        return Refused(CLOSED)
    if seats.waits(row.email_key) or target.shown not in {None, row.form_digest or b""}:
        return Changed(CHANGED)
    if target.chosen is not None:
        petition = petitions[row.petition_id]
        draft = choosing.draft_of(session, row.petition_id, row)
        return choosing.refused(target.chosen, petition, texts[row.petition_id][target.chosen.locale], now, draft)
    return None


def _subscribe(session: Session, petition_id: int, by_id: Mapping[uuid.UUID, Any], now: datetime) -> set[uuid.UUID]:
    """The optional mails that these people have just confirmed; whose signatures these are."""
    asking = set()
    for signature_id, purpose in consent_queries.confirmed_purposes(session, petition_id, by_id, MAILINGS):
        row = by_id[signature_id]
        keys = petition_keys.of(session, petition_id)
        email = open_field(keys, row.email_sealed, row.id.bytes, "email")
        subscriptions.subscribe(session, purpose, petition_id, email, signature_id=row.id, locale=row.locale, now=now)
        asking.add(row.id)
    return asking


def _answered(
    session: Session, petition_id: int, by_id: Mapping[uuid.UUID, Any], asking: Collection[uuid.UUID]
) -> None:
    """Mail reaches these people, whatever came back before; who has just asked for mails complains no more."""
    if not bounced.any_written_off(session):
        return
    keys = petition_keys.of(session, petition_id)
    for also, ids in (((), by_id.keys() - asking), ((Bounce.COMPLAINT,), by_id.keys() & asking)):
        emails = [open_field(keys, by_id[each].email_sealed, each.bytes, "email") for each in ids]
        bounced.lift(session, emails, also=also)


def confirmable(petition: Petition, signature: Any, now: datetime) -> bool:
    """Within seven days of signing, and at most 48 hours after the end if signed before it."""
    if now - signature.created_at >= links.CONFIRM_FOR:
        return False
    ended = petition.ended_at(now)
    return ended is None or (signature.created_at < ended and now < ended + LATE)


def _with_place(outcome: Confirmation | Refused, places: Mapping[tuple[int, uuid.UUID], int]) -> Confirmation | Refused:
    place = places.get((outcome.petition_id, outcome.signature_id)) if isinstance(outcome, Confirmation) else None
    return replace(outcome, place=place) if isinstance(outcome, Confirmation) and place else outcome


def confirm_other(
    session: Session,
    target: Target,
    people: int,
    receive_drafts: Receive,
    let_go: Callable[[Session, int, uuid.UUID], object],
) -> Confirmation:
    """The same of a form that waited under another name: it takes the seat that is free, or the other's.

    *let_go* withdraws whoever it replaces, with what they said. Raises Refused, Gone, Changed.
    """
    rows = lock_beside(session, target.petition_id, target.signature_id)
    row = next((row for row in rows if row.id == target.signature_id), None)
    if row is not None and row.state == SignatureState.PENDING and seats.waits(row.email_key):
        taken = seats.taken(rows, people, row)
        if taken is None:
            raise Gone("Cette adresse a déjà servi à signer, et cette signature-là ne peut pas être remplacée.")
        keys = petition_keys.of(session, target.petition_id)
        if target.shown not in {None, bound.shown(keys, row, taken.instead_of)}:
            raise Changed(CHANGED)
        queries.sit_down(session, row, *taken)
        if taken.instead_of is not None:
            let_go(session, target.petition_id, taken.instead_of.id)
        target = target._replace(shown=None)
    # Whoever moved up meanwhile, because the other left, is confirmed like anybody.
    outcome = confirm_group(session, [target], receive_drafts)[0]
    if isinstance(outcome, Refused):
        raise outcome
    return outcome


def lock_beside(session: Session, petition_id: int, signature_id: uuid.UUID) -> list[Signature]:
    """The rows of this signature's address; none when it is gone."""
    row = queries.get(session, petition_id, signature_id)
    if row is None:
        return []
    address = (petition_id, seats.address_of(row.email_key))
    return queries.lock_addresses(session, [address])[address]


def find_by_code(session: Session, petition: Petition, email: str, code: str) -> tuple[Signature, Sequence[Signature]]:
    """The signature, pending or confirmed, that *code* was mailed for, and those of its address; raises Refused.

    Good for as long as the link beside it. Ten wrong codes close this way; the link still works.
    """
    rows = _of_email(session, petition, email)
    for row in rows:
        if (
            (row.state in {SignatureState.PENDING, SignatureState.CONFIRMED} or doubts.waits(row))
            and clock.now() - row.created_at < links.CONFIRM_FOR
            and row.code_failures < CODE_TRIES
            and links.code(vault_of(session), petition.id, row.id, row.form_digest) == code
        ):
            return row, rows
    raise Refused(NO_CODE)


def note_wrong_code(session: Session, petition: Petition, email: str) -> None:
    for row in _of_email(session, petition, email):
        row.code_failures += 1


def _of_email(session: Session, petition: Petition, email: str) -> Sequence[Signature]:
    keys = petition_keys.of(session, petition.id)
    return queries.of_address(session, petition.id, crypto.digest(keys.dedup, canonical(email).encode()))
