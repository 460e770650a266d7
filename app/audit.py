"""The audit journal: who did what to what, and when. Ids, never values."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Index, Integer, String
from sqlalchemy.orm import Mapped, Session, mapped_column

from app import clock
from app.db import Base


class AuditLine(Base):
    __tablename__ = "audit_line"
    __table_args__ = (Index(None, "at"), Index("ix_audit_line_target", "target", "target_id"))

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer(), "sqlite"), primary_key=True)
    at: Mapped[datetime]
    # None: the machine itself, or the operator's command line (see ``act``).
    account_id: Mapped[int | None]
    act: Mapped[str] = mapped_column(String(48))
    target: Mapped[str] = mapped_column(String(24))
    target_id: Mapped[str] = mapped_column(String(64))
    details: Mapped[dict[str, Any]]


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
