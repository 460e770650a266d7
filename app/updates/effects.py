"""What news change on their petition once everybody reads them: the last outcome told there is the petition's."""

from sqlalchemy.orm import Session

from app import audit, clock
from app.db import changed
from app.errors import Conflict, Invalid
from app.petitions import outcomes
from app.petitions.models import Outcome, Petition
from app.updates import queries
from app.updates.models import Update, UpdateKind

WAITS = "Une issue est déjà en route : rappelez-la d’abord, ou attendez qu’elle paraisse."
ANSWERED = "Une réponse des destinataires est publiée sur la page : ce n’est pas « sans réponse »."


def check_outcome(session: Session, petition: Petition, told: outcomes.Told) -> None:
    """It may be told now, *petition* being locked. Raises Conflict, Invalid."""
    if petition.state not in outcomes.TOLD_OF:
        raise Conflict("Cette pétition n’est pas en ligne : son issue ne paraîtrait nulle part.")
    if queries.outcome_under_way(session, petition.id) is not None:
        raise Conflict(WAITS)
    outcomes.check(petition, told, clock.now())
    if told.kind == Outcome.UNANSWERED and queries.is_answered(session, petition.id):
        raise Invalid({"kind": ANSWERED})


def come_or_gone(session: Session, update: Update) -> None:
    """*update* has just appeared on the page of its petition, which is locked, or left it."""
    if update.kind != UpdateKind.OUTCOME:
        return
    session.flush()
    petition = session.get_one(Petition, update.petition_id)
    last = queries.last_outcome(session, petition.id)
    outcomes.show(session, petition, outcomes.Told.of(last.facts) if last is not None else None)
    act = "petition.outcome_shown" if last is update else "petition.outcome_hidden"
    audit.record(session, act, "petition", petition.id, None, update=update.id)
    changed(session, petition.id)
