"""The audit journal: who did what to what, and when. Ids, never values.

Its lines are *chained*: each is sealed with the seal of the one before it, by ``chain``.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Index, Integer, LargeBinary, String, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from app import clock
from app.db import Base

_BIG = BigInteger().with_variant(Integer(), "sqlite")


class AuditLine(Base):
    __tablename__ = "audit_line"
    __table_args__ = (
        Index(None, "at"),
        Index("ix_audit_line_target", "target", "target_id"),
        Index("ix_audit_line_position", "position", unique=True),
        Index(
            "ix_audit_line_unsealed",
            "id",
            postgresql_where=text("position IS NULL"),
            sqlite_where=text("position IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(_BIG, primary_key=True)
    at: Mapped[datetime]
    # None: the machine itself, or the operator's command line (see ``act``).
    account_id: Mapped[int | None]
    act: Mapped[str] = mapped_column(String(48))
    target: Mapped[str] = mapped_column(String(24))
    target_id: Mapped[str] = mapped_column(String(64))
    details: Mapped[dict[str, Any]]
    # Its place in the chain and its seal: given a few seconds later, then never changed.
    position: Mapped[int | None] = mapped_column(_BIG)
    seal: Mapped[bytes | None]


class AuditChain(Base):
    """One row: where the chain begins (what retention has let go) and where it ends."""

    __tablename__ = "audit_chain"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    # The last line that was deleted, and its seal, which the first one kept goes on from.
    anchor_position: Mapped[int] = mapped_column(_BIG)
    anchor_seal: Mapped[bytes] = mapped_column(LargeBinary)
    position: Mapped[int] = mapped_column(_BIG)
    seal: Mapped[bytes]
    # Says that anchor and head were set by us.
    proof: Mapped[bytes]
    sealed_at: Mapped[datetime]
    # The last time that every line was looked at, and the first that did not hold.
    verified_at: Mapped[datetime | None]
    broken_at: Mapped[int | None] = mapped_column(_BIG)


def record(session: Session, act: str, target: str, target_id: object, by: int | None = None, **details: Any) -> None:
    """Append one line in the caller's transaction; *details* are ids, counts and codes only."""
    session.add(
        AuditLine(
            at=clock.now(),
            account_id=by,
            act=act,
            target=target,
            target_id=str(target_id),
            details=details,
        )
    )
