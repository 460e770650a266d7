"""The queue: everything that waits for a person, in one order.

Urgency is severity × (1 + age / target): what is graver starts higher and climbs faster. Within one
kind and severity the order is that of age, so that the few oldest of each, read from an index, are
all that the head of the queue can be made of, however many wait.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, literal_column, select
from sqlalchemy.orm import Session

from app import clock
from app.comments.hints import VIOLENT
from app.comments.models import Comment
from app.moderation.models import (
    Appeal,
    AppealOutcome,
    Case,
    Claim,
    Decision,
    Reply,
    ReplyState,
    SecondLook,
    Target,
)
from app.petitions.models import Amendment, AmendmentState, Petition, PetitionState
from app.petitions.queries import is_open
from app.updates import queries as updates
from app.updates.models import Update

PAGE = 50
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


@dataclass(frozen=True)
class Item:
    """One line of the queue. ``key`` is how pages name it."""

    queue: str
    item_id: int
    target: str
    target_id: int
    severity: int
    since: datetime
    excerpt: str
    petition_title: str
    version: int
    notices: int = 0
    violent: bool = False
    claimed_by: int | None = None

    @property
    def kind(self) -> str:
        """The word of the URLs and of the claims."""
        return "case" if self.queue in CASES else "second" if self.queue == "confirm" else self.queue

    @property
    def key(self) -> str:
        return f"{self.kind}-{self.item_id}"

    @property
    def due(self) -> datetime:
        return self.since + TARGETS[self.queue][0]

    def urgency(self, now: datetime) -> float:
        target, weight = TARGETS[self.queue]
        return weight * self.severity * (1 + (now - self.since) / target)


def head(session: Session, now: datetime, account_id: int, limit: int = PAGE) -> list[Item]:
    """The most urgent items that this person may handle."""
    found = [
        item for part in (_comments, _cases, _petitions, _amendments, _news, _replies) for item in part(session, limit)
    ]
    found += [*_appeals(session, account_id, limit), *_second_looks(session, account_id, limit)]
    found.sort(key=lambda item: (-item.urgency(now), item.since, item.item_id))
    return _claimed(session, found[:limit], now)


def _claimed(session: Session, items: Sequence[Item], now: datetime) -> list[Item]:
    rows = session.execute(select(Claim.queue, Claim.item_id, Claim.account_id).where(Claim.until > now)).all()
    claims = {(row.queue, row.item_id): row.account_id for row in rows}
    return [replace(item, claimed_by=claims.get((item.kind, item.item_id))) for item in items]


def _comment_columns() -> Any:
    return select(
        Comment.id,
        func.substr(Comment.text, 1, 400).label("excerpt"),
        Comment.waiting_since,
        Comment.severity,
        Comment.version,
        Comment.hints,
        Petition.title,
    ).join(Petition, Petition.id == Comment.petition_id)


def _comments(session: Session, limit: int) -> Iterator[Item]:
    """The oldest of each severity, read in the order of their index, whatever the planner believes of the table.

    What is in an open case is shown as that case.
    """
    in_case = set(
        session.scalars(select(Case.target_id).where(Case.target == Target.COMMENT, Case.closed_at.is_(None)))
    )
    ids: list[int] = []
    for severity in (3, 2, 1):
        ids += session.scalars(
            select(Comment.id)
            .where(Comment.state == WAITING, Comment.severity == severity)
            .order_by(Comment.waiting_since, Comment.id)
            .limit(limit + len(in_case))
        )
    wanted = [comment_id for comment_id in ids if comment_id not in in_case]
    for row in session.execute(_comment_columns().where(Comment.id.in_(wanted))):
        yield Item(
            "comment", row.id, Target.COMMENT, row.id,
            severity=row.severity, since=row.waiting_since, excerpt=row.excerpt, petition_title=row.title,
            version=row.version, violent=any(hint["hint"] in VIOLENT for hint in row.hints),
        )  # fmt: skip


def _cases(session: Session, limit: int) -> Iterator[Item]:
    for kind in CASES:
        cases = session.scalars(
            select(Case)
            .where(Case.closed_at.is_(None), Case.kind == kind)
            .order_by(Case.severity.desc(), Case.opened_at)
            .limit(limit)
        ).all()
        comments = {
            row.id: row
            for row in session.execute(
                _comment_columns().where(Comment.id.in_([c.target_id for c in cases if c.target == Target.COMMENT]))
            )
        }
        petitions = _by_id(session, [c.target_id for c in cases if c.target == Target.PETITION])
        for case in cases:
            about = comments.get(case.target_id) if case.target == Target.COMMENT else petitions.get(case.target_id)
            if about is None:
                continue
            of_comment = case.target == Target.COMMENT
            yield Item(
                kind, case.id, case.target, case.target_id,
                severity=case.severity, since=case.opened_at, excerpt=about.excerpt if of_comment else about.title,
                petition_title=about.title, version=case.version, notices=case.notices,
                violent=of_comment and any(hint["hint"] in VIOLENT for hint in about.hints),
            )  # fmt: skip


def _by_id(session: Session, ids: Iterable[int]) -> dict[int, Any]:
    rows = session.execute(select(Petition.id, Petition.title).where(Petition.id.in_(list(ids))))
    return {row.id: row for row in rows}


def _petitions(session: Session, limit: int) -> Iterator[Item]:
    rows = session.scalars(
        select(Petition).where(Petition.state == PetitionState.SUBMITTED).order_by(Petition.submitted_at).limit(limit)
    )
    for row in rows:
        since = row.submitted_at or row.created_at
        yield Item(
            "petition", row.id, Target.PETITION, row.id,
            severity=1, since=since, excerpt=row.title, petition_title=row.title, version=row.version,
        )  # fmt: skip


def _amendments(session: Session, limit: int) -> Iterator[Item]:
    for row, title in session.execute(
        amendments_waiting(Amendment, Petition.title).order_by(Amendment.id).limit(limit)
    ):
        yield Item(
            "amendment", row.id, Target.PETITION, row.petition_id,
            severity=1, since=row.created_at, excerpt=row.reason, petition_title=title, version=1,
        )  # fmt: skip


def amendments_waiting(*columns: Any) -> Select[Any]:
    """Those of petitions that may still be signed: with the others nothing is to be done."""
    return (
        select(*columns)
        .select_from(Amendment)
        .join(Petition, Petition.id == Amendment.petition_id)
        .where(Amendment.state == AmendmentState.WAITING, is_open(clock.now()))
    )


def _news(session: Session, limit: int) -> Iterator[Item]:
    for row, title in session.execute(
        updates.waiting(Update, Petition.title).order_by(Update.submitted_at).limit(limit)
    ):
        yield Item(
            "news", row.id, Target.PETITION, row.petition_id,
            severity=1, since=row.submitted_at or row.created_at, excerpt=row.title, petition_title=title, version=1,
        )  # fmt: skip


def _appeals(session: Session, account_id: int, limit: int) -> Iterator[Item]:
    rows = session.execute(
        select(Appeal.id, Appeal.text, Appeal.created_at, Decision.target, Decision.target_id)
        .join(Decision, Decision.id == Appeal.decision_id)
        .where(Appeal.outcome == AppealOutcome.OPEN, Appeal.first_decider != account_id)
        .order_by(Appeal.created_at)
        .limit(limit)
    )
    for row in rows:
        yield Item(
            "appeal", row.id, row.target, row.target_id,
            severity=2, since=row.created_at, excerpt=row.text[:400], petition_title="", version=1,
        )  # fmt: skip


def _replies(session: Session, limit: int) -> Iterator[Item]:
    rows = session.execute(
        select(Reply, Petition.title)
        .join(Petition, Petition.id == Reply.petition_id)
        .where(Reply.state == ReplyState.WAITING)
        .order_by(Reply.created_at)
        .limit(limit)
    )
    for reply, title in rows:
        yield Item(
            "reply", reply.id, Target.REPLY, reply.id,
            severity=1, since=reply.created_at, excerpt=reply.text[:400], petition_title=title, version=reply.version,
        )  # fmt: skip


def _second_looks(session: Session, account_id: int, limit: int) -> Iterator[Item]:
    rows = session.execute(
        select(
            SecondLook.decision_id,
            SecondLook.drawn_at,
            SecondLook.required,
            Decision.target,
            Decision.target_id,
            func.coalesce(Comment.text, Petition.title).label("text"),
            Petition.title,
        )
        .join(Decision, Decision.id == SecondLook.decision_id)
        .outerjoin(Comment, and_(Comment.id == Decision.target_id, Decision.target == Target.COMMENT))
        .join(Petition, Petition.id == func.coalesce(Comment.petition_id, Decision.target_id))
        .where(SecondLook.judged_at.is_(None), SecondLook.first_decider != account_id)
        .order_by(SecondLook.required.desc(), SecondLook.drawn_at)
        .limit(limit)
    )
    for row in rows:
        name, severity = ("confirm", 3) if row.required else ("second", 1)
        yield Item(
            name, row.decision_id, row.target, row.target_id,
            severity=severity, since=row.drawn_at, excerpt=row.text[:400], petition_title=row.title, version=1,
            violent=row.required,
        )  # fmt: skip


# The header


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


# Around one item


def neighbours(session: Session, comment: Comment, limit: int = 3) -> Sequence[Any]:
    """The comments that came just before on the same petition, published or waiting."""
    found: list[Any] = []
    for state in ("waiting", "published"):
        found += session.execute(
            select(Comment.id, func.substr(Comment.text, 1, 200).label("excerpt"), Comment.state, Comment.created_at)
            .where(
                Comment.petition_id == comment.petition_id,
                Comment.state == state,
                Comment.created_at <= comment.created_at,
            )
            .order_by(Comment.created_at.desc())
            .limit(limit + 1)
        ).all()
    others = sorted((row for row in found if row.id != comment.id), key=lambda row: row.created_at, reverse=True)
    return others[:limit]
