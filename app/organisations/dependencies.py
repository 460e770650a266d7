"""What a route may ask for: one's own place in the organisation of the address, and the right that the route needs."""

from collections.abc import Callable
from typing import Annotated

from fastapi import Depends

from app.accounts.dependencies import Organiser
from app.db import Db
from app.errors import NotFound
from app.organisations import queries
from app.organisations.actions.base import GONE
from app.organisations.models import Membership
from app.organisations.rights import Right


def _with(right: Right | None) -> Callable[..., Membership]:
    def own_membership(organisation: str, session: Db, organiser: Organiser) -> Membership:
        """Any other organisation does not exist, administrators included. Raises NotFound."""
        found = queries.membership(session, organiser.id, organisation, right)
        if found is None:
            raise NotFound(GONE)
        return found

    return own_membership


OwnMembership = Annotated[Membership, Depends(_with(None), scope="function")]
ManagingMembership = Annotated[Membership, Depends(_with(Right.MEMBERS), scope="function")]
