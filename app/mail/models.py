"""The outbox, what each address got lately, what came back, and the caught mails of the demo."""

import uuid
from datetime import date, datetime
from enum import IntEnum, StrEnum

from sqlalchemy import BigInteger, CheckConstraint, Index, Integer, SmallInteger, String, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, one_of


class MailState(StrEnum):
    WAITING = "waiting"
    SENT = "sent"
    ASIDE = "aside"
    CANCELLED = "cancelled"


_S = MailState
# What a mail may become, and why.
MOVES = {
    (_S.WAITING, _S.SENT): "the server has it",
    (_S.WAITING, _S.ASIDE): "it was refused for good, tried too often, or left too often without our knowing",
    (_S.WAITING, _S.CANCELLED): "what it would tell is undone, its address had enough, or nobody is there",
    (_S.ASIDE, _S.SENT): "another worker set it aside, and it had left after all",
}


# Spelled out for their indexes.
SET_ASIDE, STILL_WAITS = "state = 'aside'", "state = 'waiting'"


class Urgency(IntEnum):
    """Which mails leave first."""

    FIRST = 0
    USUAL = 1
    LAST = 2


class OutboxMail(Base):
    __tablename__ = "outbox_mail"
    __table_args__ = (
        CheckConstraint(one_of("state", MailState), name="state"),
        Index(
            "ix_outbox_mail_turn",
            "urgency",
            "send_after",
            postgresql_where=text(STILL_WAITS),
            sqlite_where=text(STILL_WAITS),
        ),
        Index("ix_outbox_mail_subject", "subject"),
        # The few that an operator is shown among a million that left.
        Index("ix_outbox_mail_aside", "id", postgresql_where=text(SET_ASIDE), sqlite_where=text(SET_ASIDE)),
    )

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer(), "sqlite"), primary_key=True)
    # Folder under templates/email/.
    template: Mapped[str] = mapped_column(String(64))
    urgency: Mapped[Urgency] = mapped_column(SmallInteger, default=Urgency.USUAL, server_default=text("1"))
    # The large provider of its address (destinations.py); none for any other, whose name may be a person's.
    destination: Mapped[str] = mapped_column(String(12), default="", server_default=text("''"))
    # Address and context, sealed with the outbox key; emptied when the mail has left.
    sealed: Mapped[bytes]
    # What it is about (a signature, a comment's signature): finds it for an erasure.
    subject: Mapped[uuid.UUID | None]
    state: Mapped[str] = mapped_column(String(12))
    created_at: Mapped[datetime]
    send_after: Mapped[datetime]
    attempts: Mapped[int]
    error: Mapped[str]
    sent_at: Mapped[datetime | None]


class MailBudget(Base):
    """What one address got in a day; see ``budget``."""

    __tablename__ = "mail_budget"
    # Keyed HMAC of the canonical address.
    key: Mapped[bytes] = mapped_column(primary_key=True)
    # Of the last mail.
    at: Mapped[datetime] = mapped_column(index=True)
    # Of the last twenty, newest first: ten digits each, Unix seconds.
    moments: Mapped[str]


class Bounce(StrEnum):
    """What a mail that came back says, or somebody who complains of one."""

    # Nobody is there, and nobody will be.
    HARD = "hard"
    # Not now: full, away.
    SOFT = "soft"
    # Refused because of us, or of what we wrote: not the address's fault.
    BLOCKED = "blocked"
    # Still tried by a server on the way.
    DELAYED = "delayed"
    # "This is spam."
    COMPLAINT = "complaint"
    # Of no mail of ours, as far as is proven; an answering machine; not understood.
    IGNORED = "ignored"


# Of an address, from the least to the most.
OF_ADDRESSES = (Bounce.SOFT, Bounce.HARD, Bounce.COMPLAINT)


class BouncedAddress(Base):
    """An address that mail does not reach, or that complained; see ``bounced``."""

    __tablename__ = "bounced_address"
    __table_args__ = (CheckConstraint(one_of("kind", OF_ADDRESSES), name="kind"),)

    # Keyed HMAC of the canonical address, under a key of its own.
    key: Mapped[bytes] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(12))
    first_at: Mapped[datetime]
    last_at: Mapped[datetime] = mapped_column(index=True)
    times: Mapped[int]
    # Days on which it was full or away, newest first: eight digits each.
    days: Mapped[str]
    # When something that its owner asked for last left all the same.
    tried_at: Mapped[datetime | None]


class BounceSeen(Base):
    """What came back and was counted: by two ways, or twice by one, it counts once."""

    __tablename__ = "bounce_seen"
    # Keyed HMAC of the message.
    key: Mapped[bytes] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)


class BounceCount(Base):
    """How many came back on a day."""

    __tablename__ = "bounce_count"
    day: Mapped[date] = mapped_column(primary_key=True)
    what: Mapped[str] = mapped_column(String(12), primary_key=True)
    n: Mapped[int]


class MailCount(Base):
    """How many left in an hour, see ``traffic``: the outbox forgets, and is too long to be counted for a page."""

    __tablename__ = "mail_count"
    hour: Mapped[datetime] = mapped_column(primary_key=True)
    n: Mapped[int]


class MailRoute(Base):
    """A large provider, the whole way out (""), or addresses with accents: what takes fewer mails than it was offered,
    or none."""

    __tablename__ = "mail_route"
    name: Mapped[str] = mapped_column(String(12), primary_key=True)
    # Since it began, and when it last said so.
    since: Mapped[datetime]
    at: Mapped[datetime]
    # Nothing goes there before; how many at once then.
    until: Mapped[datetime]
    room: Mapped[int]
    # Its last answer, without any address.
    words: Mapped[str]


class CaughtMail(Base):
    __tablename__ = "caught_mail"

    id: Mapped[int] = mapped_column(primary_key=True)
    recipient: Mapped[str]
    title: Mapped[str]
    source: Mapped[bytes]
    caught_at: Mapped[datetime]
    mail_subject: Mapped[uuid.UUID | None] = mapped_column(index=True)
