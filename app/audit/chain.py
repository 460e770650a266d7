"""The chain of the journal: no line is changed, taken out or moved without its being seen.

A *seal* is a keyed digest of a line, of its place and of the seal before it; the key is not in the
database. Lines are sealed a few seconds after they were written, by one process at a time, in the
order in which they are found: whoever writes a line waits for nobody, and a line that becomes visible
late is sealed late. What a stranger could still do is to put back an earlier state of the whole
journal: so the *head* (place and seal of the last line) is also written in the log and in backups.
"""

import json
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Text, delete, func, select, type_coerce, update
from sqlalchemy.orm import Session

from app import clock, crypto
from app.audit import AuditChain, AuditLine
from app.bulk import insert_rows
from app.db import vault_of

BATCH = 1000
_THE_ONE = 1
# As it is kept, the details as their text.
_LINES = select(
    AuditLine.position,
    AuditLine.seal,
    AuditLine.id,
    AuditLine.at,
    AuditLine.account_id,
    AuditLine.act,
    AuditLine.target,
    AuditLine.target_id,
    type_coerce(AuditLine.details, Text).label("details"),
)


def begin(session: Session) -> None:
    """The chain's row, where there is none yet: nothing sealed, nothing deleted."""
    ends = {"anchor_position": 0, "anchor_seal": b"", "position": 0, "seal": b""}
    proof = _proof(session, AuditChain(**ends))
    insert_rows(
        session,
        AuditChain.__table__,
        [{"id": _THE_ONE, **ends, "proof": proof, "sealed_at": clock.now()}],
        unless="id",
    )


def has_unsealed(session: Session) -> bool:
    return session.scalar(select(AuditLine.id).where(AuditLine.position.is_(None)).limit(1)) is not None


def seal_some(session: Session, limit: int = BATCH) -> int:
    """Seal at most *limit* lines; 0 when there is none left, or when another process is at it."""
    chain = _locked(session, wait=False)
    return _seal_some(session, chain, limit) if chain is not None else 0


def _locked(session: Session, *, wait: bool) -> AuditChain | None:
    """The chain's row, which whoever seals or shortens holds. Those who write lines never touch it."""
    query = select(AuditChain).with_for_update(skip_locked=not wait).execution_options(populate_existing=True)
    return session.scalars(query).one_or_none()


def _seal_some(session: Session, chain: AuditChain, limit: int) -> int:
    query = _LINES.where(AuditLine.position.is_(None)).order_by(AuditLine.id).limit(limit)
    key, sealed = vault_of(session).audit, []
    for line in session.execute(query):
        chain.position += 1
        chain.seal = _seal(key, chain.seal, chain.position, line)
        sealed.append({"id": line.id, "position": chain.position, "seal": chain.seal})
    if sealed:
        session.execute(update(AuditLine), sealed)
        chain.sealed_at = clock.now()
        chain.proof = _proof(session, chain)
        session.flush()
    return len(sealed)


def _seal(key: bytes, before: bytes, position: int, line: Any) -> bytes:
    said = [position, line.id, line.at.isoformat(), line.account_id, line.act, line.target, line.target_id]
    return crypto.digest(key, before, json.dumps([*said, line.details]).encode())


def _proof(session: Session, chain: AuditChain) -> bytes:
    ends = [chain.anchor_position, chain.anchor_seal.hex(), chain.position, chain.seal.hex()]
    return crypto.digest(vault_of(session).audit, b"ends", json.dumps(ends).encode())


def shorten(session: Session, cutoff: datetime, limit: int) -> int:
    """Delete at most *limit* lines of *cutoff* or before, from the chain's beginning; how many went.

    The seal of the last one stays as the anchor of those that follow. A line dated in the future (a
    clock that was wrong, ``retention run --at``) holds up none of those behind it.
    """
    chain = _locked(session, wait=True)
    if chain is None:
        return 0
    while _seal_some(session, chain, BATCH):
        pass
    young = (AuditLine.at > cutoff) & (AuditLine.at <= clock.now())
    first_kept = session.scalar(select(func.min(AuditLine.position)).where(young))
    old = select(AuditLine.position, AuditLine.seal).order_by(AuditLine.position).limit(limit)
    if first_kept is not None:
        old = old.where(AuditLine.position < first_kept)
    going = session.execute(old).all()
    if not going:
        return 0
    position, seal = going[-1]
    assert position is not None and seal is not None  # noqa: PT018 everything is sealed by now
    chain.anchor_position, chain.anchor_seal = position, seal
    chain.proof = _proof(session, chain)
    session.flush()
    session.execute(delete(AuditLine).where(AuditLine.position <= chain.anchor_position))
    return len(going)


@dataclass(frozen=True)
class Head:
    """The last sealed line: what is noted elsewhere to be compared one day."""

    position: int
    seal: bytes

    @classmethod
    def read(cls, text: str) -> "Head":
        """What ``str`` has written. Raises ValueError."""
        position, _, seal = text.strip().partition(":")
        found = cls(int(position), bytes.fromhex(seal))
        if not 0 <= found.position < 2**63:
            raise ValueError("no such line")
        return found

    def __str__(self) -> str:
        return f"{self.position}:{self.seal.hex()}"


@dataclass(frozen=True)
class State:
    """What a look at the whole chain has found."""

    head: Head
    sealed: int
    unsealed: int
    sealed_at: datetime | None
    # The first place where it does not hold; None when it does.
    broken_at: int | None = None


def head(session: Session) -> Head:
    row = session.execute(select(AuditChain.position, AuditChain.seal)).one_or_none()
    return Head(*row) if row is not None else Head(0, b"")


def has(session: Session, noted: Head) -> bool:
    """True when the chain holds what was noted, or has let that line go at the end of its retention."""
    anchor = session.scalar(select(AuditChain.anchor_position)) or 0
    if noted.position <= anchor:
        return True
    return session.scalar(select(AuditLine.seal).where(AuditLine.position == noted.position)) == noted.seal


def look(session: Session) -> State:
    """Every line, from the anchor to the head; *session* has read nothing yet."""
    if session.get_bind().dialect.name == "postgresql":
        session.connection(execution_options={"isolation_level": "REPEATABLE READ"})  # one moment
    unsealed = session.scalar(select(func.count()).where(AuditLine.position.is_(None))) or 0
    chain = session.scalars(select(AuditChain)).one_or_none()
    if chain is None:
        return State(Head(0, b""), 0, unsealed, None, broken_at=0)
    end = Head(chain.position, chain.seal)
    sealed, broken = _walk(session, chain)
    if broken is None and chain.proof != _proof(session, chain):
        broken = chain.position
    return State(end, sealed, unsealed, chain.sealed_at, broken)


def _walk(session: Session, chain: AuditChain) -> tuple[int, int | None]:
    """How many lines hold, and the place of the first that does not."""
    key, position, seal, n = vault_of(session).audit, chain.anchor_position, chain.anchor_seal, 0
    query = _LINES.where(AuditLine.position.is_not(None)).order_by(AuditLine.position)
    with closing(session.execute(query, execution_options={"yield_per": BATCH})) as lines:
        for line in lines:
            position += 1
            seal = _seal(key, seal, position, line)
            if (line.position, line.seal) != (position, seal):
                return n, position
            n += 1
    return n, position + 1 if (position, seal) != (chain.position, chain.seal) else None


def note_look(session: Session, found: State) -> None:
    """Keep what was found for the journal's page."""
    session.execute(update(AuditChain).values(verified_at=clock.now(), broken_at=found.broken_at))


def row(session: Session) -> AuditChain | None:
    """Anchor, head, and what the last look has found."""
    return session.scalars(select(AuditChain)).one_or_none()
