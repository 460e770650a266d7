"""SELECTs about the review of petitions: what was decided, remarked, refused, contested."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session, selectinload

from app.moderation.models import (
    Appeal,
    AppealOutcome,
    Decision,
    DecisionKind,
    PetitionRemark,
    ReviewedPetition,
    Target,
)
from app.moderation.queries.waiting import TARGETS
from app.petitions import queries as petition_queries
from app.petitions.models import Petition

# What authors are told to expect.
ANSWERED_WITHIN: timedelta = TARGETS["petition"][0]


def decisions(session: Session, petition_id: int) -> Sequence[Decision]:
    """Those that hold or held, the undone ones left out, the last one last."""
    return session.scalars(
        select(Decision)
        .where(Decision.target == Target.PETITION, Decision.target_id == petition_id, Decision.undone_at.is_(None))
        .order_by(Decision.id)
        .options(selectinload(Decision.moderator))
    ).all()


def latest(session: Session, petition_id: int) -> Decision | None:
    """The last decision on a petition, whatever its text was then."""
    return session.scalars(
        select(Decision)
        .where(Decision.target == Target.PETITION, Decision.target_id == petition_id, Decision.undone_at.is_(None))
        .order_by(Decision.id.desc())
        .limit(1)
    ).one_or_none()


def remarks(session: Session, petition: Petition) -> Sequence[PetitionRemark]:
    """What the last decision asked to correct, in the order of the page; none once another was taken."""
    found = latest(session, petition.id)
    return remarks_of(session, [found.id])[found.id] if found is not None else []


def remarks_of(session: Session, decision_ids: Sequence[int]) -> dict[int, list[PetitionRemark]]:
    """Decision → its remarks."""
    found: dict[int, list[PetitionRemark]] = {decision_id: [] for decision_id in decision_ids}
    rows = select(PetitionRemark).where(PetitionRemark.decision_id.in_(decision_ids)).order_by(PetitionRemark.id)
    for row in session.scalars(rows):
        found[row.decision_id].append(row)
    return found


def reviewed(session: Session, decision_id: int) -> dict[str, Any] | None:
    """The petition as it was when this was decided; None for a publication, or before it was kept."""
    return session.scalar(select(ReviewedPetition.content).where(ReviewedPetition.decision_id == decision_id))


def refusals(session: Session, petition_id: int) -> Sequence[Decision]:
    """Those that refused it or took it down since it was last let online, the last one last."""
    of_petition = (
        Decision.target == Target.PETITION,
        Decision.target_id == petition_id,
        Decision.undone_at.is_(None),
    )
    online = (
        select(func.coalesce(func.max(Decision.id), 0))
        .where(*of_petition, Decision.kind.in_([DecisionKind.PUBLISH, DecisionKind.RESTORE]))
        .scalar_subquery()
    )
    refused = Decision.kind.in_([DecisionKind.REFUSE, DecisionKind.REMOVE])
    return session.scalars(
        select(Decision).where(*of_petition, refused, Decision.id > online).order_by(Decision.id)
    ).all()


def lock_appeals(session: Session, petition_id: int) -> Sequence[Appeal]:
    """Its author's that nobody has judged yet."""
    decided = select(Decision.id).where(Decision.target == Target.PETITION, Decision.target_id == petition_id)
    return session.scalars(
        select(Appeal)
        .where(Appeal.outcome == AppealOutcome.OPEN, Appeal.appellant == "author", Appeal.decision_id.in_(decided))
        .order_by(Appeal.id)
        .with_for_update()
    ).all()


def record(session: Session, petition: Petition, limit: int = 20) -> list[tuple[Petition, Decision | None]]:
    """What else the people of this petition have proposed here, and the last decision on each; the newest first."""
    found = petition_queries.of_the_same_people(session, petition, limit)
    rows = session.scalars(
        select(Decision)
        .where(
            Decision.target == Target.PETITION,
            Decision.target_id.in_([other.id for other in found]),
            Decision.undone_at.is_(None),
        )
        .order_by(Decision.id)
    )
    last = {row.target_id: row for row in rows}
    return [(other, last.get(other.id)) for other in found]
