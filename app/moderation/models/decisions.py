"""Decisions, and what follows from them: appeals, limits, second looks."""

import uuid
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, String, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.accounts.models import Account
from app.db import Base, one_of


# What a decision does to its target; ``Decision.effects`` lists everything else that it does.
class DecisionKind(StrEnum):
    PUBLISH = "publish"
    REFUSE = "refuse"
    REMOVE = "remove"
    RESTORE = "restore"
    KEEP = "keep"
    CORRECT = "correct"


class Ground(StrEnum):
    """Why; none for what takes nothing away."""

    NONE = "none"
    CHARTER = "charter"
    LAW = "law"
    ORDER = "order"
    NOTICE = "notice"
    NOT_HANDLED = "not_handled"
    WITHDRAWN = "withdrawn"


class Target(StrEnum):
    COMMENT = "comment"
    PETITION = "petition"
    REPLY = "reply"


class Source(StrEnum):
    """What it came from: reading before publication or own initiative, somebody's notice, an authority, an appeal."""

    OWN = "own"
    NOTICE = "notice"
    ORDER = "order"
    APPEAL = "appeal"


class AppealOutcome(StrEnum):
    OPEN = ""
    UPHELD = "upheld"
    REVERSED = "reversed"
    # The author took the text back, or proposed another: nobody judges.
    WITHDRAWN = "withdrawn"


# What an appeal may become, and why: it is judged once.
APPEAL_MOVES = {
    (AppealOutcome.OPEN, AppealOutcome.UPHELD): "somebody else judged that the decision was right",
    (AppealOutcome.OPEN, AppealOutcome.REVERSED): "somebody else judged that it was wrong",
    (
        AppealOutcome.OPEN,
        AppealOutcome.WITHDRAWN,
    ): "the author took the text back or proposed another, or its decision fell",
    (AppealOutcome.WITHDRAWN, AppealOutcome.OPEN): "the author undoes that at once",
}


class Decision(Base):
    """A row that never changes, but for being undone in its first minute and forgotten a year later."""

    __tablename__ = "decision"
    __table_args__ = (
        CheckConstraint(one_of("target", Target), name="target"),
        CheckConstraint(one_of("kind", DecisionKind), name="kind"),
        CheckConstraint(one_of("ground", Ground), name="ground"),
        CheckConstraint("kind NOT IN ('refuse', 'remove') OR ground <> 'none'", name="grounds"),
        CheckConstraint("ground <> 'charter' OR (article IS NOT NULL AND passage <> '')", name="reasons"),
        CheckConstraint("ground NOT IN ('law', 'order', 'notice') OR (provision <> '' AND passage <> '')", name="law"),
        # Only the machine says "nobody handled it", and it says nothing else.
        CheckConstraint("(moderator_id IS NULL) = (ground IN ('not_handled', 'withdrawn'))", name="machine"),
        CheckConstraint("decider = COALESCE(moderator_id, 0)", name="decider"),
        # What an appeal points at: the decision and who took it.
        UniqueConstraint("id", "decider"),
        # Two moderators on one revision: the database lets one first decision through.
        Index(
            "uq_decision_first",
            "target",
            "target_id",
            "revision",
            unique=True,
            postgresql_where=text("supersedes IS NULL AND undone_at IS NULL"),
            sqlite_where=text("supersedes IS NULL AND undone_at IS NULL"),
        ),
        # A decision is superseded once.
        Index(
            "uq_decision_supersedes",
            "supersedes",
            unique=True,
            postgresql_where=text("supersedes IS NOT NULL AND undone_at IS NULL"),
            sqlite_where=text("supersedes IS NOT NULL AND undone_at IS NULL"),
        ),
        Index("ix_decision_decided_at", "decided_at"),
        Index("ix_decision_target", "target", "target_id"),
        Index("ix_decision_moderator", "moderator_id", "decided_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[str] = mapped_column(String(24), unique=True)
    target: Mapped[str] = mapped_column(String(12))
    target_id: Mapped[int]
    revision: Mapped[int]
    text_sha256: Mapped[str] = mapped_column(String(64))
    kind: Mapped[str] = mapped_column(String(12))
    effects: Mapped[list[str]]
    ground: Mapped[str] = mapped_column(String(12))
    charter_version: Mapped[int] = mapped_column(ForeignKey("charter_version.number"))
    # The first article cited, and all of them.
    article: Mapped[int | None]
    articles: Mapped[list[int]]
    # The legal provision or the order, when the ground is not the charter.
    provision: Mapped[str]
    passage: Mapped[str]
    explanation: Mapped[str]
    # What the author was told, as it was told (DSA art. 17).
    statement: Mapped[dict[str, Any]]
    # None: the machine, for a text that nobody handled in time or that its author withdrew.
    moderator_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    decider: Mapped[int]
    decided_at: Mapped[datetime]
    # Since when the target had been waiting: what the delays of the report are computed from.
    waiting_since: Mapped[datetime]
    source: Mapped[str] = mapped_column(String(12))
    case_id: Mapped[int | None] = mapped_column(ForeignKey("moderation_case.id"), index=True)
    supersedes: Mapped[int | None] = mapped_column(ForeignKey("decision.id"))
    # Items decided together are undone together.
    batch: Mapped[str] = mapped_column(String(24))
    # The outbox rows that wait for the minute to pass, and what to put back if it is undone.
    mails: Mapped[list[int]]
    before: Mapped[dict[str, Any]]
    undone_at: Mapped[datetime | None]
    moderator: Mapped[Account | None] = relationship()


class Appeal(Base):
    """Free, within six months, judged by somebody else: the database sees to that."""

    __tablename__ = "appeal"
    __table_args__ = (
        UniqueConstraint("decision_id", "appellant"),
        # The copy of the first decider cannot lie: it points at the decision with its decider.
        ForeignKeyConstraint(
            ["decision_id", "first_decider"], ["decision.id", "decision.decider"], name="fk_appeal_decision"
        ),
        CheckConstraint("judge_id IS NULL OR judge_id <> first_decider", name="another_judge"),
        CheckConstraint("view_by IS NULL OR view_by <> first_decider", name="another_view"),
        CheckConstraint(one_of("outcome", AppealOutcome), name="outcome"),
        CheckConstraint("outcome IN ('', 'withdrawn') OR (judge_id IS NOT NULL AND reasons <> '')", name="reasons"),
        Index(
            "ix_appeal_open",
            "created_at",
            postgresql_where=text("outcome = ''"),
            sqlite_where=text("outcome = ''"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[str] = mapped_column(String(24), unique=True)
    decision_id: Mapped[int]
    first_decider: Mapped[int]
    # "author", or "notice:<id>" for the notifier of a dismissed notice.
    appellant: Mapped[str] = mapped_column(String(24))
    notice_id: Mapped[int | None] = mapped_column(ForeignKey("notice.id"))
    text: Mapped[str]
    created_at: Mapped[datetime]
    # What the judge thinks before the first decision is shown.
    view: Mapped[str] = mapped_column(String(12))
    view_reasons: Mapped[str]
    view_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    viewed_at: Mapped[datetime | None]
    outcome: Mapped[str] = mapped_column(String(12))
    reasons: Mapped[str]
    judge_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    judged_at: Mapped[datetime | None]
    new_decision_id: Mapped[int | None] = mapped_column(ForeignKey("decision.id"))


class AuthorLimit(Base):
    """The author of this signature may not comment again on this petition."""

    __tablename__ = "author_limit"

    petition_id: Mapped[int] = mapped_column(ForeignKey("petition.id"), primary_key=True)
    signature_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    decision_id: Mapped[int] = mapped_column(ForeignKey("decision.id"))
    created_at: Mapped[datetime]


class SecondLook(Base):
    """One decision in fifty, and every refusal that needs two people, is judged again by another, blind."""

    __tablename__ = "second_look"
    __table_args__ = (
        ForeignKeyConstraint(
            ["decision_id", "first_decider"], ["decision.id", "decision.decider"], name="fk_second_look_decision"
        ),
        CheckConstraint("judge_id IS NULL OR judge_id <> first_decider", name="another_judge"),
        Index(
            "ix_second_look_open",
            "drawn_at",
            postgresql_where=text("judged_at IS NULL"),
            sqlite_where=text("judged_at IS NULL"),
        ),
    )

    decision_id: Mapped[int] = mapped_column(primary_key=True)
    first_decider: Mapped[int]
    drawn_at: Mapped[datetime]
    judge_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    judged_at: Mapped[datetime | None]
    kind: Mapped[str] = mapped_column(String(12))
    article: Mapped[int | None]
    agreed: Mapped[bool | None]
    # Not drawn by lot: the article needs a second person, whose disagreement opens a case.
    required: Mapped[bool] = mapped_column(default=False, server_default=false())
