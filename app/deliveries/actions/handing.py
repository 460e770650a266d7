"""Handing over: a dated public line, which ends signing the first time, and its proof."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from app import audit, clock
from app.db import changed
from app.deliveries import proofs, queries
from app.deliveries.choices import WAYS
from app.deliveries.models import Delivery
from app.deliveries.proofs import Proof
from app.errors import Conflict, Gone, Invalid, NotFound
from app.paper import queries as paper
from app.paper.models import SheetState
from app.petitions import actions as petition_actions
from app.petitions import queries as petition_queries
from app.petitions.end_of_life import AFTER_DELIVERY, delivery_clock, erased_on
from app.petitions.models import Petition, PetitionState
from app.updates import actions as updates
from app.updates import words
from app.updates.models import UpdateKind
from app.zone import day_of, end_of

MEANWHILE = "Une autre remise vient d’être notée pour cette pétition : relisez la page avant de recommencer."


@dataclass(frozen=True)
class Handed:
    """What somebody says of a delivery; *places*: of the petition's recipients, in their order."""

    on: date
    places: Sequence[int]
    way: str
    note: str = ""


def may_be(petition: Petition) -> bool:
    """Handed over, for the first time or once more."""
    return petition.state in (*petition_actions.DELIVERABLE, PetitionState.DELIVERED)


def left_out(session: Session, petition: Petition) -> int:
    """Sheets that nobody has checked: the first delivery ends the count, and they are not in it."""
    return paper.states(session, petition.id).get(SheetState.ENTERED, 0) if petition.delivered_at is None else 0


def check(petition: Petition, handed: Handed, now: datetime) -> None:
    """Raises Conflict, Invalid."""
    if not may_be(petition):
        raise Conflict("Cette pétition ne peut pas être remise dans cet état.")
    errors = {}
    opened = petition.opened_at
    if opened is None or not day_of(opened) <= handed.on <= day_of(now):
        errors["on"] = "Donnez un jour entre l’ouverture de la pétition et aujourd’hui."
    if not handed.places or not all(0 <= place < len(petition.recipients) for place in handed.places):
        errors["to"] = "Choisissez au moins un destinataire."
    if handed.way not in WAYS:
        errors["way"] = "Dites comment elle a été remise."
    if errors:
        raise Invalid(errors)


def end_after(petition: Petition, handed: Handed, now: datetime) -> datetime:
    """Day D once *handed* is noted: the first delivery decides, a later one moves nothing."""
    present = erased_on(petition, now)
    if petition.delivered_at is not None:
        return present
    return min(present, delivery_clock(end_of(handed.on), now) + AFTER_DELIVERY)


def hand_over(
    session: Session,
    petition_id: int,
    handed: Handed,
    seen: int,
    by: int | None,
    proof: Proof | None = None,
    *,
    mail: bool = True,
) -> Delivery:
    """*seen*: how many deliveries were on the page that asked; *mail*: those who follow are written to, once a week.

    Raises NotFound, Conflict, Invalid, Gone.

    All of it or nothing: the line, its proof, the end of signing, the news and its mails.
    """
    petition = petition_queries.lock(session, petition_id)
    if petition is None:
        raise NotFound("Cette pétition n’existe plus.")
    now = clock.now()
    check(petition, handed, now)
    if queries.how_many(session, petition_id) != seen:
        raise Conflict(MEANWHILE)
    delivery = _line(session, petition, handed, seen + 1, by, now)
    session.add(delivery)
    session.flush()
    if proof is not None:
        proofs.keep(session, delivery, proof)
    if petition.state in petition_actions.DELIVERABLE:
        petition_actions.deliver(session, petition, by, handed.on)
    details = {"petition": petition_id, "number": delivery.number, "way": delivery.way, "proof": proof is not None}
    audit.record(session, "delivery.noted", "delivery", delivery.id, by, **details)
    _tell(session, petition, delivery, by, mail=mail and updates.may_mail_delivery(session, petition_id, now))
    changed(session, petition_id)
    return delivery


def _line(session: Session, petition: Petition, handed: Handed, number: int, by: int | None, now: datetime) -> Delivery:
    people = [petition.recipients[place] for place in sorted(set(handed.places))]
    n, digest = _handed_over(session, petition, handed)
    return Delivery(
        petition_id=petition.id,
        number=number,
        handed_on=handed.on,
        recipients=[{"name": one.name, "role": one.role} for one in people],
        way=handed.way,
        note=handed.note,
        signatures=n,
        pack_sha256=digest,
        account_id=by,
        created_at=now,
    )


def _handed_over(session: Session, petition: Petition, handed: Handed) -> tuple[int, str]:
    """How many signatures, and the mark of their list: of the last pack made by that day, else the present number."""
    made = queries.last_pack(session, petition.id, end_of(handed.on))
    if made is None or made.counted is None:
        return petition_queries.count(session, petition.id), ""
    return made.counted, made.sha256 or ""


def _tell(session: Session, petition: Petition, delivery: Delivery, by: int | None, *, mail: bool) -> None:
    """On the timeline of the page, and by mail to those who asked for news."""
    to = [f"{one['name']}, {one['role']}" for one in delivery.recipients]
    told = words.delivery_words(delivery.handed_on, WAYS[delivery.way])
    text = [told, "\n".join(f"- {one}" for one in to)]
    if delivery.note:
        text.append(delivery.note)
    updates.post(
        session,
        petition,
        kind=UpdateKind.DELIVERY,
        title=words.delivery_title(delivery.handed_on),
        text="\n\n".join(text),
        by=by,
        mail=mail,
        facts={"at": delivery.handed_on.isoformat(), "to": to, "how": WAYS[delivery.way], "number": delivery.number},
        # In our words, but for what the organiser adds.
        review=None if delivery.note else False,
    )


def add_proof(session: Session, petition_id: int, number: int, proof: Proof, by: int | None) -> None:
    """Of a delivery that has none yet: a letter that came afterwards. Raises NotFound, Conflict, Gone."""
    delivery = _lock(session, petition_id, number)
    if delivery.proof_kind:
        raise Conflict("Cette remise a déjà sa preuve : elle ne se remplace pas.")
    proofs.keep(session, delivery, proof)
    audit.record(session, "delivery.proof_added", "delivery", delivery.id, by)


def open_proof(session: Session, petition_id: int, number: int, by: int) -> tuple[str, bytes, str]:
    """``(name, content, content type)``, and a line of the journal. Raises NotFound, Gone."""
    delivery = _lock(session, petition_id, number)
    sealed = queries.proof(session, delivery.id)
    if not delivery.proof_kind:
        raise NotFound("Cette remise n’a pas de preuve.")
    if sealed is None:
        raise Gone("La preuve de cette remise n’est plus gardée.")
    content, kind = proofs.opened(session, delivery, sealed)
    audit.record(session, "delivery.proof_opened", "delivery", delivery.id, by)
    return delivery.proof_name, content, kind


def _lock(session: Session, petition_id: int, number: int) -> Delivery:
    found = queries.numbered(session, petition_id, number)
    if found is None:
        raise NotFound("Cette remise n’existe pas.")
    return queries.lock(session, found.id)
