"""To confirm: by the mailed link, in groups, or by its code."""

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from app import clock, crypto
from app.consents import queries as consent_queries
from app.db import changed, vault_of
from app.errors import Gone, Refused
from app.mail.addresses import canonical
from app.petitions import keys as petition_keys
from app.petitions import queries as petition_queries
from app.petitions.models import Petition
from app.signatures import links, queries
from app.signatures.public import open_field
from app.subscriptions import actions as subscriptions
from app.subscriptions.models import MAILINGS

# Forms sent before the end may still be confirmed this long after it.
LATE = timedelta(hours=48)
CODE_TRIES = 10


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


def confirm_group(
    session: Session,
    targets: Sequence[tuple[int, uuid.UUID]],
    receive_drafts: Callable[[Session, Sequence[Draft]], None],
) -> list[Confirmation | Refused]:
    """Count signatures whose owners have shown that the address is theirs."""
    now = clock.now()
    found = {(row.petition_id, row.id): row for row in queries.lock_to_confirm(session, set(targets))}
    petitions = {pid: petition_queries.alone(session, pid) for pid in {pid for pid, _ in found}}
    pending: dict[int, list[Any]] = {}
    for key in dict.fromkeys(targets):
        row = found.get(key)
        if row is not None and row.state == "pending" and confirmable(petitions[row.petition_id], row, now):
            pending.setdefault(row.petition_id, []).append(row)
    places: dict[tuple[int, uuid.UUID], int] = {}
    drafts = []
    for petition_id, rows in sorted(pending.items()):
        ids = [row.id for row in rows]
        counted = petition_queries.count(session, petition_id)
        for signature_id, place in queries.mark_confirmed(session, petition_id, ids, counted, now).items():
            places[petition_id, signature_id] = place
        for row in rows:
            if row.comment_sealed is not None:
                keys = petition_keys.of(session, petition_id)
                text = open_field(keys, row.comment_sealed, row.id.bytes, "comment")
                drafts.append(Draft(petition_id, row.id, text, row.locale))
        consent_queries.confirm_given(session, petition_id, ids, now)
        _subscribe(session, petition_id, rows, now)
        petition_queries.add_to_count(session, petition_id, {petition_queries.hour_of(now): len(rows)})
        changed(session, petition_id)
    receive_drafts(session, drafts)
    return [_outcome(key, found.get(key), places) for key in targets]


def _subscribe(session: Session, petition_id: int, rows: Sequence[Any], now: datetime) -> None:
    """The optional mails that these people have just confirmed."""
    by_id = {row.id: row for row in rows}
    for signature_id, purpose in consent_queries.confirmed_purposes(session, petition_id, by_id, MAILINGS):
        row = by_id[signature_id]
        keys = petition_keys.of(session, petition_id)
        email = open_field(keys, row.email_sealed, row.id.bytes, "email")
        subscriptions.subscribe(session, purpose, petition_id, row.id, email, row.locale, now)


def confirmable(petition: Petition, signature: Any, now: datetime) -> bool:
    """Within seven days of signing, and at most 48 hours after the end if signed before it."""
    if now - signature.created_at >= links.CONFIRM_FOR:
        return False
    ended = petition.ended_at(now)
    return ended is None or (signature.created_at < ended and now < ended + LATE)


def _outcome(key: tuple[int, uuid.UUID], row: Any, places: dict[tuple[int, uuid.UUID], int]) -> Confirmation | Refused:
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
