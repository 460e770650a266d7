"""Accounts and their sessions."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.db import Base

ROLES = ("organiser", "moderator", "admin")


class Account(Base):
    __tablename__ = "account"
    __table_args__ = (CheckConstraint("role IN ('organiser', 'moderator', 'admin')", name="role"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(unique=True)
    role: Mapped[str] = mapped_column(String(16))
    password_hash: Mapped[str]
    # Sealed TOTP secret; None only for the accounts of the local demo.
    totp_sealed: Mapped[bytes | None]
    # Last 30-second step that was accepted: a code works once.
    totp_step: Mapped[int] = mapped_column(default=0)
    failures: Mapped[int] = mapped_column(default=0)
    locked_until: Mapped[datetime | None]
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime | None]
    disabled_at: Mapped[datetime | None]
    # When the coming end of an idle account was announced.
    warned_at: Mapped[datetime | None]

    @property
    def has_ended(self) -> bool:
        """Forgotten: nobody signs in here again."""
        return not self.password_hash

    def is_locked(self, now: datetime) -> bool:
        return self.locked_until is not None and now < self.locked_until


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
    account: Mapped[Account] = relationship(lazy="joined", innerjoin=True)
