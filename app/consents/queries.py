"""Which texts are in force, and what each person last answered."""

import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, bindparam, delete, insert, literal, literal_column, select, tuple_
from sqlalchemy.orm import Session, aliased

from app.bulk import insert_rows
from app.consents.models import UNDONE, ConsentEvent, ConsentKind, ConsentText


def in_force(session: Session, now: datetime, locale: str, delivery_mode: str) -> dict[str, ConsentText]:
    """Purpose → the text that is shown now; ``sign`` says what the recipient gets."""
    texts = session.scalars(
        select(ConsentText)
        .where(
            ConsentText.locale == locale,
            ConsentText.variant.in_(["", delivery_mode]),
            ConsentText.valid_from <= now,
            ConsentText.valid_to.is_(None) | (ConsentText.valid_to > now),
        )
        .order_by(ConsentText.version)
    )
    return {text.purpose: text for text in texts}


def latest_version(session: Session, purpose: str, variant: str, locale: str) -> ConsentText | None:
    return session.scalars(
        select(ConsentText)
        .where(ConsentText.purpose == purpose, ConsentText.variant == variant, ConsentText.locale == locale)
        .order_by(ConsentText.version.desc())
        .limit(1)
    ).one_or_none()


def append(session: Session, events: Sequence[dict[str, Any]], same: dict[str, Any] | None = None) -> None:
    """*same*: what all of them have in common, and is then not in each."""
    insert_rows(session, ConsentEvent.__table__, events, same)


def _latest() -> Select[Any]:
    """The last event of each (signature, purpose); events are only ever appended."""
    later = aliased(ConsentEvent)
    return select(ConsentEvent).where(
        ~select(literal(1))
        .where(
            later.petition_id == ConsentEvent.petition_id,
            later.signature_id == ConsentEvent.signature_id,
            later.purpose == ConsentEvent.purpose,
            later.at > ConsentEvent.at,
        )
        .exists()
    )


# Made once: for a small group, building these costs more than running them.
_LAST = _latest().subquery()
_OF_GROUP = _LAST.c.petition_id == bindparam("petition"), _LAST.c.signature_id.in_(bindparam("ids", expanding=True))
_CONFIRM_GIVEN = insert(ConsentEvent.__table__).from_select(  # type: ignore[arg-type]
    ["petition_id", "signature_id", "purpose", "at", "kind", "text_id", "channel", "subject", "form_digest"],
    select(
        _LAST.c.petition_id,
        _LAST.c.signature_id,
        _LAST.c.purpose,
        bindparam("now", type_=ConsentEvent.at.type),
        literal(ConsentKind.CONFIRMED, ConsentEvent.kind.type),
        _LAST.c.text_id,
        _LAST.c.channel,  # where it was given; that a mailbox has confirmed it is what the kind says
        _LAST.c.subject,
        _LAST.c.form_digest,
    ).where(*_OF_GROUP, _LAST.c.kind == ConsentKind.GIVEN),
)
_SAID = select(_LAST).where(*_OF_GROUP)
_CONFIRMED = select(_LAST.c.signature_id, _LAST.c.purpose).where(
    *_OF_GROUP, _LAST.c.purpose.in_(bindparam("purposes", expanding=True)), _LAST.c.kind == ConsentKind.CONFIRMED
)


def latest(session: Session, petition_id: int, signature_id: uuid.UUID) -> dict[str, ConsentEvent]:
    """Purpose → last event of one signature."""
    rows = session.scalars(
        _latest().where(ConsentEvent.petition_id == petition_id, ConsentEvent.signature_id == signature_id)
    )
    return {row.purpose: row for row in rows}


def latest_of(
    session: Session, petition_id: int, signature_ids: Iterable[uuid.UUID]
) -> dict[uuid.UUID, dict[str, Any]]:
    """The same of many: signature → purpose → last event."""
    found: dict[uuid.UUID, dict[str, Any]] = {each: {} for each in signature_ids}
    for row in session.execute(_SAID, {"petition": petition_id, "ids": list(found)}):
        found[row.signature_id][row.purpose] = row
    return found


def span(
    session: Session, petition_id: int, signature_id: uuid.UUID, purpose: str
) -> tuple[datetime | None, datetime | None]:
    """From when until when this purpose was consented to, the last time it was; an end that was undone is none."""
    events = session.execute(
        select(ConsentEvent.at, ConsentEvent.kind, ConsentEvent.channel)
        .where(
            ConsentEvent.petition_id == petition_id,
            ConsentEvent.signature_id == signature_id,
            ConsentEvent.purpose == purpose,
        )
        .order_by(ConsentEvent.at)
    ).all()
    said = [at for at, kind, channel in events if kind == ConsentKind.CONFIRMED and channel != UNDONE]
    if not said:
        return None, None
    last = events[-1]
    return said[-1], None if last.kind == ConsentKind.CONFIRMED else last.at


def confirm_given(session: Session, petition_id: int, signature_ids: Iterable[uuid.UUID], now: datetime) -> None:
    """Append ``confirmed`` for every purpose whose last word is ``given``."""
    session.execute(_CONFIRM_GIVEN, {"petition": petition_id, "ids": list(signature_ids), "now": now})


def last_word(purpose: str, petition_id: Any, signature_id: Any, of: Any = ConsentEvent) -> Any:
    """The kind of the latest event of each row of the caller's query.

    A scalar subquery, which no planner turns into a join: one step in the primary key for each row,
    whatever it believes of the tables. *of*: another name for the events, where the query reads them itself.
    """
    return (
        select(of.kind)
        .where(of.petition_id == petition_id, of.signature_id == signature_id, of.purpose == purpose)
        .order_by(of.at.desc())
        .limit(1)
        .scalar_subquery()
    )


def agreed_to_contact(petition_id: int, after: datetime, until: datetime) -> Select[uuid.UUID, datetime]:
    """(signature_id, at) of those whose last word on contact by the organiser is a yes, said within.

    A yes that holds again because its end was undone was said when it was given.
    """
    later = aliased(ConsentEvent)
    said_again = select(literal(1)).where(
        later.petition_id == ConsentEvent.petition_id,
        later.signature_id == ConsentEvent.signature_id,
        later.purpose == ConsentEvent.purpose,
        later.kind == ConsentKind.CONFIRMED,
        later.channel != UNDONE,
        later.at > ConsentEvent.at,
    )
    return select(ConsentEvent.signature_id, ConsentEvent.at).where(
        ConsentEvent.petition_id == petition_id,
        # Spelled out, as the index of these few is.
        ConsentEvent.purpose == literal_column("'organiser_contact'"),
        ConsentEvent.kind == literal_column("'confirmed'"),
        ConsentEvent.channel != UNDONE,
        ConsentEvent.at > after,
        ConsentEvent.at <= until,
        ~said_again.exists(),
        last_word("organiser_contact", ConsentEvent.petition_id, ConsentEvent.signature_id, of=aliased(ConsentEvent))
        == ConsentKind.CONFIRMED,
    )


def confirmed_purposes(
    session: Session, petition_id: int, signature_ids: Iterable[uuid.UUID], purposes: Iterable[str]
) -> list[tuple[uuid.UUID, str]]:
    """Which of these signatures' last word on which purpose is ``confirmed``."""
    values = {"petition": petition_id, "ids": list(signature_ids), "purposes": list(purposes)}
    rows = session.execute(_CONFIRMED, values)
    return [(signature_id, purpose) for signature_id, purpose in rows]


def texts_by_id(session: Session, ids: Iterable[int]) -> dict[int, ConsentText]:
    rows = session.scalars(select(ConsentText).where(ConsentText.id.in_(list(ids))))
    return {row.id: row for row in rows}


def delete_unconfirmed(session: Session, ids: Iterable[tuple[int, uuid.UUID]]) -> None:
    """Evidence of signatures that were never confirmed and are gone: the database allows only this."""
    key = tuple_(ConsentEvent.petition_id, ConsentEvent.signature_id)
    these = delete(ConsentEvent).where(key.in_(list(ids)))
    session.execute(these, execution_options={"synchronize_session": False})
