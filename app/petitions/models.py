"""Petitions, their text, their people, their keys and their counts."""

import uuid
from datetime import date, datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    FromClause,
    Index,
    Integer,
    String,
    Text,
    UniqueConstraint,
    select,
    text,
    union,
)
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.accounts.models import Account
from app.db import Base, one_of
from app.organisations import queries as organisations
from app.organisations.models import Organisation
from app.petitions.choices import DISPLAYS, SOURCE_KINDS

# Spelled out for its index: published, and not everybody was told.
UNTOLD = "state = 'published' AND told_at IS NULL"
# The same: what its organiser calls a victory, and everybody may verify.
WON = "outcome IN ('obtained', 'partly')"
# Of a tally that the count has left behind.
STALE = "noted > seen"
# BIGINT on PostgreSQL, the rowid on SQLite.
BigId = BigInteger().with_variant(Integer(), "sqlite")


class PetitionState(StrEnum):
    DRAFT = "draft"
    SUBMITTED = "submitted"
    OPEN = "open"
    CLOSED = "closed"
    DELIVERED = "delivered"
    REFUSED = "refused"
    # Of no petition any more: ``purged_at`` tells.
    PURGED = "purged"


_S = PetitionState
# What a petition may become, and why. A decision is undone in its first minute: then it is what it was before.
MOVES = {
    (_S.DRAFT, _S.SUBMITTED): "its organiser sends it to the moderators; or corrections that were asked are undone",
    (_S.DRAFT, _S.OPEN): "the operator publishes it",
    (_S.SUBMITTED, _S.OPEN): "a moderator publishes it, or puts online again what was taken down",
    (_S.SUBMITTED, _S.CLOSED): "the same of what was taken down once it was closed",
    (_S.SUBMITTED, _S.DELIVERED): "the same of what was taken down once it was handed over",
    (_S.SUBMITTED, _S.DRAFT): "a moderator asks for corrections",
    (_S.SUBMITTED, _S.REFUSED): "a moderator refuses it, or asks for corrections of what was taken down",
    (_S.OPEN, _S.SUBMITTED): "its publication is undone, before anybody signed; or its return",
    (_S.CLOSED, _S.SUBMITTED): "its return is undone",
    (_S.DELIVERED, _S.SUBMITTED): "its return is undone",
    (_S.OPEN, _S.CLOSED): "its organiser closes it, or its last day is over",
    (_S.OPEN, _S.DELIVERED): "it is handed to its recipients, which closes it",
    (_S.OPEN, _S.REFUSED): "a notice was right: a moderator takes it down; or its return is undone",
    (_S.CLOSED, _S.OPEN): "its organiser undoes its closing, within seven days",
    (_S.CLOSED, _S.DELIVERED): "it is handed to its recipients",
    (_S.CLOSED, _S.REFUSED): "a notice was right: a moderator takes it down; or its return is undone",
    (_S.DELIVERED, _S.REFUSED): "a notice was right: a moderator takes it down; or its return is undone",
    (_S.REFUSED, _S.SUBMITTED): "its organiser sends it again; or its refusal, or what was asked of it, is undone",
    (_S.REFUSED, _S.DRAFT): "its refusal falls, of a text that its author has changed since",
    (_S.REFUSED, _S.OPEN): "an appeal or a second opinion puts it online; or its removal is undone",
    (_S.REFUSED, _S.CLOSED): "the same, once it was closed",
    (_S.REFUSED, _S.DELIVERED): "the same, once it was handed over",
}


class AmendmentState(StrEnum):
    WAITING = "waiting"
    PUBLISHED = "published"
    REFUSED = "refused"
    TAKEN_BACK = "taken_back"


# What an amendment may become, and why: it is decided once, and waits for nothing once its petition is closed.
AMENDMENT_MOVES = {
    (AmendmentState.WAITING, AmendmentState.PUBLISHED): "a moderator publishes it",
    (AmendmentState.WAITING, AmendmentState.REFUSED): "a moderator says why not",
    (AmendmentState.WAITING, AmendmentState.TAKEN_BACK): "its author takes it back",
}


class Outcome(StrEnum):
    """What became of what a petition asks, as its organiser has told it."""

    OBTAINED = "obtained"
    PARTLY = "partly"
    REFUSED = "refused"
    UNANSWERED = "unanswered"


class ChangeKind(StrEnum):
    """What may change on a published petition without another version of its text."""

    TYPO = "typo"
    GOAL = "goal"
    LAST_DAY = "last_day"
    RECIPIENTS = "recipients"
    IMAGE = "image"
    REOPENED = "reopened"


@lru_cache(maxsize=1)
def _in_charge() -> FromClause:
    """(petition, account): its owners, and those who write petitions of its organisation."""
    members = organisations.in_charge().subquery()
    return union(
        select(PetitionOwner.petition_id, PetitionOwner.account_id),
        select(Petition.id, members.c.account_id).join(members, members.c.organisation_id == Petition.organisation_id),
    ).subquery("in_charge")


class Petition(Base):
    __tablename__ = "petition"
    __table_args__ = (
        CheckConstraint(one_of("state", PetitionState), name="state"),
        CheckConstraint("delivery_mode IN ('identities', 'count')", name="delivery_mode"),
        CheckConstraint(one_of("display_most", DISPLAYS), name="display_most"),
        CheckConstraint("image_focus_x BETWEEN 0 AND 100", name="image_focus_x"),
        CheckConstraint("image_focus_y BETWEEN 0 AND 100", name="image_focus_y"),
        CheckConstraint("place_kind IN ('', 'departement', 'commune')", name="place_kind"),
        CheckConstraint("goal > 0", name="goal"),
        CheckConstraint(one_of("outcome", ("", *Outcome)), name="outcome"),
        CheckConstraint("(outcome = '') = (outcome_at IS NULL)", name="outcome_at"),
        # All that the list of open ones asks, so that it reads nothing else.
        Index("ix_petition_listed", "state", "closes_at", "opened_at", "id"),
        # The same for those that have ended, and for those that were won.
        Index("ix_petition_ended", "closed_at", "id", "state"),
        Index("ix_petition_won", "outcome_at", "id", "state", postgresql_where=text(WON), sqlite_where=text(WON)),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(unique=True)
    # Whose members carry it, each by their rights; None for one that is its owners' alone (PetitionOwner).
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"), index=True)
    state: Mapped[str] = mapped_column(String(16))
    title: Mapped[str]
    # The name of its first theme: what the release before reads and writes; to be dropped by the next one.
    theme: Mapped[str]
    author: Mapped[str]
    goal: Mapped[int]
    # Title, theme, author, recipients and text, folded: what an earlier release searched in; to be dropped as well.
    search: Mapped[str]
    # What the recipient will get; shown before signing, frozen after the first signature.
    delivery_mode: Mapped[str] = mapped_column(String(16), default="identities")
    # The most that its signers may show; fixed by its first publication.
    display_most: Mapped[str] = mapped_column(String(8), default="full", server_default="full")
    # What it is about, by INSEE's code (places.py); "" for no place in particular.
    place_kind: Mapped[str] = mapped_column(String(12), default="", server_default=text("''"))
    place_code: Mapped[str] = mapped_column(String(5), default="", server_default=text("''"))
    version: Mapped[int] = mapped_column(default=1)
    comments_open: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime]
    # Sent to a moderator, and how many times.
    submitted_at: Mapped[datetime | None]
    submissions: Mapped[int] = mapped_column(default=0)
    opened_at: Mapped[datetime | None] = mapped_column(index=True)
    # Never null once open: twelve months at most.
    closes_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]
    # What became of it, when, and where that can be read; shown once the news that tells it is, see outcomes.py.
    outcome: Mapped[str] = mapped_column(String(12), default="", server_default=text("''"))
    outcome_at: Mapped[date | None]
    outcome_source_title: Mapped[str] = mapped_column(default="", server_default=text("''"))
    outcome_source_url: Mapped[str] = mapped_column(default="", server_default=text("''"))
    image: Mapped[str | None]
    image_alt: Mapped[str] = mapped_column(default="")
    image_caption: Mapped[str] = mapped_column(default="")
    image_credit: Mapped[str] = mapped_column(default="")
    image_width: Mapped[int] = mapped_column(default=0)
    image_height: Mapped[int] = mapped_column(default=0)
    # What stays in sight when it is cut, in percent from its top left corner.
    image_focus_x: Mapped[int] = mapped_column(default=50, server_default="50")
    image_focus_y: Mapped[int] = mapped_column(default=50, server_default="50")
    # A legal hold suspends the purge until its end, for a stated reason.
    hold_until: Mapped[datetime | None]
    hold_reason: Mapped[str] = mapped_column(default="")
    # The last count and its date survive the rows.
    final_count: Mapped[int | None]
    final_count_at: Mapped[datetime | None]
    purged_at: Mapped[datetime | None]

    recipients: Mapped[list["Recipient"]] = relationship(order_by="Recipient.position", cascade="all, delete-orphan")
    sources: Mapped[list["Source"]] = relationship(order_by="Source.position", cascade="all, delete-orphan")
    themes: Mapped[list["Theme"]] = relationship(
        secondary="petition_theme", order_by="PetitionTheme.position", viewonly=True
    )
    texts: Mapped[list["PetitionText"]] = relationship(order_by="PetitionText.version")
    organisation: Mapped[Organisation | None] = relationship()
    # Whoever is told what becomes of it.
    owners: Mapped[list[Account]] = relationship(
        secondary=lambda: _in_charge(),
        primaryjoin=lambda: Petition.id == _in_charge().c.petition_id,
        secondaryjoin=lambda: Account.id == _in_charge().c.account_id,
        viewonly=True,
        order_by=Account.id,
    )

    @property
    def displays(self) -> list[str]:
        """What a signer may choose to show."""
        return list(DISPLAYS[: DISPLAYS.index(self.display_most) + 1])

    def is_open(self, now: datetime) -> bool:
        """True while it may be signed."""
        return self.state == PetitionState.OPEN and (self.closes_at is None or now < self.closes_at)

    def ended_at(self, now: datetime) -> datetime | None:
        """When signing ended, by hand or by itself; None while it has not."""
        if self.closed_at is not None:
            return self.closed_at
        if self.closes_at is not None and self.closes_at <= now:
            return self.closes_at
        return None


class Theme(Base):
    """One of the list that the operator keeps; none is ever deleted, so that an old address leads somewhere."""

    __tablename__ = "theme"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    english: Mapped[str] = mapped_column(default="")
    # What makes another spelling the same theme (words.theme_key): "Transport" is not beside "Transports".
    key: Mapped[str] = mapped_column(unique=True)
    position: Mapped[int]
    # No longer offered; petitions that have it keep it.
    retired_at: Mapped[datetime | None]
    # Its petitions have this one instead.
    merged_into: Mapped[int | None] = mapped_column(ForeignKey("theme.id"))

    def said(self, locale: str) -> str:
        return self.english if locale == "en" and self.english else self.name


class PetitionTheme(Base):
    __tablename__ = "petition_theme"
    __table_args__ = (UniqueConstraint("petition_id", "theme_id"), Index(None, "theme_id", "petition_id"))

    petition_id: Mapped[int] = mapped_column(ForeignKey("petition.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    theme_id: Mapped[int] = mapped_column(ForeignKey("theme.id"))


class PetitionText(Base):
    """One version of the text; the HTML is rendered and sanitised once, here.

    Versions are those that were published, from 1; as long as none was, the draft is the first. Below zero: texts that
    a moderator has judged and that were written again since; decisions and appeals are about them.
    """

    __tablename__ = "petition_text"

    petition_id: Mapped[int] = mapped_column(ForeignKey("petition.id"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    markdown: Mapped[str]
    html: Mapped[str]
    created_at: Mapped[datetime]
    # None of what nobody could sign yet.
    published_at: Mapped[datetime | None]
    # Why it replaced the one before, in its author's words.
    reason: Mapped[str] = mapped_column(default="", server_default=text("''"))


class Amendment(Base):
    """Another text for a published petition: it waits for a moderator, becomes a version, and its signers are told."""

    __tablename__ = "petition_amendment"
    __table_args__ = (
        CheckConstraint(one_of("state", AmendmentState), name="state"),
        # One at a time: the database decides.
        Index(
            "uq_petition_amendment_waiting",
            "petition_id",
            unique=True,
            postgresql_where=text("state = 'waiting'"),
            sqlite_where=text("state = 'waiting'"),
        ),
        Index("ix_petition_amendment_untold", "id", postgresql_where=text(UNTOLD), sqlite_where=text(UNTOLD)),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    petition_id: Mapped[int] = mapped_column(ForeignKey("petition.id"), index=True)
    state: Mapped[str] = mapped_column(String(12))
    title: Mapped[str]
    markdown: Mapped[str]
    reason: Mapped[str]
    created_at: Mapped[datetime]
    # Refused: under which article of the charter, if any, and in what words.
    article: Mapped[int | None]
    explanation: Mapped[str] = mapped_column(default="")
    decided_at: Mapped[datetime | None]
    # The version that it became.
    version: Mapped[int | None]
    # The last signer told: where to go on; how many were, and when all of them were.
    told_after: Mapped[uuid.UUID | None]
    told: Mapped[int] = mapped_column(default=0)
    told_at: Mapped[datetime | None]


class Change(Base):
    """One dated line of what changed on a published petition; ``details`` say from what to what."""

    __tablename__ = "petition_change"
    __table_args__ = (CheckConstraint(one_of("kind", ChangeKind), name="kind"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    petition_id: Mapped[int] = mapped_column(ForeignKey("petition.id"), index=True)
    at: Mapped[datetime]
    kind: Mapped[str] = mapped_column(String(12))
    # Of the text, when it happened.
    version: Mapped[int]
    # Characters that a typo's correction took away and put in.
    size: Mapped[int] = mapped_column(default=0)
    details: Mapped[dict[str, Any]]


class PetitionAddress(Base):
    """An earlier address of a petition; nobody else ever gets it."""

    __tablename__ = "petition_address"

    slug: Mapped[str] = mapped_column(primary_key=True)
    petition_id: Mapped[int] = mapped_column(ForeignKey("petition.id"), index=True)
    until: Mapped[datetime]


class PetitionSearch(Base):
    """What petitions that the public may open are found by, see search.py; on SQLite a table of FTS5's."""

    __tablename__ = "petition_search"
    __table_args__ = (Index(None, "words", postgresql_using="gin"),)

    # On SQLite also its rowid.
    petition_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    # Of the text that is in it.
    version: Mapped[int]
    # The words of the title, and those of everything, as words.py leaves them.
    title: Mapped[str]
    words: Mapped[str] = mapped_column(TSVECTOR().with_variant(Text(), "sqlite"))


class Recipient(Base):
    __tablename__ = "recipient"

    petition_id: Mapped[int] = mapped_column(ForeignKey("petition.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    role: Mapped[str]


class Source(Base):
    __tablename__ = "source"
    __table_args__ = (CheckConstraint(one_of("kind", SOURCE_KINDS), name="kind"),)

    petition_id: Mapped[int] = mapped_column(ForeignKey("petition.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    publisher: Mapped[str]
    published_on: Mapped[date | None]
    url: Mapped[str] = mapped_column(default="")
    kind: Mapped[str] = mapped_column(String(16), default="article", server_default="article")


class PetitionOwner(Base):
    __tablename__ = "petition_owner"

    petition_id: Mapped[int] = mapped_column(ForeignKey("petition.id"), primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), primary_key=True, index=True)


class WidgetOrigin(Base):
    """A site that may show the sign form in a frame; who named it is in the journal."""

    __tablename__ = "widget_origin"

    petition_id: Mapped[int] = mapped_column(ForeignKey("petition.id"), primary_key=True)
    # Scheme, host and port, as browsers and ``frame-ancestors`` write them.
    origin: Mapped[str] = mapped_column(primary_key=True)
    added_at: Mapped[datetime]


class PetitionKeys(Base):
    """One petition's keys, each sealed by the master key, which is not in the database."""

    __tablename__ = "petition_keys"

    petition_id: Mapped[int] = mapped_column(ForeignKey("petition.id"), primary_key=True)
    # Encrypts e-mail, family name and drafts.
    data_key: Mapped[bytes | None]
    # HMAC of the canonical address: recognises a second signature.
    dedup_key: Mapped[bytes | None]
    # HMAC of the same, kept apart and longer, for the evidence of consent.
    evidence_key: Mapped[bytes | None]
    # Which master key sealed them (a fingerprint).
    master: Mapped[str]
    created_at: Mapped[datetime]


class CountTotal(Base):
    """The folded count of confirmed signatures, per hour of confirmation."""

    __tablename__ = "count_total"
    __table_args__ = (Index(None, "hour", "confirmed"),)

    petition_id: Mapped[int] = mapped_column(primary_key=True)
    hour: Mapped[datetime] = mapped_column(primary_key=True)
    confirmed: Mapped[int]


class CountDelta(Base):
    """A change of the count, one row a transaction, until a job folds it into the total."""

    __tablename__ = "count_delta"
    __table_args__ = (Index(None, "petition_id"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    petition_id: Mapped[int]
    hour: Mapped[datetime]
    change: Mapped[int]
    # Of the text that was signed; 0 written by the release before this one: the present version.
    version: Mapped[int] = mapped_column(default=0, server_default="0")


class VersionTotal(Base):
    """The folded count of confirmed signatures, per version of the text."""

    __tablename__ = "version_total"

    petition_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    confirmed: Mapped[int]


class PaperTotal(Base):
    """Those of the count that were signed on paper, per hour in which they joined it and version of the text.

    Beside the count and not a kind of its rows: releases that fold these know nothing of paper, and need not.
    """

    __tablename__ = "paper_total"
    __table_args__ = (Index(None, "hour", "signatures"),)

    petition_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    hour: Mapped[datetime] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    signatures: Mapped[int]


class StepPassed(Base):
    """The moment a step towards the goal was passed; never moved afterwards."""

    __tablename__ = "step_passed"

    petition_id: Mapped[int] = mapped_column(ForeignKey("petition.id"), primary_key=True)
    step: Mapped[int] = mapped_column(primary_key=True)
    passed_at: Mapped[datetime]


class ViewCount(Base):
    """Page views, counted by the hour on the server, robots left out; nothing about the reader."""

    __tablename__ = "view_count"
    __table_args__ = (UniqueConstraint("petition_id", "hour"), Index(None, "hour", "views"))

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    petition_id: Mapped[int]
    hour: Mapped[datetime]
    views: Mapped[int]


class TagCount(Base):
    """What the links that we make ourselves brought (choices.TAGS), by the day in France; nothing about the reader."""

    __tablename__ = "tag_count"

    petition_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    day: Mapped[date] = mapped_column(primary_key=True)
    tag: Mapped[str] = mapped_column(String(12), primary_key=True)
    views: Mapped[int] = mapped_column(default=0, server_default="0")
    confirmed: Mapped[int] = mapped_column(default=0, server_default="0")


class TagDelta(Base):
    """Confirmations of one transaction that came by such a link, until a job folds them: no row that a crowd shares."""

    __tablename__ = "tag_delta"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    petition_id: Mapped[int] = mapped_column(index=True)
    day: Mapped[date]
    tag: Mapped[str] = mapped_column(String(12))
    confirmed: Mapped[int]


class PlaceTally(Base):
    """Where those counted are from, as a job found it at one moment: ten million rows are too many for a page."""

    __tablename__ = "place_tally"
    __table_args__ = (Index("ix_place_tally_stale", "due_at", postgresql_where=text(STALE), sqlite_where=text(STALE)),)

    petition_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    # Département → how many, small ones included: a page merges them (cells.py).
    cells: Mapped[dict[str, Any]]
    made_at: Mapped[datetime | None]
    # How often a change of the count was noted, and the count after the last one; the same when this tally was begun.
    noted: Mapped[int]
    counted: Mapped[int]
    seen: Mapped[int]
    seen_count: Mapped[int]
    # Not before; whoever begins moves it on, so that nobody else does the same.
    due_at: Mapped[datetime]


class Standing(Base):
    """What the home page brings forward, as a job ranked it within the last minute; the figures are read anew."""

    __tablename__ = "standing"
    __table_args__ = (CheckConstraint(one_of("kind", ("moving", "near")), name="kind"),)

    kind: Mapped[str] = mapped_column(String(8), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    petition_id: Mapped[int]
