"""A petition's keys: made when it opens, opened with the master key, destroyed at the end.

Held in each process, because every signature needs them, and asked for again after a minute: those
that were destroyed meanwhile are forgotten then.
"""

from dataclasses import dataclass
from time import monotonic

from sqlalchemy.orm import Session

from app import clock, crypto
from app.db import vault_of
from app.errors import Gone
from app.petitions.models import PetitionKeys

CACHE_SECONDS = 60
NAMES = ("data_key", "dedup_key", "evidence_key")


@dataclass(frozen=True)
class Keys:
    """``data`` seals, ``dedup`` recognises a second signature, ``evidence`` proves consent.

    ``register`` makes the secrets of the public register: derived from ``data``, it goes with it.
    """

    data: bytes
    dedup: bytes
    evidence: bytes
    register: bytes


def create(session: Session, petition_id: int) -> None:
    """Once: a petition whose publication was undone keeps the keys that nothing was sealed with."""
    if session.get(PetitionKeys, petition_id) is not None:
        return
    vault = vault_of(session)
    session.add(
        PetitionKeys(
            petition_id=petition_id,
            master=vault.master_id,
            created_at=clock.now(),
            **{name: vault.wrap(crypto.new_key(), _context(petition_id, name)) for name in NAMES},
        )
    )


def of(session: Session, petition_id: int) -> Keys:
    """Raises Gone when they were destroyed, Unsealable when the master key is not the right one."""
    cache: dict[int, tuple[float, Keys]] = vault_of(session).cache
    found = cache.get(petition_id)
    if found is not None and monotonic() - found[0] < CACHE_SECONDS:
        return found[1]
    row = session.get(PetitionKeys, petition_id)
    if row is None or row.data_key is None:
        cache.pop(petition_id, None)
        crypto.forget()
        raise Gone("Les données de cette pétition ont été effacées.")
    vault = vault_of(session)
    data, dedup, evidence = (
        vault.unwrap(getattr(row, name), row.master, _context(petition_id, name)) for name in NAMES
    )
    keys = Keys(data, dedup, evidence, crypto.derive(data, "register"))
    cache[petition_id] = (monotonic(), keys)
    return keys


def evidence(session: Session, petition_id: int) -> bytes | None:
    """The key that outlives the two others; None once it is destroyed as well. Raises Unsealable."""
    row = session.get(PetitionKeys, petition_id, populate_existing=True)
    if row is None or row.evidence_key is None:
        return None
    return vault_of(session).unwrap(row.evidence_key, row.master, _context(petition_id, "evidence_key"))


def check_all(session: Session) -> int:
    """Open every petition's keys; returns how many. Raises Unsealable."""
    vault = vault_of(session)
    rows = session.query(PetitionKeys).all()
    for row in rows:
        for name in NAMES:
            sealed = getattr(row, name)
            if sealed is not None:
                vault.unwrap(sealed, row.master, _context(row.petition_id, name))
    return len(rows)


def destroy(session: Session, petition_id: int, *, evidence: bool = False) -> bool:
    """Without its keys, what was sealed is unreadable, in every older backup too.

    The evidence key outlives the two others; True when it was there and is gone now.
    """
    vault_of(session).cache.pop(petition_id, None)
    crypto.forget()
    row = session.get(PetitionKeys, petition_id)
    if row is None:
        return False
    row.data_key = row.dedup_key = None
    had_evidence = row.evidence_key is not None
    if evidence:
        row.evidence_key = None
    return had_evidence and evidence


def rewrap(session: Session) -> int:
    """Seal every petition's keys with the present master key; no other row is touched."""
    vault = vault_of(session)
    rows = session.query(PetitionKeys).filter(PetitionKeys.master != vault.master_id).all()
    for row in rows:
        for name in NAMES:
            sealed = getattr(row, name)
            if sealed is not None:
                context = _context(row.petition_id, name)
                setattr(row, name, vault.wrap(vault.unwrap(sealed, row.master, context), context))
        row.master = vault.master_id
    return len(rows)


def _context(petition_id: int, name: str) -> str:
    return f"petition {petition_id} {name}"
