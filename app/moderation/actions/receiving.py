"""Comments that come in: those of an author who may no longer comment this petition are not queued."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from app import audit
from app.comments import actions as comment_actions
from app.mail import outbox
from app.mail.outbox import Mail
from app.moderation import charter, emails, queries
from app.moderation.actions.informing import decision_context
from app.moderation.models import Decision
from app.petitions import keys as petition_keys
from app.petitions.models import Petition
from app.signatures import queries as signature_queries
from app.signatures.actions import Draft
from app.signatures.public import open_field


def receive_drafts(session: Session, drafts: Sequence[Draft]) -> None:
    """Queue them for a moderator, but for the limited authors', who are told why, and how to contest."""
    if not drafts:
        return
    limited = queries.limited(session, [(draft.petition_id, draft.signature_id) for draft in drafts])
    comment_actions.receive_drafts(session, [draft for draft in drafts if draft.signature_id not in limited])
    mails = [_told(session, draft, limited[draft.signature_id]) for draft in drafts if draft.signature_id in limited]
    outbox.enqueue(session, mails)


def _told(session: Session, draft: Draft, decision_id: int) -> Mail:
    signature = signature_queries.get(session, draft.petition_id, draft.signature_id)
    decision = queries.decision(session, decision_id)
    assert signature is not None
    assert decision is not None
    petition = session.get_one(Petition, draft.petition_id)
    keys = petition_keys.of(session, petition.id)
    email = open_field(keys, signature.email_sealed, signature.id.bytes, "email")
    context = {
        "given_name": signature.given_name,
        "title": petition.title,
        "text": draft.text,
        **decision_context(session, decision),
        # The statement is forgotten with a text that its author withdrew; the rule is not.
        "rule": _rule(session, decision),
    }
    audit.record(session, "comment.not_received", "petition", petition.id, None, decision=decision.id)
    return emails.limited(email, signature.locale, context, signature.id)


def _rule(session: Session, decision: Decision) -> str:
    version = charter.numbered(session, decision.charter_version)
    cited = [article for article in version.articles if article.n in decision.articles] if version else []
    return charter.cited(cited) or decision.provision
