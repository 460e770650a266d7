"""What news change on their petition once everybody reads them: the last outcome told there is the petition's."""

from sqlalchemy.orm import Session

from app import audit
from app.db import changed
from app.petitions import outcomes
from app.petitions.models import Petition
from app.updates import queries
from app.updates.models import Update, UpdateKind


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
