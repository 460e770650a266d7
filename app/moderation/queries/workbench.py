"""SELECTs of the workbench: claims, notes, preferences, second looks, what hints were worth."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from statistics import median
from typing import Any

from sqlalchemy import case as when
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from app.accounts.models import Account
from app.bulk import insert_for
from app.comments.models import HintOff
from app.moderation.models import (
    Claim,
    Decision,
    DecisionKind,
    HintVerdict,
    Note,
    Preference,
    SecondLook,
    Target,
)


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


def lock_second_look(session: Session, decision_id: int) -> SecondLook | None:
    return session.scalars(
        select(SecondLook)
        .where(SecondLook.decision_id == decision_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()


def second_looks(session: Session, comment_id: int) -> dict[int, SecondLook]:
    """Decision → the second look that its article requires."""
    rows = session.scalars(
        select(SecondLook)
        .join(Decision, Decision.id == SecondLook.decision_id)
        .where(Decision.target == Target.COMMENT, Decision.target_id == comment_id, SecondLook.required.is_(True))
    )
    return {row.decision_id: row for row in rows}


def drop_looks(session: Session, ids: Sequence[int], target: str = "comment") -> None:
    """Nobody can look again at a text that is gone."""
    decided = select(Decision.id).where(Decision.target == target, Decision.target_id.in_(ids))
    session.execute(delete(SecondLook).where(SecondLook.judged_at.is_(None), SecondLook.decision_id.in_(decided)))


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


def personal(session: Session, account_id: int, now: datetime) -> list[tuple[str, Any]]:
    """One's own month, for oneself."""
    since = now - timedelta(days=30)
    rows = session.execute(
        select(Decision.kind, Decision.waiting_since, Decision.decided_at, Decision.undone_at).where(
            Decision.moderator_id == account_id, Decision.decided_at >= since
        )
    ).all()
    looked = session.execute(
        select(SecondLook.agreed).where(SecondLook.first_decider == account_id, SecondLook.judged_at >= since)
    ).all()
    kept = [row for row in rows if row.undone_at is None]
    hours = [(row.decided_at - row.waiting_since).total_seconds() / 3600 for row in kept]
    return [
        ("Décisions", len(kept)),
        ("Publications", sum(row.kind == DecisionKind.PUBLISH for row in kept)),
        ("Annulées dans la minute", len(rows) - len(kept)),
        ("Attente médiane (heures)", round(median(hours)) if hours else 0),
        ("Relectures en accord", f"{sum(bool(row.agreed) for row in looked)} / {len(looked)}"),
    ]
