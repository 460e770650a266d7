"""The first news of a petition, read before they go; and any, taken off its page."""

from datetime import datetime

from sqlalchemy.orm import Session

from app import audit
from app.accounts.models import Account
from app.errors import Invalid, Refused
from app.mail import outbox
from app.moderation import charter, emails, queries
from app.petitions import permissions
from app.petitions.models import Petition
from app.updates import actions as updates
from app.updates.models import Update

YOURS = "Cette nouvelle est celle de votre pétition : une autre personne en décide."


def decide_news(
    session: Session,
    update_id: int,
    moderator: Account,
    *,
    publish: bool,
    seen: str,
    article: int = 0,
    explanation: str = "",
) -> Update:
    """It goes in ten minutes, or its author is told why not; *seen*: the mark of what was read.

    Raises NotFound, Conflict (decided, called back, written anew, taken down meanwhile), Refused (one's own), Invalid.
    """
    update = updates.under_review(session, update_id)
    petition = session.get_one(Petition, update.petition_id)
    _not_own(session, update, petition, moderator)
    updates.check_read(update, seen)
    rule = ""
    if publish:
        updates.accept(session, update, moderator.id)
    else:
        rule = _rule(session, update.submitted_at or update.created_at, article, explanation)
        updates.refuse(session, update, moderator.id, article or None, explanation.strip())
    act = "update.let_through" if publish else "update.refused"
    audit.record(session, act, "petition", petition.id, moderator.id, update=update.id)
    _tell(session, petition, update, "published" if publish else "refused", rule)
    queries.release(session, "news", update.id)
    return update


def take_news_off(
    session: Session, update_id: int, moderator: Account, article: int, explanation: str, seen: str
) -> Update:
    """Off the page, with reasons. Raises NotFound, Conflict (not there any more), Refused (one's own), Invalid."""
    update = updates.take_off(session, update_id, moderator.id, article or None, explanation.strip(), seen)
    petition = session.get_one(Petition, update.petition_id)
    _not_own(session, update, petition, moderator)
    rule = _rule(session, update.submitted_at or update.created_at, article, explanation)
    audit.record(session, "update.taken_off", "petition", petition.id, moderator.id, update=update.id)
    _tell(session, petition, update, "taken_off", rule)
    return update


def decided_by_another(session: Session, update: Update, petition: Petition, moderator: Account) -> bool:
    """Nobody decides about what they wrote, nor about their own petition."""
    return update.author_id == moderator.id or permissions.holds(session, moderator, petition)


def _not_own(session: Session, update: Update, petition: Petition, moderator: Account) -> None:
    if decided_by_another(session, update, petition, moderator):
        raise Refused(YOURS)


def _rule(session: Session, at: datetime, article: int, explanation: str) -> str:
    """The article of the charter by its name. Raises Invalid."""
    found = charter.article(charter.in_force(session, at), article) if article else None
    errors = {}
    if found is None:
        errors["article"] = "Choisissez l’article de la charte qui n’est pas respecté."
    if not explanation.strip():
        errors["explanation"] = "Un refus se motive : dites à l’auteur pourquoi."
    if errors or found is None:
        raise Invalid(errors)
    return f"{found.n}. {found.title}"


def _tell(session: Session, petition: Petition, update: Update, outcome: str, rule: str) -> None:
    context = {
        "title": petition.title,
        "update_title": update.title,
        "outcome": outcome,
        "by_recipient": update.by_recipient,
        "rule": rule,
        "explanation": update.explanation,
        "desk_path": f"/organisation/petitions/{petition.slug}/nouvelles/{update.id}",
    }
    author = session.get(Account, update.author_id) if update.author_id is not None else None
    told = [author] if author is not None and not author.has_ended else petition.owners
    outbox.enqueue(session, [emails.news_decided(account, context) for account in told])
