"""The queue: everything that waits for a person, in one order.

Urgency is severity × (1 + age / target): what is graver starts higher and climbs faster. Within one
kind and severity the order is that of age, so that the few oldest of each, read from an index, are
all that the head of the queue can be made of, however many wait.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select, true
from sqlalchemy.orm import Session

from app.comments.hints import VIOLENT
from app.comments.models import Comment
from app.moderation.forms.filtering import Filters
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
from app.moderation.queries.waiting import CASES, TARGETS, WAITING, amendments_waiting
from app.petitions.models import Amendment, Petition, PetitionState
from app.updates import queries as updates
from app.updates.models import Update

PAGE = 50
NO_FILTERS = Filters()
# Comments that wait on one petition and are all looked at.
FEW = 1000


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
    # Of what somebody signs with their name for all to read; that of a comment is its line's, see desk.
    author: str = ""

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


@dataclass(frozen=True)
class Wanted:
    """What a part of the queue is read for: so many, of one petition or of all, the oldest first or the newest."""

    limit: int
    petition_id: int | None = None
    newest: bool = False

    def first(self, column: Any) -> Any:
        return column.desc() if self.newest else column.asc()

    def of(self, column: Any) -> ColumnElement[bool]:
        """*column* names the petition that is asked for, if one is."""
        return column == self.petition_id if self.petition_id is not None else true()

    def about(self, target: Any, target_id: Any) -> ColumnElement[bool]:
        """The same of what is about a petition or about a comment of it."""
        if self.petition_id is None:
            return true()
        comments = select(Comment.id).where(Comment.petition_id == self.petition_id)
        return or_(
            and_(target == Target.PETITION, target_id == self.petition_id),
            and_(target == Target.COMMENT, target_id.in_(comments)),
        )


def head(
    session: Session, now: datetime, account_id: int, filters: Filters = NO_FILTERS, limit: int = PAGE
) -> list[Item]:
    """The most urgent items that this person may handle, among those of the *filters*; or the oldest, or the newest."""
    petition_id = _petition(session, filters.petition)
    if petition_id == 0:
        return []
    wanted = Wanted(limit, petition_id, filters.tri == "recents")
    found = [
        item
        for queues, part in _parts(account_id)
        if not filters.queue or filters.queue in queues
        for item in part(session, wanted)
        if filters.queue in ("", item.queue)
    ]
    if filters.tri:
        found.sort(key=lambda item: (item.since, item.item_id), reverse=wanted.newest)
    else:
        found.sort(key=lambda item: (-item.urgency(now), item.since, item.item_id))
    return _claimed(session, found[:limit], now)


def _petition(session: Session, slug: str) -> int | None:
    """Its number; None when none is asked for, 0 when there is none such."""
    if not slug:
        return None
    return session.scalar(select(Petition.id).where(Petition.slug == slug)) or 0


def title_of(session: Session, slug: str) -> str:
    return session.scalar(select(Petition.title).where(Petition.slug == slug)) or "" if slug else ""


def _parts(account_id: int) -> Iterable[tuple[tuple[str, ...], Callable[[Session, Wanted], Iterator[Item]]]]:
    """``(the queues that it fills, what reads them)``."""
    return (
        (("comment",), _comments),
        (CASES, _cases),
        (("petition",), _petitions),
        (("amendment",), _amendments),
        (("news",), _news),
        (("reply",), _replies),
        (("appeal",), partial(_appeals, account_id)),
        (("confirm", "second"), partial(_second_looks, account_id)),
    )


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


def _comments(session: Session, wanted: Wanted) -> Iterator[Item]:
    """What is in an open case is shown as that case."""
    in_case = set(
        session.scalars(select(Case.target_id).where(Case.target == Target.COMMENT, Case.closed_at.is_(None)))
    )
    few = _few_of_petition(session, wanted)
    ids = few if few is not None else _first_of_each_severity(session, wanted, wanted.limit + len(in_case))
    shown = [comment_id for comment_id in ids if comment_id not in in_case]
    for row in session.execute(_comment_columns().where(Comment.id.in_(shown))):
        yield Item(
            "comment", row.id, Target.COMMENT, row.id,
            severity=row.severity, since=row.waiting_since, excerpt=row.excerpt, petition_title=row.title,
            version=row.version, violent=any(hint["hint"] in VIOLENT for hint in row.hints),
        )  # fmt: skip


def _few_of_petition(session: Session, wanted: Wanted) -> Sequence[int] | None:
    """All that wait on one petition, along the index of its comments; None when they are many."""
    if wanted.petition_id is None:
        return None
    waiting = (Comment.petition_id == wanted.petition_id, Comment.state == WAITING)
    ids = session.scalars(select(Comment.id).where(*waiting).limit(FEW + 1)).all()
    return ids if len(ids) <= FEW else None


def _first_of_each_severity(session: Session, wanted: Wanted, limit: int) -> list[int]:
    """Read in the order of their index, whatever the planner believes of the table.

    Of a petition with many, they are not far apart in it; one with few is another's matter.
    """
    # Not a bare column: the index of the petition's comments has them in another order.
    here = Comment.petition_id + 0 == wanted.petition_id if wanted.petition_id is not None else true()
    ids: list[int] = []
    for severity in (3, 2, 1):
        ids += session.scalars(
            select(Comment.id)
            .where(Comment.state == WAITING, Comment.severity == severity, here)
            .order_by(wanted.first(Comment.waiting_since), wanted.first(Comment.id))
            .limit(limit)
        )
    return ids


def _cases(session: Session, wanted: Wanted) -> Iterator[Item]:
    for kind in CASES:
        cases = session.scalars(
            select(Case)
            .where(Case.closed_at.is_(None), Case.kind == kind, wanted.about(Case.target, Case.target_id))
            .order_by(Case.severity.desc(), wanted.first(Case.opened_at))
            .limit(wanted.limit)
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


def _petitions(session: Session, wanted: Wanted) -> Iterator[Item]:
    rows = session.scalars(
        select(Petition)
        .where(Petition.state == PetitionState.SUBMITTED, wanted.of(Petition.id))
        .order_by(wanted.first(Petition.submitted_at))
        .limit(wanted.limit)
    )
    for row in rows:
        since = row.submitted_at or row.created_at
        yield Item(
            "petition", row.id, Target.PETITION, row.id,
            severity=1, since=since, excerpt="", petition_title=row.title, version=row.version, author=row.author,
        )  # fmt: skip


def _amendments(session: Session, wanted: Wanted) -> Iterator[Item]:
    for row, title in session.execute(
        amendments_waiting(Amendment, Petition.title)
        .where(wanted.of(Amendment.petition_id))
        .order_by(wanted.first(Amendment.id))
        .limit(wanted.limit)
    ):
        yield Item(
            "amendment", row.id, Target.PETITION, row.petition_id,
            severity=1, since=row.created_at, excerpt=row.reason, petition_title=title, version=1,
        )  # fmt: skip


def _news(session: Session, wanted: Wanted) -> Iterator[Item]:
    for row, title in session.execute(
        updates.waiting(Update, Petition.title)
        .where(wanted.of(Update.petition_id))
        .order_by(wanted.first(Update.submitted_at))
        .limit(wanted.limit)
    ):
        yield Item(
            "news", row.id, Target.PETITION, row.petition_id,
            severity=1, since=row.submitted_at or row.created_at, excerpt=row.title, petition_title=title, version=1,
        )  # fmt: skip


def _appeals(account_id: int, session: Session, wanted: Wanted) -> Iterator[Item]:
    comment = and_(Comment.id == Decision.target_id, Decision.target == Target.COMMENT)
    rows = session.execute(
        select(Appeal.id, Appeal.text, Appeal.created_at, Decision.target, Decision.target_id, Petition.title)
        .join(Decision, Decision.id == Appeal.decision_id)
        .outerjoin(Comment, comment)
        .outerjoin(Petition, Petition.id == func.coalesce(Comment.petition_id, Decision.target_id))
        .where(Appeal.outcome == AppealOutcome.OPEN, Appeal.first_decider != account_id, wanted.of(Petition.id))
        .order_by(wanted.first(Appeal.created_at))
        .limit(wanted.limit)
    )
    for row in rows:
        yield Item(
            "appeal", row.id, row.target, row.target_id,
            severity=2, since=row.created_at, excerpt=row.text[:400], petition_title=row.title or "", version=1,
        )  # fmt: skip


def _replies(session: Session, wanted: Wanted) -> Iterator[Item]:
    rows = session.execute(
        select(Reply, Petition.title)
        .join(Petition, Petition.id == Reply.petition_id)
        .where(Reply.state == ReplyState.WAITING, wanted.of(Reply.petition_id))
        .order_by(wanted.first(Reply.created_at))
        .limit(wanted.limit)
    )
    for reply, title in rows:
        yield Item(
            "reply", reply.id, Target.REPLY, reply.id,
            severity=1, since=reply.created_at, excerpt=reply.text[:400], petition_title=title, version=reply.version,
            author=reply.name,
        )  # fmt: skip


def _second_looks(account_id: int, session: Session, wanted: Wanted) -> Iterator[Item]:
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
        .where(SecondLook.judged_at.is_(None), SecondLook.first_decider != account_id, wanted.of(Petition.id))
        .order_by(SecondLook.required.desc(), wanted.first(SecondLook.drawn_at))
        .limit(wanted.limit)
    )
    for row in rows:
        name, severity = ("confirm", 3) if row.required else ("second", 1)
        yield Item(
            name, row.decision_id, row.target, row.target_id,
            severity=severity, since=row.drawn_at, excerpt=row.text[:400], petition_title=row.title, version=1,
            violent=row.required,
        )  # fmt: skip


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
