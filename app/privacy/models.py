"""Self-service sessions, what is left after the end of life, retention runs, requests."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, String
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, one_of


class SelfServiceSession(Base):
    """Half an hour for one address. The address is sealed with the cookie's own secret."""

    __tablename__ = "self_service_session"

    key: Mapped[bytes] = mapped_column(primary_key=True)
    email_sealed: Mapped[bytes]
    expires_at: Mapped[datetime] = mapped_column(index=True)


class Undo(Base):
    """What a withdrawal or an erasure took away, for a minute: sealed with a secret that only its page holds.

    Nobody else can open it, we neither; and nothing in it is needed by what counts, shows or writes meanwhile.
    """

    __tablename__ = "undo"

    key: Mapped[bytes] = mapped_column(primary_key=True)
    # Emptied by whoever undoes it.
    sealed: Mapped[bytes]
    # Whose decisions are forgotten when the minute is over: the database lets no such text come back.
    comments: Mapped[list[int]]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    undone_at: Mapped[datetime | None]


class SignatureAggregate(Base):
    """What stays of a petition's signatures: département × ISO week, small groups merged."""

    __tablename__ = "signature_aggregate"

    petition_id: Mapped[int] = mapped_column(primary_key=True)
    # "" for the merged groups.
    departement: Mapped[str] = mapped_column(String(3), primary_key=True)
    # 2026-W47, or "" for the merged groups.
    week: Mapped[str] = mapped_column(String(8), primary_key=True)
    signatures: Mapped[int]


class CountCheck(Base):
    """The last time that a petition's displayed count was compared with its rows and with its register."""

    __tablename__ = "count_check"

    petition_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    count: Mapped[int]
    # The last time that they agreed; earlier than ``at``: they differ.
    agreed_at: Mapped[datetime | None]


class RetentionRun(Base):
    """What the daily job did, table by table; kept for the operator."""

    __tablename__ = "retention_run"

    id: Mapped[int] = mapped_column(primary_key=True)
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None] = mapped_column(index=True)
    report: Mapped[dict[str, Any]]


class RequestState(StrEnum):
    OPEN = "open"
    ANSWERED = "answered"
    REFUSED = "refused"


_S = RequestState
CLOSING = (_S.ANSWERED, _S.REFUSED)
# What a request may become, and why.
MOVES = {
    (_S.OPEN, _S.ANSWERED): "it was satisfied",
    (_S.OPEN, _S.REFUSED): "it was not founded",
    (_S.ANSWERED, _S.REFUSED): "its end was noted wrongly",
    (_S.REFUSED, _S.ANSWERED): "its end was noted wrongly",
    (_S.ANSWERED, _S.OPEN): "its end was noted by mistake",
    (_S.REFUSED, _S.OPEN): "its end was noted by mistake",
}


class DataRequest(Base):
    """A request about personal data that came another way (letter, telephone, e-mail)."""

    __tablename__ = "data_request"
    __table_args__ = (
        CheckConstraint(one_of("state", RequestState), name="state"),
        CheckConstraint("channel IN ('letter', 'mail', 'phone', 'other')", name="channel"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    received_on: Mapped[date]
    # One month after reception (GDPR art. 12.3); staff are alerted at twenty days.
    due_on: Mapped[date]
    channel: Mapped[str] = mapped_column(String(8))
    # Who asks and what, sealed.
    request_sealed: Mapped[bytes]
    state: Mapped[str] = mapped_column(String(8))
    answer: Mapped[str]
    closed_at: Mapped[datetime | None]
    alerted_at: Mapped[datetime | None]
