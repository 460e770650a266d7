"""What a decision does, and how it is put back when it is undone."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from app.comments.models import Comment, CommentState
from app.moderation import queries
from app.moderation.actions.judgment import Reasons
from app.moderation.models import AuthorLimit, Decision, DecisionKind, Source
from app.petitions import actions as petition_actions
from app.petitions.models import Petition
from app.signatures import actions as signature_actions
from app.signatures import queries as signature_queries
from app.signatures.models import Signature, SignatureState

STATES = {
    DecisionKind.PUBLISH: CommentState.PUBLISHED,
    DecisionKind.REFUSE: CommentState.REFUSED,
    DecisionKind.REMOVE: CommentState.REMOVED,
    DecisionKind.RESTORE: CommentState.PUBLISHED,
}


def snapshot(session: Session, comment: Comment) -> dict[str, Any]:
    """What there was before, to put back."""
    signature = _signature(session, comment)
    return {
        "state": comment.state,
        "masks": comment.masks,
        "tombstone": comment.tombstone,
        "decided_at": comment.decided_at.isoformat() if comment.decided_at else None,
        "comments_open": session.get_one(Petition, comment.petition_id).comments_open,
        "limited": comment.signature_id is not None
        and queries.limit(session, comment.petition_id, comment.signature_id) is not None,
        "signature": signature.state if signature is not None else None,
    }


def apply(session: Session, comment: Comment, decision: Decision, reasons: Reasons) -> None:
    """Carry out every effect of *decision*, which is flushed."""
    comment.state = STATES.get(DecisionKind(decision.kind), comment.state)
    comment.version += 1
    comment.decided_at = decision.decided_at
    queries.release(session, "comment", comment.id)
    if "mask" in decision.effects:
        kept = [mask for mask in comment.masks if (mask["start"], mask["end"]) not in reasons.spans]
        comment.masks = sorted(
            [*kept, *({"start": s, "end": e, "article": decision.article} for s, e in reasons.spans)],
            key=lambda mask: (mask["start"], mask["end"]),
        )
    elif decision.kind in {DecisionKind.RESTORE, DecisionKind.KEEP} and decision.source == Source.APPEAL:
        comment.masks = []
    comment.tombstone = None if decision.kind != DecisionKind.REMOVE else tombstone(decision)
    if "close_thread" in decision.effects:
        petition = session.get_one(Petition, comment.petition_id)
        petition_actions.set_comments_open(session, petition, False, decision.moderator_id)
    if "limit_author" in decision.effects and comment.signature_id is not None:
        _limit(session, comment, decision)
    if "quarantine" in decision.effects:
        _move_signature(session, comment, SignatureState.CONFIRMED, SignatureState.QUARANTINED, decision.moderator_id)
    if decision.kind == DecisionKind.RESTORE:
        _lift(session, comment, decision)


def tombstone(decision: Decision, appeal: bool = False) -> dict[str, Any]:
    """What stands in the place of a removed comment: no author, no text."""
    return {
        "article": decision.article,
        "ground": decision.ground,
        "at": decision.decided_at.isoformat(),
        "appeal": appeal,
    }


def put_back(session: Session, comment: Comment, decision: Decision) -> None:
    """As it was before *decision*."""
    before = decision.before
    comment.state = before["state"]
    comment.masks = before["masks"]
    comment.tombstone = before["tombstone"]
    comment.decided_at = datetime.fromisoformat(before["decided_at"]) if before["decided_at"] else None
    comment.version += 1
    petition = session.get_one(Petition, comment.petition_id)
    if before["comments_open"] != petition.comments_open:
        petition_actions.set_comments_open(session, petition, before["comments_open"], decision.moderator_id)
    if comment.signature_id is not None and "limit_author" in decision.effects and not before["limited"]:
        queries.lift_limit(session, comment.petition_id, comment.signature_id)
    if "quarantine" in decision.effects and before["signature"] == SignatureState.CONFIRMED:
        _move_signature(session, comment, SignatureState.QUARANTINED, SignatureState.CONFIRMED, decision.moderator_id)
    if decision.kind == DecisionKind.RESTORE:
        if limiting := _held(session, comment, decision, "limit_author"):
            _limit(session, comment, limiting)
        if _held(session, comment, decision, "quarantine"):
            _move_signature(
                session, comment, SignatureState.CONFIRMED, SignatureState.QUARANTINED, decision.moderator_id
            )


def _limit(session: Session, comment: Comment, decision: Decision) -> None:
    assert comment.signature_id is not None
    if queries.limit(session, comment.petition_id, comment.signature_id) is None:
        session.add(
            AuthorLimit(
                petition_id=comment.petition_id,
                signature_id=comment.signature_id,
                decision_id=decision.id,
                created_at=decision.decided_at,
            )
        )


def _lift(session: Session, comment: Comment, restored: Decision) -> None:
    """A restored comment gives its author back what moderation took; the fraud desk's acts stay."""
    if comment.signature_id is not None and _held(session, comment, restored, "limit_author"):
        queries.lift_limit(session, comment.petition_id, comment.signature_id)
    if _held(session, comment, restored, "quarantine"):
        _move_signature(session, comment, SignatureState.QUARANTINED, SignatureState.CONFIRMED, restored.moderator_id)


# What a decision has found when its effect on the author is its own, not somebody's before it.
_UNTOUCHED = {"limit_author": ("limited", False), "quarantine": ("signature", SignatureState.CONFIRMED)}


def _held(session: Session, comment: Comment, restored: Decision, effect: str) -> Decision | None:
    """The decision on *comment* whose *effect* on its author held until it was *restored*."""
    name, untouched = _UNTOUCHED[effect]
    held = None
    for decision in queries.decisions(session, "comment", comment.id):
        if decision.undone_at is not None or decision.id >= restored.id:
            continue
        if decision.kind == DecisionKind.RESTORE:
            held = None
        elif effect in decision.effects and decision.before[name] == untouched:
            held = decision
    return held


def _signature(session: Session, comment: Comment) -> Signature | None:
    if comment.signature_id is None:
        return None
    return signature_queries.get(session, comment.petition_id, comment.signature_id)


def _move_signature(session: Session, comment: Comment, before: str, after: str, by: int | None) -> None:
    """Set a signature aside, or take it back, and the count with it."""
    if comment.signature_id is None:
        return
    one = [comment.signature_id]
    if after == SignatureState.CONFIRMED:
        signature_actions.put_back(session, comment.petition_id, one, by, "comment", before=(before,))
    else:
        signature_actions.set_aside(session, comment.petition_id, one, by, "comment")
