"""To set aside: a signature that looks false counts no more, shows no more, and can be put back.

Who does what at the same moment to the same signature is decided by the database: each statement
moves only what is still in the state that it leaves, and the count follows the rows that moved.
"""

import uuid
from collections import Counter
from collections.abc import Collection
from datetime import datetime

from sqlalchemy.orm import Session

from app import audit, clock
from app.db import changed
from app.errors import Refused
from app.petitions import queries as petition_queries
from app.signatures import queries
from app.signatures.models import SignatureState

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
    petition_queries.hold_counting(session, [petition_id])
    queries.lock_in_order(session, petition_id, ids)
    now = clock.now()
    changes: Counter[tuple[datetime, int]] = Counter()
    n = 0
    for state in before:
        for signature_id, confirmed_at, version in queries.move(session, petition_id, ids, state, after, now):
            change = (after == SignatureState.CONFIRMED) - (state == SignatureState.CONFIRMED)
            changes[petition_queries.hour_of(confirmed_at), version] += change
            audit.record(session, ACTS[after], "signature", signature_id, by, petition=petition_id, reason=reason)
            n += 1
    petition_queries.add_to_count(session, petition_id, changes)
    if total := changes.total():  # from one way of not counting to another, there is nothing to tell
        queries.note_correction(session, petition_id, total, reason, now)
    if n:
        changed(session, petition_id)
    return n
