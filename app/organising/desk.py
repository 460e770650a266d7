"""What every page of one petition's desk shows: whose it is, and where else one may go."""

from typing import Any

from sqlalchemy.orm import Session

from app import clock
from app.accounts.models import Account
from app.organisations.rights import Right
from app.petitions import permissions, reopening
from app.petitions.models import Petition
from app.petitions.queries import PUBLIC_STATES


def of(session: Session, petition: Petition, account: Account) -> dict[str, Any]:
    """The context of ``organising/_nav.html``."""
    return {
        "slug": petition.slug,
        "title": petition.title,
        "path": f"/organisation/petitions/{petition.slug}",
        "online": petition.state in PUBLIC_STATES,
        "open": petition.state == "open",
        # Until when its closing can be undone, if it can.
        "reopened_until": reopening.until(session, petition, clock.now()),
        "rights": permissions.rights(session, account, petition),
        # By right, not as an administrator.
        "carries": permissions.holds(session, account, petition, Right.PETITIONS),
    }
