"""What recipients say: that they have received it, and their answer; and an answer that the organiser reports."""

from datetime import date

from sqlalchemy.orm import Session

from app import audit, clock
from app.db import changed
from app.deliveries import emails, queries
from app.deliveries.actions import linking
from app.deliveries.models import RecipientLink
from app.errors import Invalid
from app.mail import outbox
from app.petitions import queries as petition_queries
from app.petitions.models import Petition
from app.updates import actions as updates
from app.updates import queries as update_queries
from app.updates import words
from app.updates.models import Update, UpdateKind, UpdateState
from app.zone import day_of

# Answers of one link that wait or have appeared: nobody fills the page.
MOST = 10
TOO_MANY = "Dix réponses ont déjà été envoyées par ce lien. Écrivez-nous pour en ajouter une."


def acknowledge(session: Session, token: str) -> RecipientLink:
    """Once; pressed again, it stays as it is. Raises NotFound, Gone."""
    link = linking.opened(session, token, alone=True)
    if link.receipt_at is not None:
        return link
    link.receipt_at = clock.now()
    petition = link.delivery.petition
    audit.record(session, "delivery.acknowledged", "delivery", link.delivery_id, None, link=link.id)
    outbox.enqueue(session, emails.told(petition.owners, petition, link.recipient, "receipt"))
    changed(session, petition.id)
    return link


def waiting(session: Session, link: RecipientLink) -> Update | None:
    """Their last answer: they may change it as long as it waits."""
    return update_queries.get(session, link.answer_id) if link.answer_id is not None else None


def answer(session: Session, token: str, text: str, url: str) -> Update:
    """Always read by a moderator before it appears. One that waits takes these words instead, under its number:
    whoever was reading the others is told. Raises NotFound, Gone, Invalid."""
    link = linking.opened(session, token)
    petition = link.delivery.petition
    petition_queries.lock(session, petition.id)  # in the order of those who decide about news
    link = linking.opened(session, token, alone=True)
    if queries.answers_by(session, petition.id, link.id) >= MOST:
        raise Invalid({"text": TOO_MANY})
    who = link.recipient
    by = f"{who['name']}, {who['role']}"
    facts = {"from": by, "by_recipient": True, "link": link.id, "source_url": url, "source_title": ""}
    update = _that_waits(session, link)
    again = update is not None
    if update is not None:
        updates.replace(session, update, text, facts)
    else:
        title, kind = words.answer_title(by), UpdateKind.ANSWER
        update = updates.post(
            session, petition, kind=kind, title=title, text=text, by=None, mail=True, facts=facts, review=True
        )
    link.answer_id = update.id
    audit.record(session, "delivery.answered", "delivery", link.delivery_id, None, link=link.id, update=update.id)
    if not again:  # whoever corrects their answer fills nobody's mailbox
        outbox.enqueue(session, emails.told(petition.owners, petition, who, "answer"))
    return update


def _that_waits(session: Session, link: RecipientLink) -> Update | None:
    """Ours alone until the commit."""
    before = update_queries.hold(session, link.answer_id) if link.answer_id is not None else None
    return before if before is not None and before.state == UpdateState.WAITING else None


def report(
    session: Session,
    petition: Petition,
    *,
    who: str,
    on: date,
    text: str,
    source_url: str,
    source_title: str,
    mail: bool,
    by: int | None,
) -> Update:
    """An answer that was given elsewhere, in the organiser's hand: it says so, and where; the same one twice is one.

    Raises Invalid, Conflict, Refused.
    """
    errors = {}
    if petition.opened_at is None or not day_of(petition.opened_at) <= on <= day_of(clock.now()):
        errors["on"] = "Donnez un jour entre l’ouverture de la pétition et aujourd’hui."
    if not source_url and not source_title:
        errors["source_title"] = "Dites où cette réponse se trouve : son adresse, ou ce que c’est (courrier, journal…)."
    if errors:
        raise Invalid(errors)
    facts = {"from": who, "at": on.isoformat(), "by_recipient": False}
    facts |= {"source_url": source_url, "source_title": source_title}
    title, kind = words.answer_title(who, on), UpdateKind.ANSWER
    petition_queries.lock(session, petition.id)
    for found in update_queries.same(session, petition.id, kind, title, text):
        if found.facts == facts:
            return found
    update = updates.post(session, petition, kind=kind, title=title, text=text, by=by, mail=mail, facts=facts)
    audit.record(session, "delivery.answer_reported", "petition", petition.id, by, update=update.id)
    return update
