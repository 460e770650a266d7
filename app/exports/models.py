"""The journal of exports, and what administrators allow each other."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, false, text
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
    # Of a pack: the whole count of its moment, on paper too; None of other files.
    counted: Mapped[int | None]
    sha256: Mapped[str | None] = mapped_column(String(64))
    format: Mapped[str] = mapped_column(String(8), default="csv", server_default="csv")
    # In the words of whoever made it; "" for a program that gave none.
    reason: Mapped[str] = mapped_column(default="", server_default=text("''"))
    # Only what an earlier file, begun at this moment, had not; None: the whole.
    since: Mapped[datetime | None]
    # The file may be fetched until then, once; None once it is, and of files that were answered at once.
    waits_until: Mapped[datetime | None]
    # The others in charge were written to.
    told: Mapped[bool] = mapped_column(default=False, server_default=false())


class ExportPermission(Base):
    """An administrator asks another for an export of a petition that is not theirs, and says why."""

    __tablename__ = "export_permission"
    __table_args__ = (
        CheckConstraint("purpose IN ('delivery', 'contact')", name="purpose"),
        CheckConstraint("answered_by <> asked_by", name="two_people"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    petition_id: Mapped[int] = mapped_column(ForeignKey("petition.id"), index=True)
    purpose: Mapped[str] = mapped_column(String(12))
    reason: Mapped[str]
    asked_by: Mapped[int] = mapped_column(ForeignKey("account.id"))
    asked_at: Mapped[datetime]
    answered_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    answered_at: Mapped[datetime | None]
    granted: Mapped[bool]
