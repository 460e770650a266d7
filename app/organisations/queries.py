"""Every SELECT about organisations: the only place that reads who is a member of which."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Select, delete, func, or_, select
from sqlalchemy.orm import Session

from app.accounts.models import Account
from app.organisations.models import Invitation, InvitationState, Membership, Organisation
from app.organisations.rights import Right


def by_slug(session: Session, slug: str) -> Organisation | None:
    return session.scalars(select(Organisation).where(Organisation.slug == slug)).one_or_none()


def slug_taken(session: Session, slug: str) -> bool:
    return session.scalar(select(Organisation.id).where(Organisation.slug == slug)) is not None


def look_taken(session: Session, look: str, besides: int = 0) -> bool:
    found = select(Organisation.id).where(Organisation.look == look, Organisation.id != besides)
    return session.scalar(found) is not None


def lock(session: Session, organisation_id: int) -> Organisation | None:
    """Its members and invitations are changed by one at a time."""
    return session.scalars(
        select(Organisation)
        .where(Organisation.id == organisation_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()


# Who may what


def with_right(account_id: int, right: Right | None = None) -> Select[int]:
    """The ids of the organisations where this account has *right*; where it is a member without one."""
    return select(Membership.organisation_id).where(Membership.account_id == account_id, *_has(right))


def _has(right: Right | None) -> tuple[ColumnElement[bool], ...]:
    return () if right is None else (getattr(Membership, right).is_(True),)


def in_charge() -> Select[int, int]:
    """(organisation, account) of those who write and set its petitions: they are told what is decided of them."""
    return select(Membership.organisation_id, Membership.account_id).where(*_has(Right.PETITIONS))


def with_rights(organisation_id: int | None, rights: Collection[Right]) -> Select[int]:
    """The ids of its members who have one of these."""
    return select(Membership.account_id).where(
        Membership.organisation_id == organisation_id, or_(*(getattr(Membership, right).is_(True) for right in rights))
    )


def where_may(session: Session, account_id: int, right: Right) -> Sequence[Organisation]:
    """Those where this account has *right*, in the order of the alphabet."""
    found = select(Organisation).where(Organisation.id.in_(with_right(account_id, right)))
    return session.scalars(found.order_by(func.lower(Organisation.name))).all()


def membership(session: Session, account_id: int, slug: str, right: Right | None = None) -> Membership | None:
    """Of this account in the organisation of that address, if it has *right* there."""
    return session.scalars(
        select(Membership)
        .join(Membership.organisation)
        .where(Organisation.slug == slug, Membership.account_id == account_id, *_has(right))
    ).one_or_none()


# Members


def member(session: Session, organisation_id: int, account_id: int) -> Membership | None:
    """As it is now; the organisation is locked by the caller."""
    return session.get(Membership, (organisation_id, account_id), populate_existing=True)


def members(session: Session, organisation_id: int) -> Sequence[Membership]:
    """The first who came first."""
    return session.scalars(
        select(Membership)
        .where(Membership.organisation_id == organisation_id)
        .order_by(Membership.accepted_at, Membership.account_id)
        .execution_options(populate_existing=True)
    ).all()


def memberships(session: Session, account_id: int) -> Sequence[Membership]:
    """Of one person, in the order of the alphabet."""
    return session.scalars(
        select(Membership)
        .join(Membership.organisation)
        .where(Membership.account_id == account_id)
        .order_by(func.lower(Organisation.name))
    ).all()


def numbers(session: Session, organisation_ids: Sequence[int]) -> dict[int, int]:
    """How many members each has."""
    rows = session.execute(
        select(Membership.organisation_id, func.count())
        .where(Membership.organisation_id.in_(organisation_ids))
        .group_by(Membership.organisation_id)
    )
    return dict(rows.all())


# Invitations


def invitation(session: Session, invitation_id: int) -> Invitation | None:
    return session.get(Invitation, invitation_id, populate_existing=True)


def of_address(session: Session, organisation_id: int, email: str) -> Invitation | None:
    return session.scalars(
        select(Invitation)
        .where(Invitation.organisation_id == organisation_id, Invitation.email == email)
        .execution_options(populate_existing=True)
    ).one_or_none()


def pending(session: Session, organisation_id: int, since: datetime, by: int | None = None) -> Sequence[Invitation]:
    """Those that may still be accepted, the newest first; of one member with *by*."""
    found = select(Invitation).where(
        Invitation.organisation_id == organisation_id,
        Invitation.state == InvitationState.PENDING,
        Invitation.invited_at > since,
    )
    if by is not None:
        found = found.where(Invitation.invited_by == by)
    return session.scalars(found.order_by(Invitation.invited_at.desc()).execution_options(populate_existing=True)).all()


def inviters(session: Session, invitations: Sequence[Invitation]) -> dict[int, str]:
    """Account → address of those who have sent these."""
    ids = {one.invited_by for one in invitations}
    return dict(session.execute(select(Account.id, Account.email).where(Account.id.in_(ids))).all())


def forget_address(session: Session, email: str) -> None:
    """Nobody has invited this address."""
    session.execute(delete(Invitation).where(Invitation.email == email.lower()))


def forget_invitations(session: Session, organisation_id: int) -> None:
    session.execute(delete(Invitation).where(Invitation.organisation_id == organisation_id))
