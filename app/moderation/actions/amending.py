"""Another text for a published petition: it becomes a version, or its author is told why not."""

from sqlalchemy.orm import Session

from app import audit, clock
from app.accounts.models import Account
from app.errors import Invalid
from app.mail import outbox
from app.moderation import charter, emails, queries
from app.petitions import versions
from app.petitions.models import Amendment, AmendmentState


def decide_amendment(
    session: Session, amendment_id: int, moderator: Account, *, publish: bool, article: int = 0, explanation: str = ""
) -> Amendment:
    """Raises NotFound, Conflict (decided, taken back or closed meanwhile), Invalid."""
    petition, amendment = versions.waiting(session, amendment_id)
    rule = ""
    if publish:
        versions.adopt(session, petition, amendment)
    else:
        rule = _rule(session, amendment, article, explanation)
        amendment.state, amendment.decided_at = AmendmentState.REFUSED, clock.now()
        amendment.article, amendment.explanation = article or None, explanation.strip()
    act = "petition.amendment_published" if publish else "petition.amendment_refused"
    audit.record(session, act, "petition", petition.id, moderator.id, amendment=amendment.id)
    context = {
        "title": petition.title,
        "published": publish,
        "rule": rule,
        "explanation": amendment.explanation,
        "versions_path": f"/petitions/{petition.slug}/versions",
        "desk_path": f"/organisation/petitions/{petition.slug}/version",
    }
    outbox.enqueue(session, [emails.amendment_decided(account, context) for account in petition.owners])
    queries.release(session, "amendment", amendment.id)
    return amendment


def _rule(session: Session, amendment: Amendment, article: int, explanation: str) -> str:
    """The article by its name. Raises Invalid."""
    found = charter.article(charter.in_force(session, amendment.created_at), article) if article else None
    if article and found is None:
        raise Invalid({"article": "Choisissez un article de la charte, ou aucun."})
    if not explanation.strip():
        raise Invalid({"explanation": "Un refus se motive : dites à l’auteur pourquoi."})
    return f"{found.n}. {found.title}" if found is not None else ""
