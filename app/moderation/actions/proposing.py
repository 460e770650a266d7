"""Sending a petition to the moderators, as often as corrections are asked; after a refusal once, freely."""

from sqlalchemy.orm import Session

from app import audit, clock
from app.errors import Conflict, Refused
from app.mail import outbox
from app.moderation import emails, queries
from app.moderation.models import AppealOutcome, CaseOutcome
from app.moderation.queries import cases, reviews, workbench
from app.petitions.models import Petition, PetitionState

# Of one petition, since it was last online; then only an appeal is left.
MAX_REFUSALS = 2


def may_propose(session: Session, petition: Petition) -> bool:
    """It is its author's turn, and was not refused too often."""
    if petition.state not in {PetitionState.DRAFT, PetitionState.REFUSED}:
        return False
    return len(reviews.refusals(session, petition.id)) < MAX_REFUSALS


def submit(session: Session, petition: Petition, by: int | None = None) -> None:
    """Send a draft, or the corrected text of what was refused or taken down; its people are told when to expect what.

    Raises Conflict, Refused (refused twice, its last day passed).
    """
    session.flush()
    queries.lock_petition(session, petition.id)  # of two at once, the second finds it sent
    now = clock.now()
    if petition.state not in {PetitionState.DRAFT, PetitionState.REFUSED}:
        raise Conflict("Cette pétition est déjà envoyée ou publiée.")
    if not may_propose(session, petition):
        raise Refused("Cette pétition a été refusée deux fois : vous pouvez contester la décision.")
    if petition.opened_at is None and petition.closes_at is not None and petition.closes_at <= now:
        raise Refused("Le dernier jour choisi est passé : changez-le dans le brouillon, puis proposez la pétition.")
    _settle_the_past(session, petition)
    petition.state, petition.submitted_at = PetitionState.SUBMITTED, now
    petition.submissions += 1
    audit.record(session, "petition.submitted", "petition", petition.id, by, n=petition.submissions)
    context = {
        "title": petition.title,
        "again": petition.submissions > 1,
        "answer_by": (now + reviews.ANSWERED_WITHIN).isoformat(),
        "reading_path": f"/organisation/petitions/{petition.slug}/relecture",
    }
    outbox.enqueue(session, [emails.submitted(account, context) for account in petition.owners])


def _settle_the_past(session: Session, petition: Petition) -> None:
    """It is another text now: nobody has to look again at the one that was refused, nor to judge its refusal."""
    now = clock.now()
    workbench.drop_looks(session, [petition.id], "petition")
    for case in cases.open_cases(session, "petition", petition.id):
        case.closed_at, case.outcome = now, CaseOutcome.WITHDRAWN
    end_appeals(session, petition)


def end_appeals(session: Session, petition: Petition) -> None:
    """What its author contests is not what holds any more: there is nothing left to judge."""
    for appeal in reviews.lock_appeals(session, petition.id):
        appeal.outcome, appeal.judged_at = AppealOutcome.WITHDRAWN, clock.now()
        queries.release(session, "appeal", appeal.id)
        audit.record(session, "appeal.withdrawn", "petition", petition.id, None, appeal=appeal.id)
