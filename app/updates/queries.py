"""Every SELECT about updates and letters."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, func, literal_column, or_, select, text
from sqlalchemy.orm import Session

from app.mail.models import OutboxMail
from app.petitions.models import Petition
from app.petitions.queries import PUBLIC_STATES
from app.updates.models import LETTER_MAIL, NEWS_MAIL, WRITABLE, Letter, Update, UpdateKind, UpdateState

# A literal, not a parameter, so that no plan is made for the others.
PUBLISHED: ColumnElement[str] = literal_column("'published'")
# Its date in the timeline; the release before writes none.
told_at = func.coalesce(Update.published_at, Update.created_at)
# Written by its organiser: not what happened, nor what came by a link.
own_words = or_(
    Update.kind.in_((UpdateKind.NEWS, UpdateKind.OUTCOME)),
    (Update.kind == UpdateKind.ANSWER) & Update.author_id.is_not(None),
)
COMING = (UpdateState.WAITING, UpdateState.SCHEDULED)


def hold_petition(session: Session, petition_id: int) -> str | None:
    """Its state, which stays so until the commit; who signs does not wait."""
    query = select(Petition.state).where(Petition.id == petition_id).with_for_update(key_share=True, of=Petition)
    return session.scalar(query)


def get(session: Session, update_id: int) -> Update | None:
    return session.get(Update, update_id)


def hold(session: Session, update_id: int) -> Update | None:
    """Ours alone until the commit, as it stands then."""
    query = select(Update).where(Update.id == update_id).with_for_update()
    return session.scalars(query.execution_options(populate_existing=True)).one_or_none()


def published(session: Session, petition_id: int, limit: int = 50) -> Sequence[Update]:
    """The newest first."""
    query = select(Update).where(Update.petition_id == petition_id, Update.state == PUBLISHED)
    return session.scalars(query.order_by(told_at.desc(), Update.id.desc()).limit(limit)).all()


def told(
    session: Session, petition_id: int, limit: int, before: tuple[datetime, int] | None = None
) -> Sequence[Update]:
    """The same from a cursor, with what was taken off the page."""
    taken_off = (Update.state == UpdateState.REFUSED) & Update.published_at.is_not(None)
    query = select(Update).where(Update.petition_id == petition_id, (Update.state == PUBLISHED) | taken_off)
    if before is not None:
        at, last = before
        query = query.where(or_(told_at < at, (told_at == at) & (Update.id < last)))
    return session.scalars(query.order_by(told_at.desc(), Update.id.desc()).limit(limit)).all()


def titles_since(session: Session, petition_ids: Sequence[int], since: datetime) -> Sequence[Row[Any]]:
    """(petition, title, kind, facts, date), the newest of each petition last."""
    return session.execute(
        select(Update.petition_id, Update.title, Update.kind, Update.facts, told_at.label("at"))
        .where(Update.petition_id.in_(petition_ids), Update.state == PUBLISHED, told_at > since)
        .order_by(told_at, Update.id)
    ).all()


def recent(session: Session, limit: int) -> Sequence[tuple[Update, str, str, str]]:
    """The newest of all petitions online; with each, the address, the title and the author of its petition."""
    rows = session.execute(
        select(Update, Petition.slug, Petition.title, Petition.author)
        .join(Petition, Petition.id == Update.petition_id)
        .where(Update.state == PUBLISHED, Petition.state.in_(PUBLIC_STATES))
        .order_by(told_at.desc(), Update.id.desc())
        .limit(limit)
    )
    return [(row[0], row[1], row[2], row[3]) for row in rows]


def of_desk(session: Session, petition_id: int, limit: int = 200) -> Sequence[Update]:
    """All of them as their authors see them, the last touched first."""
    touched = func.coalesce(Update.published_at, Update.saved_at, Update.created_at)
    query = select(Update).where(Update.petition_id == petition_id)
    return session.scalars(query.order_by(touched.desc(), Update.id.desc()).limit(limit)).all()


def waiting(*columns: Any) -> Select[Any]:
    """To be read by a moderator; those of a petition that is not online wait for it."""
    return (
        select(*columns)
        .select_from(Update)
        .join(Petition, Petition.id == Update.petition_id)
        .where(Update.state == UpdateState.WAITING, Petition.state.in_(PUBLIC_STATES))
    )


def drafts(session: Session, petition_id: int) -> int:
    query = select(func.count()).where(Update.petition_id == petition_id, Update.state.in_(WRITABLE))
    return session.scalar(query.where(Update.published_at.is_(None))) or 0


def let_through(session: Session, petition_id: int) -> int:
    """How many of its organiser's a moderator has read, that are on the page or about to be.

    Not what came by a link, which is not theirs; nor what went by itself or before news were read: nobody has vouched
    for it.
    """
    theirs = or_(Update.author_id.is_not(None), Update.kind == UpdateKind.NEWS)
    went = Update.state.in_((UpdateState.SCHEDULED, UpdateState.PUBLISHED)), Update.decided_at.is_not(None)
    return session.scalar(select(func.count()).where(Update.petition_id == petition_id, theirs, *went)) or 0


def last_mailing(session: Session, petition_id: int, *, delivery: bool = False) -> datetime | None:
    """When its organiser's words last left by mail; of what was taken off the page before anybody got it, never.

    *delivery*: when it was last mailed that it was handed over, which is counted apart.
    """
    left = (Update.state == PUBLISHED) | ((Update.state == UpdateState.REFUSED) & (Update.sent > 0))
    return session.scalar(
        select(told_at)
        .where(Update.petition_id == petition_id, _counted(delivery), Update.mail, left)
        .order_by(told_at.desc())
        .limit(1)
    )


def mailing_pending(session: Session, petition_id: int, *, delivery: bool = False) -> Update | None:
    """What waits to be mailed: one at most."""
    query = select(Update).where(Update.petition_id == petition_id, _counted(delivery), Update.mail)
    return session.scalars(query.where(Update.state.in_(COMING)).limit(1)).first()


def _counted(delivery: bool) -> ColumnElement[bool]:
    return Update.kind == UpdateKind.DELIVERY if delivery else own_words


def coming(session: Session, petition_id: int) -> int:
    """How many in its organiser's words wait, or are about to appear."""
    query = select(func.count()).where(Update.petition_id == petition_id, own_words, Update.state.in_(COMING))
    return session.scalar(query) or 0


def same(session: Session, petition_id: int, kind: str, title: str, text: str) -> Sequence[Update]:
    """Word for word, not refused nor thrown away."""
    alike = Update.kind == kind, Update.title == title, Update.markdown == text
    query = select(Update).where(Update.petition_id == petition_id, Update.state != UpdateState.REFUSED, *alike)
    return session.scalars(query.order_by(Update.id)).all()


def empty_draft(session: Session, petition_id: int, author_id: int) -> Update | None:
    """Begun, with nothing in it yet."""
    empty = Update.state == UpdateState.DRAFT, Update.title == "", Update.markdown == ""
    query = select(Update).where(Update.petition_id == petition_id, Update.author_id == author_id, *empty)
    return session.scalars(query.limit(1)).one_or_none()


def due(session: Session, now: datetime, limit: int) -> Sequence[Update]:
    """To appear now, ours alone until the commit, and their petitions: an outcome is written there."""
    return session.scalars(
        select(Update)
        .join(Petition, Petition.id == Update.petition_id)
        .where(Update.state == UpdateState.SCHEDULED, Update.not_before <= now, Petition.state.in_(PUBLIC_STATES))
        .order_by(Update.not_before, Update.id)
        .limit(limit)
        .with_for_update(key_share=True, of=(Update, Petition), skip_locked=True)
    ).all()


def last_outcome(session: Session, petition_id: int) -> Update | None:
    """The one that everybody reads."""
    query = select(Update).where(Update.petition_id == petition_id, Update.kind == UpdateKind.OUTCOME)
    return session.scalars(
        query.where(Update.state == PUBLISHED).order_by(told_at.desc(), Update.id.desc()).limit(1)
    ).first()


def outcome_under_way(session: Session, petition_id: int) -> Update | None:
    """One that nobody reads yet; the petition being locked, there is never a second one."""
    outcome = Update.kind == UpdateKind.OUTCOME, Update.state.in_(COMING)
    query = select(Update).where(Update.petition_id == petition_id, *outcome)
    return session.scalars(query.order_by(Update.id.desc()).limit(1)).first()


def outcomes(session: Session, petition_id: int, limit: int = 20) -> Sequence[Update]:
    """All that was told, the newest first."""
    query = select(Update).where(Update.petition_id == petition_id, Update.kind == UpdateKind.OUTCOME)
    return session.scalars(query.order_by(Update.id.desc()).limit(limit)).all()


def is_answered(session: Session, petition_id: int) -> bool:
    """Everybody reads an answer of its recipients."""
    query = select(Update.id).where(Update.petition_id == petition_id, Update.kind == UpdateKind.ANSWER)
    return session.scalar(query.where(Update.state == PUBLISHED).limit(1)) is not None


def unfinished_news(session: Session, aside: Collection[int] = ()) -> Update | None:
    """News that are still being mailed, ours alone until the commit; those of a petition taken down wait, those set
    *aside* too."""
    online = select(Petition.id).where(Petition.state.in_(PUBLIC_STATES))
    return session.scalars(
        select(Update)
        .where(Update.state == PUBLISHED, Update.finished_at.is_(None), Update.petition_id.in_(online))
        .where(Update.id.not_in(aside))
        .order_by(Update.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    ).one_or_none()


def mailed(session: Session, petition_id: int, update_id: int | None = None) -> Sequence[int]:
    """Those of its news that are mailed, or that one."""
    one = () if update_id is None else (Update.id == update_id,)
    return session.scalars(select(Update.id).where(Update.petition_id == petition_id, Update.mail, *one)).all()


def copies_waiting(session: Session) -> Sequence[OutboxMail]:
    """Mails of news that have not left, without those that somebody is about to."""
    waits = text("state = 'waiting'")  # spelled out for its index
    query = select(OutboxMail).where(waits, OutboxMail.template == NEWS_MAIL)
    return session.scalars(query.order_by(OutboxMail.id).with_for_update(skip_locked=True)).all()


def unfinished_letter(session: Session, aside: Collection[int] = ()) -> Letter | None:
    """One that is still being sent, ours alone until the commit; not those set *aside*."""
    return session.scalars(
        select(Letter)
        .where(Letter.finished_at.is_(None), Letter.id.not_in(aside))
        .order_by(Letter.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    ).one_or_none()


def letters(session: Session, limit: int = 20) -> Sequence[Letter]:
    return session.scalars(select(Letter).order_by(Letter.id.desc()).limit(limit)).all()


def letter_titled(session: Session, title: str) -> Letter | None:
    return session.scalars(select(Letter).where(Letter.title == title)).one_or_none()


def letter_under_way(session: Session) -> bool:
    return session.scalar(select(func.count()).where(Letter.finished_at.is_(None))) != 0


def mails_of(session: Session, letter: Letter, now: datetime) -> dict[str, int]:
    """State → how many mails of this letter the outbox still has. One letter is written at a time."""
    rows = session.execute(
        select(OutboxMail.state, func.count())
        .where(
            OutboxMail.template == LETTER_MAIL,
            OutboxMail.created_at.between(letter.created_at, letter.finished_at or now),
        )
        .group_by(OutboxMail.state)
    )
    return {row[0]: row[1] for row in rows}
