"""Which rows a withdrawal or an erasure takes away or changes: what is looked at before it, and after."""

import uuid
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import TypeVar

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from app.comments.models import Comment, CommentRevision
from app.consents.models import ConsentEvent
from app.deliveries.models import RecipientLink
from app.exports.models import ExportRecord
from app.mail.models import BouncedAddress, CaughtMail, OutboxMail
from app.moderation.models import Appeal, Case, Decision, Notice, SecondLook, Target
from app.moderation.models import Note as ModeratorNote
from app.organisations.models import Invitation
from app.privacy.models import Undo
from app.privacy.queries import Due, due
from app.privacy.queries.images import Which
from app.signatures import seats
from app.signatures.models import Signature, Withdrawal
from app.subscriptions.models import Subscription, Suppression

A_QUERY = 500
T = TypeVar("T")


def _some(values: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(values), A_QUERY):
        yield values[start : start + A_QUERY]


def lock_comments(session: Session, signature_id: uuid.UUID) -> Sequence[int]:
    """Before the signature, as moderators do."""
    mine = select(Comment.id).where(Comment.signature_id == signature_id)
    return session.scalars(mine.order_by(Comment.id).with_for_update()).all()


def of_signature(
    petition_id: int, signature_id: uuid.UUID, address_key: bytes, comment_ids: Sequence[int]
) -> list[Which]:
    """The signature, whoever would move up behind it, and all that was said with it."""
    decisions = select(Decision.id).where(Decision.target == Target.COMMENT, Decision.target_id.in_(comment_ids))
    cases = select(Case.id).where(Case.target == "comment", Case.target_id.in_(comment_ids))
    return [
        (Signature, (Signature.petition_id == petition_id) & Signature.email_key.in_(seats.keys(address_key))),
        (ConsentEvent, (ConsentEvent.petition_id == petition_id) & (ConsentEvent.signature_id == signature_id)),
        (Comment, Comment.id.in_(comment_ids)),
        (CommentRevision, CommentRevision.comment_id.in_(comment_ids)),
        (ModeratorNote, (ModeratorNote.target == "comment") & ModeratorNote.target_id.in_(comment_ids)),
        (Appeal, Appeal.decision_id.in_(decisions)),
        (SecondLook, SecondLook.decision_id.in_(decisions)),
        (Case, Case.id.in_(cases)),
        (Notice, Notice.case_id.in_(cases)),
        *about([signature_id]),
    ]


def of_subscriptions(keys: Iterable[bytes]) -> list[Which]:
    return [(Subscription, Subscription.address_key.in_(some)) for some in _some(list(keys))]


def of_address(email: str, bounced_key: bytes, mails: Sequence[int]) -> list[Which]:
    """What is known of an address beside its signatures and subscriptions."""
    return [
        (Invitation, Invitation.email == email.lower()),
        (RecipientLink, RecipientLink.address_sealed.is_not(None)),
        (BouncedAddress, BouncedAddress.key == bounced_key),
        *[(OutboxMail, OutboxMail.id.in_(some)) for some in _some(mails)],
        (CaughtMail, func.lower(CaughtMail.recipient) == email.lower()),
    ]


def about(subjects: Sequence[uuid.UUID]) -> list[Which]:
    """Mails about these."""
    return [(OutboxMail, OutboxMail.subject.in_(subjects)), (CaughtMail, CaughtMail.mail_subject.in_(subjects))]


def written_down(petition_id: int, references: Sequence[str]) -> list[Which]:
    """What the act itself notes of a signature: for exports to drop, for a restore to drop again."""
    return [(Withdrawal, (Withdrawal.petition_id == petition_id) & Withdrawal.reference.in_(references))]


def suppressed(keys: Iterable[bytes]) -> list[Which]:
    return [(Suppression, Suppression.address_key.in_(some)) for some in _some(list(keys))]


def tell_later(session: Session, withdrawals: Iterable[uuid.UUID], until: datetime) -> None:
    session.execute(update(Withdrawal).where(Withdrawal.id.in_(list(withdrawals))).values(undo_until=until))


def back_in_files(session: Session, petition_id: int, signature_id: uuid.UUID, since: datetime, now: datetime) -> None:
    """A file that went out since *since* was without this signature: the next one is to have it."""
    made = select(ExportRecord.id).where(ExportRecord.petition_id == petition_id, ExportRecord.started_at >= since)
    if session.scalar(made.limit(1)) is not None:
        row = session.get_one(Signature, (petition_id, signature_id))
        row.aside_at, row.back_at = row.aside_at or since, now


# The row that remembers


def lock_undo(session: Session, key: bytes) -> Undo | None:
    return session.get(Undo, key, with_for_update=True, populate_existing=True)


def find_undo(session: Session, key: bytes) -> Undo | None:
    return session.get(Undo, key)


def undo_due(session: Session, now: datetime) -> Due:
    return due(session, Undo.expires_at, timedelta(0), Undo.expires_at <= now)


def lock_expired(session: Session, now: datetime, limit: int) -> Sequence[Undo]:
    """Whoever undoes one at this moment has it first, or never."""
    some = select(Undo).where(Undo.expires_at <= now).order_by(Undo.expires_at).limit(limit)
    return session.scalars(some.with_for_update(skip_locked=True).execution_options(populate_existing=True)).all()


def forget(session: Session, rows: Iterable[Undo]) -> None:
    keys = [row.key for row in rows]
    session.execute(delete(Undo).where(Undo.key.in_(keys)))
