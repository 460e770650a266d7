"""The tables of the register. All of it is public, and for good, but for its news, which last a second.

No foreign key, as on the other tables that a crowd writes to.
"""

from datetime import datetime

from sqlalchemy import BigInteger, Index, Integer, SmallInteger, String, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base

BigId = BigInteger().with_variant(Integer(), "sqlite")
UNSIGNED = "size > signed_size"


class RegisterNews(Base):
    """What a transaction has changed of a count, a row a kind and version, until a job appends it to the log."""

    __tablename__ = "register_news"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    petition_id: Mapped[int]
    kind: Mapped[str] = mapped_column(String(16))
    hour: Mapped[datetime]
    version: Mapped[int]
    # Of each line; there are as many as commitments of 32 bytes, or one.
    change: Mapped[int]
    lines: Mapped[int]
    commitments: Mapped[bytes]
    # What stands after the hour where there is no commitment.
    rest: Mapped[str]


class RegisterHead(Base):
    """Where a petition's log ends, and what of it is signed: nothing beyond that is shown to anybody."""

    __tablename__ = "register_head"
    __table_args__ = (
        Index(
            "ix_register_head_unsigned",
            "petition_id",
            postgresql_where=text(UNSIGNED),
            sqlite_where=text(UNSIGNED),
        ),
    )

    petition_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    # The petition's address when its register began; "" for the log's origin before its first signature.
    name: Mapped[str] = mapped_column(unique=True)
    origin: Mapped[str]
    size: Mapped[int] = mapped_column(BigId)
    root: Mapped[bytes]
    # The changes added up, and those that are sheets of paper.
    total: Mapped[int]
    paper: Mapped[int]
    signed_size: Mapped[int] = mapped_column(BigId)
    # The checkpoint as it is served, and the key (vkey) that has signed it; "" before the first.
    note: Mapped[str]
    signed_by: Mapped[str]
    signed_at: Mapped[datetime | None]
    # Its petition is counted for good: nothing follows.
    closed: Mapped[bool]
    # A backup older than the published head was put back, the last time.
    rolled_back_at: Mapped[datetime | None]


class RegisterSum(Base):
    """What the lines of a kind have changed in all: the terms of the count."""

    __tablename__ = "register_sum"

    petition_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    change: Mapped[int]


class RegisterCosignature(Base):
    """The last head that a witness has signed: somebody elsewhere, who looks whether a log only grows."""

    __tablename__ = "register_cosignature"

    petition_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    # Its public key (vkey), with its name.
    witness: Mapped[str] = mapped_column(primary_key=True)
    size: Mapped[int] = mapped_column(BigId)
    root: Mapped[bytes]
    # As it stands below the head, and the time that it tells.
    line: Mapped[str]
    at: Mapped[datetime]


class RegisterTile(Base):
    """A tile of the tree, or (level −1) a bundle of entries; the last one of a level grows."""

    __tablename__ = "register_tile"

    petition_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    level: Mapped[int] = mapped_column(SmallInteger, primary_key=True, autoincrement=False)
    number: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    content: Mapped[bytes]


class RegisterPlace(Base):
    """Where the commitments are that begin with these eight bytes, read as a signed number: for receipts."""

    __tablename__ = "register_place"
    __table_args__ = ({"sqlite_with_rowid": False},)

    petition_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    beginning: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    position: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)


class RegisterCheckpoint(Base):
    """Heads that are kept, one an hour at most: for the feed, and to be compared one day."""

    __tablename__ = "register_checkpoint"
    __table_args__ = (Index(None, "at"),)

    petition_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    size: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    note: Mapped[str]
