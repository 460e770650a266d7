"""The journal of exports."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base

PURPOSES = ("delivery", "contact", "audit")


class ExportRecord(Base):
    __tablename__ = "export_record"
    __table_args__ = (CheckConstraint(f"purpose IN {PURPOSES}", name="purpose"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    petition_id: Mapped[int] = mapped_column(ForeignKey("petition.id"), index=True)
    purpose: Mapped[str] = mapped_column(String(12))
    # None: exported by the operator on the command line.
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    started_at: Mapped[datetime]
    # Null until the last byte was produced: an interrupted export stays visible as such.
    finished_at: Mapped[datetime | None]
    rows: Mapped[int | None]
    sha256: Mapped[str | None] = mapped_column(String(64))
