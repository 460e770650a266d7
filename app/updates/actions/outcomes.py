"""The outcome of a petition, told by its organiser: always read by a moderator before everybody may."""

from sqlalchemy.orm import Session

from app import audit, clock
from app.errors import Conflict, Invalid
from app.petitions import actions as petitions
from app.petitions import outcomes
from app.petitions import queries as petition_queries
from app.petitions.models import Outcome, Petition, PetitionState
from app.petitions.outcomes import TITLES, TOLD_OF, Told
from app.updates import queries
from app.updates.actions.writing import post
from app.updates.models import Update, UpdateKind

WAITS = "Une issue est déjà en route : rappelez-la d’abord, ou attendez qu’elle paraisse."
ANSWERED = "Une réponse des destinataires est publiée sur la page : ce n’est pas « sans réponse »."


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
    """It appears once it has been read, as the news that it is; *close*: at once. Raises Conflict, Invalid."""
    petition_queries.lock(session, petition.id)
    if petition.state not in TOLD_OF:
        raise Conflict("Cette pétition n’est pas en ligne : son issue ne paraîtrait nulle part.")
    if queries.outcome_under_way(session, petition.id) is not None:
        raise Conflict(WAITS)
    outcomes.check(petition, told, clock.now())
    if told.kind == Outcome.UNANSWERED and queries.is_answered(session, petition.id):
        raise Invalid({"kind": ANSWERED})
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
