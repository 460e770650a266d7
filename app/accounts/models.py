"""Accounts and their sessions."""

import uuid
from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.db import Base

ROLES = ("organiser", "moderator", "admin")


class Account(Base):
    __tablename__ = "account"
    __table_args__ = (CheckConstraint("role IN ('organiser', 'moderator', 'admin')", name="role"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(unique=True)
    role: Mapped[str] = mapped_column(String(16))
    # "" for whoever comes in by passkeys alone.
    password_hash: Mapped[str]
    # Sealed TOTP secret; None where passkeys alone open, and for the accounts of the local demo.
    totp_sealed: Mapped[bytes | None]
    # Last 30-second step that was accepted: a code works once.
    totp_step: Mapped[int] = mapped_column(default=0)
    # When the last mailed link that served ends: it, and those sent before it, open nothing more.
    link_served: Mapped[datetime | None]
    # When a change of address was last settled: links about one that were sent before open nothing more.
    address_settled: Mapped[datetime | None]
    # When an earlier address last said no: what was written to any address before that opens nothing.
    vetoed_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime | None]
    disabled_at: Mapped[datetime | None]
    # Of the pages where it last signed in: its mails are written in it.
    locale: Mapped[str] = mapped_column(String(2), default="fr", server_default="fr")
    # When the coming end of an idle account was announced.
    warned_at: Mapped[datetime | None]

    @property
    def about(self) -> uuid.UUID:
        """What mails to this account are about: counts them, and takes them back when it ends."""
        return uuid.UUID(int=self.id)

    @property
    def has_ended(self) -> bool:
        """Forgotten, its address too: nobody signs in here again."""
        return "@" not in self.email

    @property
    def is_demo(self) -> bool:
        """A password and nothing else: it opens a local instance only, and nobody reads its mail."""
        return bool(self.password_hash) and self.totp_sealed is None


class StaffSession(Base):
    __tablename__ = "staff_session"

    # SHA-256 of the 256-bit id in the cookie: the table alone opens nothing.
    key: Mapped[bytes] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    # False between the password and the second factor.
    complete: Mapped[bool]
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    # When password or code was last given: what is grave asks again after a while.
    proved_at: Mapped[datetime]
    # What the browser says it is, in a word each, "" when it is none that we know.
    browser: Mapped[str] = mapped_column(String(16))
    system: Mapped[str] = mapped_column(String(16))
    # Keyed digest of the network: tells "the same network as now", and nothing else.
    network: Mapped[bytes]
    # Whose failures count together with those of the code (see SignInThrottle), and whether it is trusted.
    origin: Mapped[bytes]
    trusted: Mapped[bool]
    account: Mapped[Account] = relationship(lazy="joined", innerjoin=True)


class SignInThrottle(Base):
    """Failures on one account from one origin: a network, a browser that has been here, a mailed link.

    Other origins are not closed by them. Those of every network together count under the origin b"".
    """

    __tablename__ = "sign_in_throttle"

    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), primary_key=True)
    # Keyed digest: the table tells neither the network nor the browser.
    origin: Mapped[bytes] = mapped_column(primary_key=True)
    failures: Mapped[int]
    since: Mapped[datetime] = mapped_column(index=True)
    closed_until: Mapped[datetime | None]

    def is_closed(self, now: datetime) -> bool:
        return self.closed_until is not None and now < self.closed_until


class RecoveryCode(Base):
    """One of ten: stands for the code of the application, once."""

    __tablename__ = "recovery_code"

    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), primary_key=True)
    # Keyed digest: without the key, which is not in the database, nothing can be tried.
    digest: Mapped[bytes] = mapped_column(primary_key=True)
    made_at: Mapped[datetime]


class Passkey(Base):
    """What a telephone, a computer or a security key holds the secret of: two factors in one gesture."""

    __tablename__ = "passkey"

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    credential_id: Mapped[bytes] = mapped_column(unique=True)
    public_key: Mapped[bytes]
    # As the authenticator counts; 0 for ever where it does not.
    sign_count: Mapped[int] = mapped_column(BigInteger)
    # How the browser may reach it: "internal", "hybrid", "usb"…
    transports: Mapped[list[str]]
    # Given by its owner.
    name: Mapped[str] = mapped_column(String(60))
    created_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    # When the last challenge that served was made: it, and those made before it, serve no more.
    challenged_at: Mapped[datetime]
