"""Every SELECT about the charter and the decisions; those of the queue, of notices and of figures
stand beside."""

import uuid
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import and_, delete, func, select, update
from sqlalchemy.orm import Session, selectinload

from app.accounts.models import Account
from app.comments.models import Comment, CommentState
from app.crypto import MAC_BYTES
from app.moderation.models import (
    AuthorLimit,
    Case,
    CaseOutcome,
    CharterVersion,
    Claim,
    Decision,
    Notice,
    NoticeOutcome,
    SecondLook,
    Source,
    Target,
)
from app.petitions.models import Petition, PetitionState
from app.signatures.models import Signature, Withdrawal


def charter_versions(session: Session) -> Sequence[CharterVersion]:
    """The newest first."""
    return session.scalars(
        select(CharterVersion).order_by(CharterVersion.number.desc()).options(selectinload(CharterVersion.articles))
    ).all()


def charter_at(session: Session, at: datetime) -> CharterVersion:
    """The version in force at that moment; the first one for anything older."""
    versions = charter_versions(session)
    return next((v for v in versions if v.effective_from <= at), versions[-1])


# Decisions


def decisions(session: Session, target: str, target_id: int) -> Sequence[Decision]:
    """All decisions on one thing, the present one last."""
    return session.scalars(
        select(Decision)
        .where(Decision.target == target, Decision.target_id == target_id)
        .order_by(Decision.id)
        .options(selectinload(Decision.moderator))
    ).all()


def standing(session: Session, target: str, target_id: int, revision: int) -> Decision | None:
    """The decision that holds now on this revision."""
    return session.scalars(
        select(Decision)
        .where(
            Decision.target == target,
            Decision.target_id == target_id,
            Decision.revision == revision,
            Decision.undone_at.is_(None),
        )
        .order_by(Decision.id.desc())
        .limit(1)
    ).one_or_none()


def latest(session: Session, target: str, target_ids: Iterable[int]) -> dict[int, Decision]:
    """Thing → its present decision."""
    rows = session.scalars(
        select(Decision)
        .where(Decision.target == target, Decision.target_id.in_(list(target_ids)), Decision.undone_at.is_(None))
        .order_by(Decision.id)
    )
    return {row.target_id: row for row in rows}


def decision(session: Session, decision_id: int) -> Decision | None:
    return session.get(Decision, decision_id)


def by_reference(session: Session, reference: str) -> Decision | None:
    return session.scalars(select(Decision).where(Decision.reference == reference)).one_or_none()


def lock_decision(session: Session, decision_id: int) -> Decision | None:
    query = select(Decision).where(Decision.id == decision_id).with_for_update()
    return session.scalars(query.execution_options(populate_existing=True)).one_or_none()


def lock_batch(session: Session, batch: str) -> Sequence[Decision]:
    return session.scalars(
        select(Decision)
        .where(Decision.batch == batch)
        .order_by(Decision.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()


def undoable(session: Session, account_id: int, since: datetime) -> Decision | None:
    """One's last decision, while it can still be undone."""
    return session.scalars(
        select(Decision)
        .where(
            Decision.moderator_id == account_id,
            Decision.decided_at > since,
            Decision.undone_at.is_(None),
            Decision.source != Source.APPEAL,
        )
        .order_by(Decision.decided_at.desc(), Decision.id.desc())
        .limit(1)
    ).one_or_none()


def author_record(session: Session, signature_id: Any) -> dict[str, int]:
    """How the author's comments fared on this petition: state → number."""
    if signature_id is None:
        return {}
    rows = session.execute(
        select(Comment.state, func.count()).where(Comment.signature_id == signature_id).group_by(Comment.state)
    )
    return dict(rows.all())


def author_decisions(session: Session, signature_id: Any, limit: int = 5) -> Sequence[Decision]:
    """The last decisions on the author's comments."""
    if signature_id is None:
        return []
    return session.scalars(
        select(Decision)
        .join(Comment, Comment.id == Decision.target_id)
        .where(Decision.target == Target.COMMENT, Decision.undone_at.is_(None), Comment.signature_id == signature_id)
        .order_by(Decision.id.desc())
        .limit(limit)
    ).all()


# What decisions leave behind


def limit(session: Session, petition_id: int, signature_id: uuid.UUID) -> AuthorLimit | None:
    return session.get(AuthorLimit, (petition_id, signature_id))


def limited(session: Session, signatures: Collection[tuple[int, uuid.UUID]]) -> dict[uuid.UUID, int]:
    """Signature → the decision that keeps its author from commenting this petition.

    Whoever withdraws and signs again is recognised as long as the erasure journal does (45 days), by the
    address whatever the seat; no other mark of a person is kept for this.
    """
    petitions = {petition_id for petition_id, _ in signatures}
    if not session.scalar(select(func.count()).where(AuthorLimit.petition_id.in_(petitions))):
        return {}
    ids = [signature_id for _, signature_id in signatures]
    own = select(Signature.id, AuthorLimit.decision_id).join(
        AuthorLimit,
        and_(AuthorLimit.petition_id == Signature.petition_id, AuthorLimit.signature_id == Signature.id),
    )
    before = (
        select(Signature.id, AuthorLimit.decision_id)
        .join(
            Withdrawal,
            and_(
                Withdrawal.petition_id == Signature.petition_id,
                Withdrawal.email_key == func.substr(Signature.email_key, 1, MAC_BYTES),
            ),
        )
        .join(
            AuthorLimit,
            and_(AuthorLimit.petition_id == Withdrawal.petition_id, AuthorLimit.signature_id == Withdrawal.id),
        )
    )
    there = (Signature.petition_id.in_(petitions), Signature.id.in_(ids))
    return {row.id: row.decision_id for query in (own, before) for row in session.execute(query.where(*there)).all()}


def lift_limit(session: Session, petition_id: int, signature_id: uuid.UUID) -> None:
    session.execute(
        delete(AuthorLimit).where(AuthorLimit.petition_id == petition_id, AuthorLimit.signature_id == signature_id)
    )


def release(session: Session, queue: str, item_id: int) -> None:
    session.execute(delete(Claim).where(Claim.queue == queue, Claim.item_id == item_id))


def reopen_case(session: Session, decision: Decision) -> None:
    """What an undone decision had closed waits again, its notices too."""
    if decision.case_id is None:
        return
    session.execute(
        update(Case)
        .where(Case.id == decision.case_id)
        .values(closed_at=None, outcome=CaseOutcome.OPEN, version=Case.version + 1)
    )
    session.execute(
        update(Notice)
        .where(Notice.case_id == decision.case_id, Notice.decision_id == decision.id)
        .values(outcome=NoticeOutcome.OPEN, closed_at=None, decision_id=None)
    )


def forget_second_look(session: Session, decision_id: int) -> None:
    session.execute(delete(SecondLook).where(SecondLook.decision_id == decision_id))


def lock_petition(session: Session, petition_id: int) -> Petition | None:
    return session.scalars(
        select(Petition)
        .where(Petition.id == petition_id)
        .options(selectinload(Petition.owners))
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()


def organisers(session: Session) -> Sequence[Account]:
    return session.scalars(
        select(Account)
        .select_from(Petition)
        .join(Petition.owners)
        .where(Petition.state.in_([PetitionState.SUBMITTED, PetitionState.OPEN]), Account.disabled_at.is_(None))
        .distinct()
    ).all()


def waiting_authors(session: Session) -> Sequence[Signature]:
    return session.scalars(
        select(Signature)
        .join(Comment, and_(Comment.petition_id == Signature.petition_id, Comment.signature_id == Signature.id))
        .where(Comment.state == CommentState.WAITING)
        .distinct()
    ).all()
