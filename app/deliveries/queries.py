"""Every SELECT about deliveries and the links of their recipients."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session, joinedload

from app.accounts.models import Account
from app.deliveries.models import Delivery, DeliveryProof, RecipientLink
from app.exports.models import ExportRecord
from app.petitions.models import Petition
from app.signatures.models import Signature, SignatureState
from app.updates.models import Update, UpdateKind


def of_petition(session: Session, petition_id: int) -> Sequence[Delivery]:
    """The first one first."""
    return session.scalars(select(Delivery).where(Delivery.petition_id == petition_id).order_by(Delivery.number)).all()


def numbered(session: Session, petition_id: int, number: int) -> Delivery | None:
    return session.scalars(
        select(Delivery).where(Delivery.petition_id == petition_id, Delivery.number == number)
    ).one_or_none()


def how_many(session: Session, petition_id: int) -> int:
    return session.scalar(select(func.count()).where(Delivery.petition_id == petition_id)) or 0


def by_id(session: Session, delivery_id: int) -> Delivery | None:
    return session.get(Delivery, delivery_id, options=[joinedload(Delivery.petition)])


def lock(session: Session, delivery_id: int) -> Delivery:
    return session.get_one(Delivery, delivery_id, with_for_update=True, populate_existing=True)


def proof(session: Session, delivery_id: int) -> bytes | None:
    return session.scalar(select(DeliveryProof.sealed).where(DeliveryProof.delivery_id == delivery_id))


def proofs_there(session: Session, petition_id: int) -> set[int]:
    """Of which deliveries of this petition the proof is still kept."""
    found = select(DeliveryProof.delivery_id).join(Delivery, Delivery.id == DeliveryProof.delivery_id)
    return set(session.scalars(found.where(Delivery.petition_id == petition_id)))


# Links


def link(session: Session, link_id: int, *, alone: bool = False) -> RecipientLink | None:
    """*alone*: ours until the commit."""
    query = select(RecipientLink).where(RecipientLink.id == link_id)
    if alone:
        query = query.with_for_update(of=RecipientLink).execution_options(populate_existing=True)
    query = query.options(joinedload(RecipientLink.delivery).joinedload(Delivery.petition))
    return session.scalars(query).one_or_none()


def links(session: Session, petition_id: int) -> Sequence[RecipientLink]:
    return session.scalars(
        select(RecipientLink)
        .join(Delivery, Delivery.id == RecipientLink.delivery_id)
        .where(Delivery.petition_id == petition_id)
        .options(joinedload(RecipientLink.delivery))
        .order_by(RecipientLink.delivery_id, RecipientLink.place)
    ).all()


def link_of(session: Session, delivery_id: int, place: int) -> RecipientLink | None:
    return session.scalars(
        select(RecipientLink).where(RecipientLink.delivery_id == delivery_id, RecipientLink.place == place)
    ).one_or_none()


def asked_not_sent() -> ColumnElement[bool]:
    """Of a link: an organiser has asked for it, and it was not sent since."""
    waits = or_(RecipientLink.sent_at.is_(None), RecipientLink.sent_at < RecipientLink.asked_at)
    return and_(RecipientLink.asked_at.is_not(None), waits)


def of_everybody(
    session: Session, limit: int, page: int = 1, order: str = "date", down: bool = True, links: str = ""
) -> Sequence[Any]:
    """``(delivery, petition)`` of the instance; *links*: only those with a link ``asked``, ``sent`` or ``received``."""
    query = select(Delivery, Petition).join(Petition, Petition.id == Delivery.petition_id)
    if links:
        wanted = {
            "asked": asked_not_sent(),
            "sent": and_(RecipientLink.sent_at.is_not(None), RecipientLink.receipt_at.is_(None)),
            "received": RecipientLink.receipt_at.is_not(None),
        }[links]
        query = query.where(Delivery.id.in_(select(RecipientLink.delivery_id).where(wanted)))
    column = {"date": Delivery.handed_on, "petition": func.lower(Petition.title)}[order]
    query = query.order_by(column.desc() if down else column.asc(), Delivery.id.desc())
    return session.execute(query.limit(limit).offset((page - 1) * (limit - 1))).all()


def links_of(session: Session, delivery_ids: Sequence[int]) -> dict[tuple[int, int], RecipientLink]:
    """``(delivery, place)`` → the link."""
    rows = session.scalars(select(RecipientLink).where(RecipientLink.delivery_id.in_(delivery_ids)))
    return {(row.delivery_id, row.place): row for row in rows}


def asked(session: Session) -> Sequence[RecipientLink]:
    """Asked for by an organiser and not sent since, the oldest first."""
    return session.scalars(
        select(RecipientLink)
        .where(asked_not_sent())
        .options(joinedload(RecipientLink.delivery).joinedload(Delivery.petition))
        .order_by(RecipientLink.asked_at)
    ).all()


def organiser_addresses(session: Session, petition: Petition) -> Sequence[str]:
    """Of every account that may start or carry petitions, and of whoever owns this one."""
    owners = [account.id for account in petition.owners]
    return session.scalars(select(Account.email).where(or_(Account.role == "organiser", Account.id.in_(owners)))).all()


# What the pack is made of: those who had confirmed until one moment


def _confirmed(petition_id: int, until: datetime) -> Any:
    return (
        Signature.petition_id == petition_id,
        Signature.state == SignatureState.CONFIRMED,
        Signature.confirmed_at <= until,
    )


def places_until(session: Session, petition_id: int, until: datetime) -> dict[str, int]:
    rows = session.execute(
        select(Signature.departement, func.count())
        .where(*_confirmed(petition_id, until))
        .group_by(Signature.departement)
        .order_by(Signature.departement)
    )
    return dict(rows.all())


def versions_until(session: Session, petition_id: int, until: datetime) -> list[tuple[int, int]]:
    rows = session.execute(
        select(Signature.text_version, func.count())
        .where(*_confirmed(petition_id, until))
        .group_by(Signature.text_version)
        .order_by(Signature.text_version)
    )
    return [(version, n) for version, n in rows]


def last_pack(session: Session, petition_id: int, before: datetime) -> ExportRecord | None:
    """The last pack of a moment before that one that went out whole."""
    return session.scalars(
        select(ExportRecord)
        .where(
            ExportRecord.petition_id == petition_id,
            ExportRecord.purpose == "delivery",
            ExportRecord.format == "zip",
            ExportRecord.counted.is_not(None),
            ExportRecord.finished_at.is_not(None),
            ExportRecord.started_at < before,
        )
        .order_by(ExportRecord.started_at.desc(), ExportRecord.id.desc())
        .limit(1)
    ).one_or_none()


def answers_by(session: Session, petition_id: int, link_id: int) -> int:
    """By that link, whatever became of them: refused ones too."""
    rows = session.scalars(
        select(Update.facts).where(
            Update.petition_id == petition_id, Update.kind == UpdateKind.ANSWER, Update.author_id.is_(None)
        )
    )
    return sum(facts.get("link") == link_id for facts in rows)
