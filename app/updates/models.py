"""News of petitions, and the platform's letters."""

import uuid
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, one_of

# Spelled out for its index: a mailing in the organiser's words that waits or is about to leave.
PENDING = (
    "mail AND state IN ('waiting', 'scheduled')"
    " AND (kind IN ('news', 'outcome') OR kind = 'answer' AND author_id IS NOT NULL)"
)


class UpdateKind(StrEnum):
    """What is told: in the organiser's words, or what happened to the petition."""

    NEWS = "news"
    ANSWER = "answer"
    DELIVERY = "delivery"
    OUTCOME = "outcome"


class UpdateState(StrEnum):
    DRAFT = "draft"
    WAITING = "waiting"
    # It appears by itself at ``not_before``: its author may call it back until then.
    SCHEDULED = "scheduled"
    PUBLISHED = "published"
    REFUSED = "refused"
    RECALLED = "recalled"


_S = UpdateState
MOVES = {
    (_S.DRAFT, _S.WAITING): "its author sends it, one of the first of its petition",
    (_S.DRAFT, _S.SCHEDULED): "its author sends it, after others that a moderator has read",
    (_S.WAITING, _S.SCHEDULED): "a moderator lets it go",
    (_S.WAITING, _S.REFUSED): "a moderator says why not",
    (_S.WAITING, _S.RECALLED): "its author takes it back before it was read",
    (_S.SCHEDULED, _S.PUBLISHED): "its ten minutes are over",
    (_S.SCHEDULED, _S.RECALLED): "its author calls it back: nobody has seen it",
    (_S.RECALLED, _S.WAITING): "its author sends it again, to be read",
    (_S.RECALLED, _S.SCHEDULED): "its author sends it again, no moderator having refused it",
    (_S.REFUSED, _S.WAITING): "its author has corrected it and sends it again, to be read",
    (_S.PUBLISHED, _S.REFUSED): "a moderator takes it off the page, with reasons; it comes back no more",
}
# What its author may still write in, or throw away.
WRITABLE = (_S.DRAFT, _S.RECALLED, _S.REFUSED)


class Sending:
    """A text that goes to subscribers in batches, and where that stands."""

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    markdown: Mapped[str]
    html: Mapped[str]
    created_at: Mapped[datetime]
    # The last subscriber written to: where to go on.
    sent_after: Mapped[uuid.UUID | None]
    # Mails written to the outbox; finished once everybody's was.
    sent: Mapped[int] = mapped_column(default=0)
    finished_at: Mapped[datetime | None]


class Update(Sending, Base):
    """One entry of the dated timeline of a petition. The defaults are what the release before writes.

    ``finished_at`` is null only while its mails are being written: it has a date before, and when there are none.
    """

    __tablename__ = "petition_update"
    __table_args__ = (
        CheckConstraint(one_of("kind", UpdateKind), name="kind"),
        CheckConstraint(one_of("state", UpdateState), name="state"),
        # One mailing in the organiser's words at a time: the database decides.
        Index(
            "uq_petition_update_pending",
            "petition_id",
            unique=True,
            postgresql_where=text(PENDING),
            sqlite_where=text(PENDING),
        ),
        Index("ix_petition_update_state", "state", "not_before"),
    )

    petition_id: Mapped[int] = mapped_column(ForeignKey("petition.id"), index=True)
    kind: Mapped[str] = mapped_column(String(12), default=UpdateKind.NEWS, server_default=text("'news'"))
    state: Mapped[str] = mapped_column(String(12), default=UpdateState.DRAFT, server_default=text("'published'"))
    # To be mailed as well to those who asked for the news of this petition.
    mail: Mapped[bool] = mapped_column(default=False, server_default=text("true"))
    # What its kind tells beside the text: when, to whom, from which source.
    facts: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default=text("'{}'"))
    # Who sent it last, or began it; none for what came by a link, or before it was noted.
    author_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    # Last written in, and last sent by its author.
    saved_at: Mapped[datetime | None]
    submitted_at: Mapped[datetime | None]
    not_before: Mapped[datetime | None]
    published_at: Mapped[datetime | None]
    # What a moderator said: an article of the charter and the reasons, if it was refused.
    article: Mapped[int | None]
    explanation: Mapped[str] = mapped_column(default="", server_default=text("''"))
    decided_at: Mapped[datetime | None]
    # A moderator said no, and none has said yes since: whatever its author does, it is read again.
    refused_at: Mapped[datetime | None]
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("account.id"))

    @property
    def at(self) -> datetime:
        """Its date in the timeline, once it is there."""
        return self.published_at or self.created_at

    @property
    def is_writable(self) -> bool:
        """Sent or thrown away by its author; not what was taken off the page, nor what a recipient wrote."""
        return self.state in WRITABLE and self.published_at is None and not self.by_recipient

    @property
    def is_rewritable(self) -> bool:
        """Its words are its author's: those of a delivery are ours."""
        return self.is_writable and self.kind != UpdateKind.DELIVERY

    @property
    def in_own_words(self) -> bool:
        """Of its organiser, whose mailings are counted together; as PENDING and queries.own_words say."""
        if self.kind == UpdateKind.ANSWER:
            return self.author_id is not None
        return self.kind in {UpdateKind.NEWS, UpdateKind.OUTCOME}

    @property
    def by_recipient(self) -> bool:
        """It came by the link of a recipient: nobody else changes it or takes it back."""
        return bool(self.facts.get("by_recipient"))


class Letter(Sending, Base):
    """No two bear the same title: what is posted twice leaves once."""

    __tablename__ = "letter"
    __table_args__ = (UniqueConstraint("title"),)


# What everybody may read of the facts; others are ours.
FACTS = ("at", "to", "how", "number", "from", "by_recipient", "kind", "source_url", "source_title")
# The folders of their mails, under templates/email.
LETTER_MAIL = "updates/letter"
NEWS_MAIL = "updates/news"
