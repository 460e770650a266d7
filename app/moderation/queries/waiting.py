"""How many wait for a person in each queue, and since when the oldest one does."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, func, literal_column, select
from sqlalchemy.orm import Session

from app import clock
from app.comments.models import Comment
from app.moderation.models import Appeal, AppealOutcome, Case, Reply, ReplyState, SecondLook
from app.petitions.models import Amendment, AmendmentState, Petition, PetitionState
from app.petitions.queries import is_open
from app.updates import queries as updates
from app.updates.models import Update

# A literal, not a parameter: a partial index is used only where its condition can be read.
WAITING: ColumnElement[str] = literal_column("'waiting'")
# Queue → (target, weight beside the severity). An urgent case is ahead of everything.
TARGETS = {
    "urgent": (timedelta(hours=1), 9),
    "illegal": (timedelta(hours=24), 2),
    "charter": (timedelta(hours=24), 1),
    "escalated": (timedelta(hours=24), 1),
    "comment": (timedelta(hours=72), 1),
    "petition": (timedelta(hours=72), 1),
    "amendment": (timedelta(hours=72), 1),
    "news": (timedelta(hours=72), 1),
    "reply": (timedelta(hours=72), 2),
    "appeal": (timedelta(days=7), 1),
    "confirm": (timedelta(hours=24), 1),
    "second": (timedelta(days=14), 1),
}
CASES = ("urgent", "illegal", "charter", "escalated")


def amendments_waiting(*columns: Any) -> Select[Any]:
    """Those of petitions that may still be signed: with the others nothing is to be done."""
    return (
        select(*columns)
        .select_from(Amendment)
        .join(Petition, Petition.id == Amendment.petition_id)
        .where(Amendment.state == AmendmentState.WAITING, is_open(clock.now()))
    )


def counts(session: Session, account_id: int) -> list[tuple[str, int, datetime | None]]:
    """``(queue, how many, since when the oldest)`` of what waits, the gravest first; empty ones left out."""
    cases: dict[str, tuple[int, datetime | None]] = {
        kind: (n, oldest)
        for kind, n, oldest in session.execute(
            select(Case.kind, func.count(), func.min(Case.opened_at))
            .where(Case.closed_at.is_(None))
            .group_by(Case.kind)
        )
    }
    simple = {
        "petition": select(func.count(), func.min(Petition.submitted_at)).where(
            Petition.state == PetitionState.SUBMITTED
        ),
        "amendment": amendments_waiting(func.count(), func.min(Amendment.created_at)),
        "news": updates.waiting(func.count(), func.min(Update.submitted_at)),
        "reply": select(func.count(), func.min(Reply.created_at)).where(Reply.state == ReplyState.WAITING),
        "appeal": select(func.count(), func.min(Appeal.created_at)).where(
            Appeal.outcome == AppealOutcome.OPEN, Appeal.first_decider != account_id
        ),
        "confirm": _looks(account_id, required=True),
        "second": _looks(account_id, required=False),
    }
    found = []
    cases["comment"] = _waiting(session)
    for queue in TARGETS:
        n, oldest = cases.get(queue, (0, None)) if queue not in simple else session.execute(simple[queue]).one()
        if n:
            found.append((queue, n, oldest))
    return found


def _looks(account_id: int, *, required: bool) -> Any:
    return select(func.count(), func.min(SecondLook.drawn_at)).where(
        SecondLook.judged_at.is_(None), SecondLook.first_decider != account_id, SecondLook.required.is_(required)
    )


def _waiting(session: Session) -> tuple[int, datetime | None]:
    """Counted along the index; the oldest is the first of each severity in it."""
    n = session.scalar(select(func.count()).select_from(Comment).where(Comment.state == WAITING)) or 0
    firsts = [
        session.scalar(
            select(Comment.waiting_since)
            .where(Comment.state == WAITING, Comment.severity == severity)
            .order_by(Comment.waiting_since)
            .limit(1)
        )
        for severity in (3, 2, 1)
    ]
    return n, min((first for first in firsts if first is not None), default=None)
