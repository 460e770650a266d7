"""Sheets, what is on them, and what was taken out of the count."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, one_of
from app.paper.choices import LINES, MOST_SHEETS, SheetReason


class SheetState(StrEnum):
    ISSUED = "issued"
    ENTERED = "entered"
    COUNTED = "counted"
    SET_ASIDE = "set_aside"


_S = SheetState
# What a sheet may become, and why.
MOVES = {
    (_S.ISSUED, _S.ENTERED): "somebody types how many signed on it",
    (_S.ENTERED, _S.COUNTED): "a second person finds the same number on it",
    (_S.ENTERED, _S.ISSUED): "that person finds another one, or whoever entered it begins again",
    (_S.COUNTED, _S.SET_ASIDE): "it should not have been counted, or not so many",
    (_S.SET_ASIDE, _S.ISSUED): "it is entered anew, to be checked anew",
}
WAITS = one_of("state", (_S.ENTERED,))


class Sheet(Base):
    """One printed sheet; the database decides that it is entered once, and counted by another person."""

    __tablename__ = "sheet"
    __table_args__ = (
        UniqueConstraint("petition_id", "number"),
        CheckConstraint(one_of("state", SheetState), name="state"),
        CheckConstraint(f"number BETWEEN 1 AND {MOST_SHEETS}", name="number"),
        CheckConstraint(f"signatures BETWEEN 1 AND {LINES}", name="signatures"),
        CheckConstraint("state = 'issued' OR signatures IS NOT NULL", name="entered"),
        CheckConstraint("checked_by <> entered_by", name="second_person"),
        Index("ix_sheet_waiting", "petition_id", postgresql_where=text(WAITS), sqlite_where=text(WAITS)),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    petition_id: Mapped[int] = mapped_column(ForeignKey("petition.id"))
    # From 1 in each petition, never given twice.
    number: Mapped[int]
    # Of the text that is printed on it.
    version: Mapped[int]
    state: Mapped[str] = mapped_column(String(12))
    issued_at: Mapped[datetime]
    issued_by: Mapped[int | None]
    # Where it says that it is to be brought.
    return_to: Mapped[str]
    # What was found on it: kept when it is entered anew, as what to start from.
    signatures: Mapped[int | None]
    entered_at: Mapped[datetime | None]
    entered_by: Mapped[int | None]
    checked_at: Mapped[datetime | None]
    checked_by: Mapped[int | None]
    # The second person has found another number.
    returned_at: Mapped[datetime | None]
    # Name of the sealed file (scans.py), and what is in it.
    scan: Mapped[str | None] = mapped_column(String(40))
    scan_kind: Mapped[str] = mapped_column(String(4), default="")
    scan_sha256: Mapped[str | None] = mapped_column(String(64))


class SheetLine(Base):
    """How many of a sheet's signers live where; "" abroad."""

    __tablename__ = "sheet_line"
    __table_args__ = (CheckConstraint(f"signatures BETWEEN 1 AND {LINES}", name="signatures"),)

    sheet_id: Mapped[int] = mapped_column(ForeignKey("sheet.id"), primary_key=True, autoincrement=False)
    postal_code: Mapped[str] = mapped_column(String(12), primary_key=True)
    # "" abroad, as for a signature.
    departement: Mapped[str] = mapped_column(String(3))
    signatures: Mapped[int]


class SheetCorrection(Base):
    """A dated line of the count: a sheet that was taken out of it. It stays, whatever becomes of the sheet."""

    __tablename__ = "sheet_correction"
    __table_args__ = (CheckConstraint(one_of("reason", SheetReason), name="reason"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    petition_id: Mapped[int] = mapped_column(ForeignKey("petition.id"), index=True)
    number: Mapped[int]
    signatures: Mapped[int]
    at: Mapped[datetime]
    reason: Mapped[str] = mapped_column(String(12))
    by_account: Mapped[int | None]
