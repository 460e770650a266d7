"""Who may do what with the sheets of a petition, and until when."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from app.accounts.models import Account
from app.locale import Message, Spoken
from app.organisations.rights import Right
from app.paper import queries
from app.paper.models import Sheet, SheetState
from app.petitions import permissions
from app.petitions.models import Petition, PetitionState
from app.templating import long_date

# Sheets that were signed before the end are entered so long after it; what was entered then is checked a little later.
GRACE = timedelta(days=15)
CHECKED_LATE = timedelta(hours=48)
# Either lets its owner enter sheets, and check those of others.
RIGHTS = (Right.PETITIONS, Right.SIGNATURES)


def enters(session: Session, account: Account, petition: Petition) -> bool:
    """Asks for sheets and enters them: whose petition it is. An administrator sees them, and may stand in for one."""
    return any(permissions.holds(session, account, petition, right) for right in RIGHTS)


def people(session: Session, petition: Petition) -> set[int]:
    """The accounts that may."""
    return {one.id for one in permissions.holders(session, petition, RIGHTS)}


def left_alone(session: Session) -> list[tuple[Petition, int]]:
    """``(petition, how many sheets)`` that wait where nobody but who entered them may check: an administrator may."""
    return [(petition, n) for petition, n in queries.with_waiting(session) if len(people(session, petition)) < 2]


def checks(session: Session, account: Account, petition: Petition, sheet: Sheet) -> bool:
    """Never whoever entered it; an administrator where nobody else could."""
    if account.id == sheet.entered_by:
        return False
    if enters(session, account, petition):
        return True
    return account.role == "admin" and not people(session, petition) - {sheet.entered_by}


def sees_scan(session: Session, account: Account, petition: Petition, sheet: Sheet) -> bool:
    """Names are on it: for those who may export them, and for whoever has to check it."""
    if permissions.holds(session, account, petition, Right.SIGNATURES):
        return True
    return sheet.state == SheetState.ENTERED and checks(session, account, petition, sheet)


def entered_until(petition: Petition, now: datetime) -> datetime | None:
    """The last moment at which its sheets may be entered; None while nobody knows its end, or nothing is counted."""
    ended = petition.ended_at(now) or petition.closes_at
    return ended + GRACE if ended is not None else None


def closed(petition: Petition, now: datetime, late: timedelta = timedelta()) -> str:
    """Why no sheet of it is entered now, or "": a sentence."""
    if petition.state == PetitionState.DELIVERED:
        return (
            "Cette pétition est remise : le nombre qui a été remis ne change plus, les feuilles ne se saisissent plus."
        )
    if petition.state not in {PetitionState.OPEN, PetitionState.CLOSED} or petition.final_count is not None:
        return "Cette pétition n’est pas en ligne : ses feuilles ne se saisissent pas."
    until = entered_until(petition, now)
    if until is not None and until + late <= now:
        return Message(
            "Les feuilles se saisissaient jusqu’au %(day)s, quinze jours après la clôture : c’est passé.",
            day=Spoken(long_date, until),
        )
    return ""
