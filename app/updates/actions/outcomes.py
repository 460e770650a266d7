"""The outcome of a petition, told by its organiser: always read by a moderator before everybody may."""

from sqlalchemy.orm import Session

from app import audit
from app.petitions import actions as petitions
from app.petitions import queries as petition_queries
from app.petitions.models import Petition, PetitionState
from app.petitions.outcomes import TITLES, Told
from app.updates import effects
from app.updates.actions.writing import post
from app.updates.models import Update, UpdateKind


def tell(
    session: Session,
    petition: Petition,
    told: Told,
    text: str,
    by: int | None,
    *,
    mail: bool = False,
    close: bool = False,
    review: bool | None = None,
) -> Update:
    """It appears once it has been read, as the news that it is; *close*: at once. Raises Conflict, Invalid, Refused."""
    petition_queries.lock(session, petition.id)
    effects.check_outcome(session, petition, told)
    if close and petition.state == PetitionState.OPEN:
        petitions.close(session, petition, by)
    title = TITLES[told.kind]
    update = post(
        session,
        petition,
        kind=UpdateKind.OUTCOME,
        title=title,
        text=text,
        by=by,
        mail=mail,
        facts=told.facts,
        review=review,
    )
    audit.record(session, "petition.outcome_told", "petition", petition.id, by, outcome=told.kind, update=update.id)
    return update
