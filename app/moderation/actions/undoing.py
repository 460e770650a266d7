"""Undoing within the minute: the effect and the mail go back together, and the journal says so."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from app import audit, clock
from app.accounts.models import Account
from app.comments import queries as comment_queries
from app.comments.models import CommentState
from app.db import changed
from app.errors import Conflict, NotFound
from app.moderation import queries
from app.moderation.actions import effects, informing, reviewing
from app.moderation.actions.deciding import UNDO_FOR
from app.moderation.models import Decision, Source, Target

TOO_LATE = "La minute est passée, le message est parti : prenez une nouvelle décision, elle remplacera celle-ci."


def undo(session: Session, decision_id: int, moderator: Account) -> list[Decision]:
    """Undo one's own decision, with those of its batch. Raises NotFound, Conflict (too late, changed since)."""
    decision = queries.lock_decision(session, decision_id)
    if decision is None or decision.moderator_id != moderator.id:
        raise NotFound("Cette décision n’existe pas, ou n’est pas la vôtre.")
    together: Sequence[Decision] = [decision]
    if decision.batch:
        together = queries.lock_batch(session, decision.batch)
    for one in together:
        _undo(session, one, moderator)
    return list(together)


def _undo(session: Session, decision: Decision, moderator: Account) -> None:
    now = clock.now()
    if decision.undone_at is not None:
        raise Conflict("Cette décision est déjà annulée.")
    if decision.source == Source.APPEAL:
        raise Conflict("Un recours jugé ne s’annule pas : la personne a reçu l’issue. Prenez une nouvelle décision.")
    if now - decision.decided_at >= UNDO_FOR:
        raise Conflict(TOO_LATE)
    standing = queries.standing(session, decision.target, decision.target_id, decision.revision)
    if standing is None or standing.id != decision.id:
        raise Conflict("Une autre décision a été prise depuis.")
    if not informing.hold_back(session, decision.mails):
        raise Conflict(TOO_LATE)
    if decision.target == Target.COMMENT:
        comment = comment_queries.lock(session, decision.target_id)
        if comment is None or comment.state == CommentState.WITHDRAWN:
            raise Conflict("L’auteur a repris son commentaire depuis.")
        effects.put_back(session, comment, decision)
        changed(session, comment.petition_id)
    elif decision.target == Target.PETITION:
        reviewing.put_back(session, decision)
    decision.undone_at = now
    queries.reopen_case(session, decision)
    queries.forget_second_look(session, decision.id)
    audit.record(session, "decision.undone", decision.target, decision.target_id, moderator.id, decision=decision.id)
    session.flush()
