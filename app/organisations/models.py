"""Organisations, their members, and the people whom they have invited."""

import uuid
from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.accounts.models import Account
from app.db import Base, one_of
from app.organisations.rights import Right


class Organisation(Base):
    __tablename__ = "organisation"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    # What the name looks like: no two organisations are taken for one another.
    look: Mapped[str] = mapped_column(unique=True)
    description: Mapped[str] = mapped_column(default="")
    site: Mapped[str] = mapped_column(default="")
    picture: Mapped[str | None]
    created_at: Mapped[datetime]


class Rights:
    """One column a right."""

    petitions: Mapped[bool]
    updates: Mapped[bool]
    signatures: Mapped[bool]
    members: Mapped[bool]

    @property
    def rights(self) -> frozenset[Right]:
        return frozenset(self.listed)

    @property
    def listed(self) -> list[Right]:
        """In the order in which they are said."""
        return [right for right in Right if getattr(self, right)]


class Membership(Rights, Base):
    __tablename__ = "membership"

    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), primary_key=True, index=True)
    accepted_at: Mapped[datetime]
    # None for whoever made the organisation.
    invited_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))

    organisation: Mapped[Organisation] = relationship(lazy="joined", innerjoin=True)
    account: Mapped[Account] = relationship(foreign_keys=[account_id], lazy="joined", innerjoin=True)


class InvitationState(StrEnum):
    PENDING = "pending"
    ACCEPTED = "accepted"
    REVOKED = "revoked"


_S = InvitationState
MOVES = {
    (_S.PENDING, _S.ACCEPTED): "whoever has the mail accepts",
    (_S.PENDING, _S.REVOKED): "a member takes it back, or whoever invited is not one any more",
}


class Invitation(Rights, Base):
    """Of one address, once at a time: inviting it again replaces this one. Gone after seven days."""

    __tablename__ = "invitation"
    __table_args__ = (
        CheckConstraint(one_of("state", InvitationState), name="state"),
        UniqueConstraint("organisation_id", "email"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    email: Mapped[str]
    state: Mapped[str] = mapped_column(String(16))
    invited_by: Mapped[int] = mapped_column(ForeignKey("account.id"))
    invited_at: Mapped[datetime] = mapped_column(index=True)

    organisation: Mapped[Organisation] = relationship(lazy="joined", innerjoin=True)

    @property
    def about(self) -> uuid.UUID:
        """What its mail is about: it is taken back with it."""
        return uuid.uuid5(uuid.NAMESPACE_OID, f"signons invitation {self.id}")
