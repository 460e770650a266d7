"""Who may do what with a petition: the one place that says so. Everything that asks, asks here."""

from sqlalchemy.orm import Session

from app.accounts.models import Account
from app.organisations.rights import EVERY, Right
from app.petitions import queries
from app.petitions.models import Petition


def holds(session: Session, account: Account, petition: Petition, right: Right | None = None) -> bool:
    """It is theirs: an owner has every right, a member of its organisation those that were given.

    Without *right*, any of them: they see it on their desk.
    """
    return queries.holds(session, account.id, petition.id, right)


def may(session: Session, account: Account, petition: Petition, right: Right | None = None) -> bool:
    """It is theirs, or they see it as an administrator, who exports people only as exports/permissions says."""
    return account.role == "admin" or holds(session, account, petition, right)


def rights(session: Session, account: Account, petition: Petition) -> frozenset[Right]:
    """What its page lets this account do."""
    return frozenset(right for right in EVERY if may(session, account, petition, right))


def people(session: Session, petition: Petition, *rights: Right) -> set[int]:
    """The accounts of those whose it is by one of *rights*."""
    return queries.people(session, petition, rights)
