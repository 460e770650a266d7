"""Where a petition stands with the moderators, for its author: what happened, and what may be done."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from app.moderation import charter, links
from app.moderation.actions.proposing import may_propose
from app.moderation.models import Decision, DecisionKind
from app.moderation.queries import reviews
from app.petitions.models import Petition, PetitionState

STATES = {PetitionState.SUBMITTED: "submitted", PetitionState.DRAFT: "draft"}


def name_of(petition: Petition, decision: Decision | None) -> str:
    """``draft``, ``corrections``, ``submitted``, ``refused``, ``removed``; "" for what everybody may open.

    *decision*: the last one. A refusal that fell while its author wrote another text leaves that text to be proposed.
    """
    kind = decision.kind if decision is not None else ""
    if petition.state == PetitionState.REFUSED:
        return "removed" if petition.opened_at else "refused"
    if petition.state == PetitionState.DRAFT and kind == DecisionKind.CORRECT:
        return "corrections"
    return STATES.get(PetitionState(petition.state), "")


@dataclass(frozen=True)
class Standing:
    """``decision``: the last one. ``refusal``: what keeps it from the public, with its rule as its author was told."""

    name: str
    decision: Decision | None
    refusal: Decision | None
    rule: str
    why: str
    law: str
    submitted_at: datetime | None
    answer_by: datetime | None
    may_propose: bool
    contest_until: date | None

    @property
    def corrections(self) -> bool:
        """The last word was to correct, whether it was online before or not."""
        return self.decision is not None and self.decision.kind == DecisionKind.CORRECT

    @property
    def annulled(self) -> bool:
        return self.decision is not None and self.decision.kind == DecisionKind.RESTORE


def of(session: Session, petition: Petition) -> Standing:
    decision = reviews.latest(session, petition.id)
    refused = reviews.refusals(session, petition.id) if petition.state == PetitionState.REFUSED else []
    refusal = refused[-1] if refused else None
    said: dict[str, Any] = refusal.statement if refusal is not None else {}
    since = petition.submitted_at if petition.state == PetitionState.SUBMITTED else None
    return Standing(
        name_of(petition, decision),
        decision,
        refusal,
        rule=said.get("incompatible_content_ground") or said.get("illegal_content_legal_ground") or "",
        why=said.get("incompatible_content_explanation") or said.get("illegal_content_explanation") or "",
        law=_law(session, refusal) if refusal is not None else "",
        submitted_at=since,
        answer_by=since + reviews.ANSWERED_WITHIN if since is not None else None,
        may_propose=may_propose(session, petition),
        contest_until=links.appeal_until(refusal) if refusal is not None else None,
    )


def _law(session: Session, decision: Decision) -> str:
    version = charter.numbered(session, decision.charter_version)
    cited = [article for article in version.articles if article.n in decision.articles] if version else []
    return " ; ".join(article.law for article in cited if article.law)
