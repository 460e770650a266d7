"""SELECTs about notices, cases, claims, notes, preferences and hints."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import and_, delete, func, select
from sqlalchemy import case as when
from sqlalchemy.orm import Session

from app.accounts.models import Account
from app.comments.models import Comment, CommentRevision, HintOff
from app.moderation.models import (
    Appeal,
    Case,
    Claim,
    Decision,
    HintVerdict,
    Note,
    Notice,
    Order,
    Preference,
    Reply,
    SecondLook,
)
from app.petitions.models import Petition, PetitionOwner
from app.petitions.queries import insert_for
from app.signatures.models import Signature


def lock_case(session: Session, case_id: int) -> Case | None:
    return session.scalars(select(Case).where(Case.id == case_id).with_for_update()).one_or_none()


def reported_comment(session: Session, case_id: int) -> int | None:
    """The comment that a case is about, to be locked before the case, as everybody does."""
    return session.scalar(select(Case.target_id).where(Case.id == case_id, Case.target == "comment"))


def latest_case(session: Session, target: str, target_id: int, revision: int) -> Case | None:
    """The last case about this revision, open or closed, ours alone until the commit."""
    return session.scalars(
        select(Case)
        .where(Case.target == target, Case.target_id == target_id, Case.revision == revision)
        .order_by(Case.id.desc())
        .limit(1)
        .with_for_update()
    ).one_or_none()


def open_cases(session: Session, target: str, target_id: int) -> Sequence[Case]:
    return session.scalars(
        select(Case).where(Case.target == target, Case.target_id == target_id, Case.closed_at.is_(None))
    ).all()


def notices_to_tell(session: Session, case_id: int) -> Sequence[Notice]:
    return session.scalars(
        select(Notice).where(Notice.case_id == case_id, Notice.outcome == "").order_by(Notice.id)
    ).all()


def notice(session: Session, notice_id: int) -> Notice | None:
    return session.get(Notice, notice_id)


def lock_notice(session: Session, notice_id: int) -> tuple[Notice, Case] | None:
    """With its decision and its case, locked as an undoing does; as they stand then."""
    decided = session.scalar(select(Notice.decision_id).where(Notice.id == notice_id))
    if decided is not None:
        session.execute(select(Decision.id).where(Decision.id == decided).with_for_update())
    case = session.scalars(
        select(Case)
        .join(Notice, Notice.case_id == Case.id)
        .where(Notice.id == notice_id)
        .with_for_update(of=Case)
        .execution_options(populate_existing=True)
    ).one_or_none()
    found = session.get(Notice, notice_id, populate_existing=True, with_for_update=True)
    return (found, case) if found is not None and case is not None else None


def revisions(session: Session, comment_id: int) -> Sequence[CommentRevision]:
    return session.scalars(
        select(CommentRevision).where(CommentRevision.comment_id == comment_id).order_by(CommentRevision.number)
    ).all()


# Claims, notes, preferences


def claim(session: Session, queue: str, item_id: int, account_id: int, now: datetime, until: datetime) -> bool:
    """Take the item unless somebody else has it; True when it is ours."""
    statement = insert_for(session)(Claim).values(queue=queue, item_id=item_id, account_id=account_id, until=until)
    done = session.execute(
        statement.on_conflict_do_update(
            index_elements=["queue", "item_id"],
            set_={"account_id": account_id, "until": until},
            where=(Claim.account_id == account_id) | (Claim.until <= now),
        ).returning(Claim.account_id)
    ).all()
    return bool(done)


def live_claim(session: Session, queue: str, item_id: int, now: datetime) -> Any:
    """``(account_id, email, until)`` of whoever has it open."""
    return session.execute(
        select(Claim.account_id, Account.email, Claim.until)
        .join(Account, Account.id == Claim.account_id)
        .where(Claim.queue == queue, Claim.item_id == item_id, Claim.until > now)
    ).one_or_none()


def drop_claims(session: Session, account_id: int, now: datetime) -> None:
    """What one had open before, and what has expired."""
    session.execute(delete(Claim).where((Claim.account_id == account_id) | (Claim.until <= now)))


def notes(session: Session, target: str, target_id: int) -> Sequence[Any]:
    return session.execute(
        select(Note.text, Note.created_at, Account.email)
        .join(Account, Account.id == Note.account_id)
        .where(Note.target == target, Note.target_id == target_id)
        .order_by(Note.id)
    ).all()


def preference(session: Session, account_id: int) -> Preference:
    """One's own, or the defaults."""
    found = session.get(Preference, account_id)
    return found or Preference(account_id=account_id, keys=True, blur=True, digest="urgent", quiet_from=20, quiet_to=8)


def moderators(session: Session) -> Sequence[Account]:
    return session.scalars(
        select(Account)
        .where(Account.role.in_(["moderator", "admin"]), Account.disabled_at.is_(None))
        .order_by(Account.id)
    ).all()


# Appeals, replies, second looks


def lock_appeal(session: Session, appeal_id: int) -> Appeal | None:
    return session.scalars(select(Appeal).where(Appeal.id == appeal_id).with_for_update()).one_or_none()


def contested_comment(session: Session, appeal_id: int) -> int | None:
    """The comment that an appeal is about, to be locked before the appeal, as an erasure does."""
    return session.scalar(
        select(Decision.target_id)
        .join(Appeal, Appeal.decision_id == Decision.id)
        .where(Appeal.id == appeal_id, Decision.target == "comment")
    )


def lock_open_appeals(session: Session, comment_ids: Sequence[int]) -> Sequence[Appeal]:
    decided = select(Decision.id).where(Decision.target == "comment", Decision.target_id.in_(comment_ids))
    return session.scalars(
        select(Appeal)
        .where(Appeal.outcome == "", Appeal.decision_id.in_(decided))
        .order_by(Appeal.id)
        .with_for_update()
    ).all()


def appeal_of(session: Session, decision_id: int, appellant: str) -> Appeal | None:
    return session.scalars(
        select(Appeal).where(Appeal.decision_id == decision_id, Appeal.appellant == appellant)
    ).one_or_none()


def appeals_on(session: Session, decision_ids: Sequence[int]) -> dict[int, str]:
    """Decision → outcome of the appeal against it ("" while it waits)."""
    rows = session.execute(select(Appeal.decision_id, Appeal.outcome).where(Appeal.decision_id.in_(decision_ids)))
    return {row.decision_id: row.outcome for row in rows}


def lock_reply(session: Session, reply_id: int) -> Reply | None:
    return session.scalars(select(Reply).where(Reply.id == reply_id).with_for_update()).one_or_none()


def replies(session: Session, petition_id: int) -> Sequence[Reply]:
    """The published ones; not those to a comment that is no longer there."""
    gone = select(Comment.id).where(Comment.id == Reply.comment_id, Comment.state != "published").exists()
    return session.scalars(
        select(Reply).where(Reply.petition_id == petition_id, Reply.state == "published", ~gone).order_by(Reply.id)
    ).all()


def lock_second_look(session: Session, decision_id: int) -> SecondLook | None:
    return session.scalars(
        select(SecondLook).where(SecondLook.decision_id == decision_id).with_for_update()
    ).one_or_none()


def second_looks(session: Session, comment_id: int) -> dict[int, SecondLook]:
    """Decision → the second look that its article requires."""
    rows = session.scalars(
        select(SecondLook)
        .join(Decision, Decision.id == SecondLook.decision_id)
        .where(Decision.target == "comment", Decision.target_id == comment_id, SecondLook.required.is_(True))
    )
    return {row.decision_id: row for row in rows}


def drop_looks(session: Session, ids: Sequence[int], target: str = "comment") -> None:
    """Nobody can look again at a text that is gone."""
    decided = select(Decision.id).where(Decision.target == target, Decision.target_id.in_(ids))
    session.execute(delete(SecondLook).where(SecondLook.judged_at.is_(None), SecondLook.decision_id.in_(decided)))


# Hints


def precision(session: Session) -> Sequence[Any]:
    """Per rule and version: how many verdicts, how many founded."""
    founded = func.sum(when((HintVerdict.founded.is_(True), 1), else_=0))
    return session.execute(
        select(HintVerdict.hint, HintVerdict.version, func.count().label("n"), founded.label("founded"))
        .group_by(HintVerdict.hint, HintVerdict.version)
        .order_by(HintVerdict.hint, HintVerdict.version)
    ).all()


def switched_off(session: Session) -> dict[str, datetime]:
    return {row.hint: row.at for row in session.execute(select(HintOff.hint, HintOff.at))}


def verdicts(session: Session, comment_id: int) -> dict[str, bool]:
    rows = session.execute(select(HintVerdict.hint, HintVerdict.founded).where(HintVerdict.comment_id == comment_id))
    return {row.hint: row.founded for row in rows}


# The urgent path


def urgent_cases(session: Session) -> Sequence[Case]:
    return session.scalars(
        select(Case).where(Case.kind == "urgent", Case.closed_at.is_(None)).order_by(Case.opened_at)
    ).all()


def orders(session: Session, limit: int = 20) -> Sequence[Order]:
    return session.scalars(select(Order).order_by(Order.id.desc()).limit(limit)).all()


# Those whom a new charter concerns


def organisers(session: Session) -> Sequence[str]:
    return session.scalars(
        select(Account.email)
        .join(PetitionOwner, PetitionOwner.account_id == Account.id)
        .join(Petition, Petition.id == PetitionOwner.petition_id)
        .where(Petition.state.in_(["submitted", "open"]), Account.disabled_at.is_(None))
        .distinct()
    ).all()


def waiting_authors(session: Session) -> Sequence[Signature]:
    return session.scalars(
        select(Signature)
        .join(Comment, and_(Comment.petition_id == Signature.petition_id, Comment.signature_id == Signature.id))
        .where(Comment.state == "waiting")
        .distinct()
    ).all()
