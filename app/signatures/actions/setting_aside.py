"""To set aside: a signature that looks false counts no more, shows no more, and can be put back.

Who does what at the same moment to the same signature is decided by the database: each statement
moves only what is still in the state that it leaves, and the count follows the rows that moved.
"""

import uuid
from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy.orm import Session

from app import audit, clock
from app.db import changed
from app.errors import Refused
from app.petitions import keys as petition_keys
from app.petitions import queries as petition_queries
from app.register import actions as register
from app.register.entries import PERSONAL, Kind
from app.signatures import queries
from app.signatures.models import SignatureState
from app.signatures.public import open_fields

# Why, in a word that the journal may keep: it holds no values, and a typed reason names people.
REASONS = ("burst", "domain", "name", "reported", "robot", "comment", "checked", "other")
# In the words of the public page: nothing of who signed, nor of who decided.
WHY = {
    "burst": "arrivées en rafale",
    "domain": "adresses d’un même domaine peu courant",
    "name": "même nom répété",
    "reported": "signalées par quelqu’un",
    "robot": "saisies qui semblent automatiques",
    "comment": "décision de modération sur le commentaire",
    "checked": "vérifiées par une personne",
    "other": "autre raison",
}
MOST = 500
ASIDE = (SignatureState.QUARANTINED, SignatureState.INVALIDATED)
ACTS = {
    SignatureState.QUARANTINED: "signature.quarantined",
    SignatureState.INVALIDATED: "signature.invalidated",
    SignatureState.CONFIRMED: "signature.released",
}


def set_aside(session: Session, petition_id: int, ids: Collection[uuid.UUID], by: int | None, reason: str) -> int:
    """Until somebody has looked; returns how many moved. Raises Refused."""
    return _move(
        session, petition_id, ids, by, reason, before=(SignatureState.CONFIRMED,), after=SignatureState.QUARANTINED
    )


def invalidate(session: Session, petition_id: int, ids: Collection[uuid.UUID], by: int | None, reason: str) -> int:
    """For good, unless somebody puts them back; returns how many moved. Raises Refused."""
    before = SignatureState.CONFIRMED, SignatureState.QUARANTINED
    return _move(session, petition_id, ids, by, reason, before=before, after=SignatureState.INVALIDATED)


def put_back(
    session: Session,
    petition_id: int,
    ids: Collection[uuid.UUID],
    by: int | None,
    reason: str = "checked",
    *,
    before: tuple[str, ...] = ASIDE,
) -> int:
    """They count again, in the hour in which they were confirmed; returns how many moved. Raises Refused."""
    return _move(session, petition_id, ids, by, reason, before=before, after=SignatureState.CONFIRMED)


def _move(
    session: Session,
    petition_id: int,
    ids: Collection[uuid.UUID],
    by: int | None,
    reason: str,
    *,
    before: tuple[str, ...],
    after: SignatureState,
) -> int:
    if reason not in REASONS:
        raise Refused("Dites pourquoi.")
    if len(ids) > MOST:
        raise Refused("Au plus %(most)s signatures à la fois.", most=MOST)
    petition_queries.lock_shared(session, petition_id)  # it is not counted for good meanwhile
    petition_queries.hold_counting(session, [petition_id])
    queries.lock_in_order(session, petition_id, ids)
    now = clock.now()
    told: dict[Kind, list[Any]] = {}
    n = 0
    for state in before:
        for row in queries.move(session, petition_id, ids, state, after, now):
            if SignatureState.CONFIRMED in {state, after}:
                told.setdefault(_kind(row, after), []).append(row)
            audit.record(session, ACTS[after], "signature", row.id, by, petition=petition_id, reason=reason)
            n += 1
    for kind, rows in told.items():
        register.count(session, petition_id, kind, _people(session, petition_id, rows), now)
        if kind != Kind.CONFIRMED:
            queries.note_correction(session, petition_id, PERSONAL[kind] * len(rows), reason, now)
    if n:
        changed(session, petition_id)
    return n


def _kind(row: Any, after: SignatureState) -> Kind:
    """Who was never in the count, because somebody had to look first, comes into it now."""
    if after != SignatureState.CONFIRMED:
        return Kind.SET_ASIDE
    return Kind.RESTORED if row.place is not None else Kind.CONFIRMED


def _people(session: Session, petition_id: int, rows: Sequence[Any]) -> list[register.Person]:
    keys = petition_keys.of(session, petition_id)
    emails = open_fields(keys, [row.email_sealed for row in rows], [row.id for row in rows], "email")
    return [
        register.Person(row.id, email, row.text_version, clock.hour_of(row.confirmed_at))
        for row, email in zip(rows, emails, strict=True)
    ]
