"""The mail and the statement that a decision would send, before it is taken: nothing is kept."""

from typing import Any

from sqlalchemy.orm import Session

from app import clock
from app.accounts.models import Account
from app.comments import queries as comment_queries
from app.comments.models import Comment
from app.errors import Invalid, NotFound
from app.moderation import charter
from app.moderation.actions.deciding import new_decision
from app.moderation.actions.informing import decision_context
from app.moderation.actions.judgment import Judgment, reasons_for
from app.moderation.models import Source, Target
from app.moderation.statements import statement
from app.petitions.models import Petition
from app.zone import ZONE


def preview(
    session: Session, comment_id: int, judgment: Judgment, moderator: Account, *, lenient: bool = False
) -> dict[str, Any]:
    """What the author would read. Raises NotFound, and Invalid unless *lenient* (then ``errors``)."""
    comment = session.get(Comment, comment_id)
    if comment is None:
        raise NotFound("Ce commentaire n’existe pas, ou plus.")
    petition = session.get_one(Petition, comment.petition_id)
    revision = comment_queries.revision(session, comment)
    in_force = charter.in_force(session, revision.created_at)
    about = {"id": comment.id, "text": comment.text, "version": comment.version, "title": petition.title}
    try:
        reasons = reasons_for(judgment, in_force, comment.text)
    except Invalid as invalid:
        if not lenient:
            raise
        return {**about, "errors": invalid.errors, "passage": judgment.passage, "told": None}
    now = clock.now()
    decision = new_decision(
        now,
        judgment,
        reasons,
        target=Target.COMMENT,
        target_id=comment.id,
        revision=comment.revision,
        charter_version=in_force.number,
        moderator_id=moderator.id,
        decider=moderator.id,
        source=Source.OWN,
    )
    written_on = comment.created_at.astimezone(ZONE).date()
    about_petition = f"sur la pétition « {petition.title} »"
    decision.statement = statement(decision, reasons.cited, written_on, comment.locale, about_petition)
    told = decision_context(session, decision)
    return {**about, "errors": {}, "passage": reasons.passage, "told": told, "statement": decision.statement}
