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
from app.templating import long_date
from app.updates import actions as updates
from app.updates import queries as update_queries
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
    """Always read by a moderator before it appears. Another one in the place of one that waits: whoever was reading
    that one is told. Raises NotFound, Gone, Invalid."""
    link = linking.opened(session, token)
    petition = link.delivery.petition
    petition_queries.lock(session, petition.id)  # in the order of those who decide about news
    link = linking.opened(session, token, alone=True)
    if queries.answers_by(session, petition.id, link.id) >= MOST:
        raise Invalid({"text": TOO_MANY})
    before = waiting(session, link)
    again = before is not None and before.state == UpdateState.WAITING
    _take_back(session, petition, link)
    who = link.recipient
    update = updates.post(
        session,
        petition,
        kind=UpdateKind.ANSWER,
        title=f"Réponse de {who['name']}, {who['role']}",
        text=text,
        by=None,
        mail=True,
        facts={
            "from": f"{who['name']}, {who['role']}",
            "by_recipient": True,
            "link": link.id,
            "source_url": url,
            "source_title": "",
        },
        review=True,
    )
    link.answer_id = update.id
    audit.record(session, "delivery.answered", "delivery", link.delivery_id, None, link=link.id, update=update.id)
    if not again:  # whoever corrects their answer fills nobody's mailbox
        outbox.enqueue(session, emails.told(petition.owners, petition, who, "answer"))
    return update


def _take_back(session: Session, petition: Petition, link: RecipientLink) -> None:
    """The one that waits, if any."""
    before = update_queries.hold(session, link.answer_id) if link.answer_id is not None else None
    if before is not None and before.state == UpdateState.WAITING:
        updates.recall(session, petition.id, before.id, None)
        link.answer_id = None
        session.flush()
        session.delete(before)
        session.flush()


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
    """An answer that was given elsewhere, in the organiser's hand: it says so, and where. Raises Invalid, Conflict."""
    errors = {}
    if petition.opened_at is None or not day_of(petition.opened_at) <= on <= day_of(clock.now()):
        errors["on"] = "Donnez un jour entre l’ouverture de la pétition et aujourd’hui."
    if not source_url and not source_title:
        errors["source_title"] = "Dites où cette réponse se trouve : son adresse, ou ce que c’est (courrier, journal…)."
    if errors:
        raise Invalid(errors)
    update = updates.post(
        session,
        petition,
        kind=UpdateKind.ANSWER,
        title=f"Réponse de {who}, du {long_date(on)}",
        text=text,
        by=by,
        mail=mail,
        facts={
            "from": who,
            "at": on.isoformat(),
            "by_recipient": False,
            "source_url": source_url,
            "source_title": source_title,
        },
    )
    audit.record(session, "delivery.answer_reported", "petition", petition.id, by, update=update.id)
    return update
