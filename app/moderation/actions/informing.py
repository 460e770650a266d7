"""Who is told what, by mail: written with the decision, sent when the minute for undoing has passed."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session

from app.comments.models import Comment
from app.db import vault_of
from app.errors import Gone
from app.mail import outbox
from app.mail.outbox import Mail
from app.moderation import charter, emails, links
from app.moderation.models import Decision, DecisionKind, Ground, Target
from app.petitions import keys as petition_keys
from app.petitions.models import Petition
from app.signatures import queries as signature_queries
from app.signatures.public import open_field


def tell_author(
    session: Session, comment: Comment, decision: Decision, previous: Decision | None, delay: timedelta
) -> list[int]:
    """The outbox rows; none when there is nobody to write to, or nothing to say."""
    mail = author_mail(session, comment, decision, previous)
    return outbox.enqueue_held(session, [mail], delay) if mail is not None else []


def author_mail(session: Session, comment: Comment, decision: Decision, previous: Decision | None) -> Mail | None:
    """The mail as it will leave: what a preview shows."""
    if comment.signature_id is None or (decision.kind == DecisionKind.KEEP and decision.ground == Ground.NONE):
        return None
    signature = signature_queries.get(session, comment.petition_id, comment.signature_id)
    petition = session.get_one(Petition, comment.petition_id)
    if signature is None:
        return None
    try:
        keys = petition_keys.of(session, petition.id)
    except Gone:
        return None
    email = open_field(keys, signature.email_sealed, signature.id.bytes, "email")
    context = {
        "given_name": signature.given_name,
        "title": petition.title,
        "petition_path": f"/petitions/{petition.slug}",
        "text": comment.text,
        **decision_context(session, decision),
        # A decision that changes one that its author was told of says so.
        "corrects": previous.reference if previous is not None else "",
        "rewrite_path": "",
    }
    if decision.id is not None:
        vault = vault_of(session)
        context["appeal_path"] = f"/recours/{links.appeal(vault, decision, 'author')}"
        if "ask_rewrite" in decision.effects and "limit_author" not in decision.effects:
            context["rewrite_path"] = f"/reecrire/{links.rewrite(vault, decision)}"
    name = {"publish": "published", "restore": "restored", "keep": "restored"}.get(decision.kind, "refused")
    if decision.ground != Ground.NONE:
        name = "refused"
    return emails.to_author(name, email, signature.locale, context, signature.id)


def author_address(session: Session, decision: Decision) -> tuple[str, str, str, Any] | None:
    """``(name, e-mail, language, signature)`` of whoever wrote what was judged; None when they left."""
    if decision.target == Target.PETITION:
        owners = session.get_one(Petition, decision.target_id).owners
        return ("", owners[0].email, owners[0].locale, None) if owners else None
    comment = session.get(Comment, decision.target_id)
    if comment is None or comment.signature_id is None:
        return None
    signature = signature_queries.get(session, comment.petition_id, comment.signature_id)
    if signature is None:
        return None
    try:
        keys = petition_keys.of(session, comment.petition_id)
    except Gone:
        return None
    email = open_field(keys, signature.email_sealed, signature.id.bytes, "email")
    return signature.given_name, email, signature.locale, signature.id


def decision_context(session: Session, decision: Decision) -> dict[str, Any]:
    """A decision in words, for mails and for their preview: plain JSON."""
    version = charter.numbered(session, decision.charter_version)
    cited = [article for article in version.articles if article.n in decision.articles] if version else []
    told = decision.statement
    return {
        "reference": decision.reference,
        "kind": decision.kind,
        "effects": list(decision.effects),
        "ground": decision.ground,
        "rule": told.get("incompatible_content_ground") or told.get("illegal_content_legal_ground") or "",
        "why": told.get("incompatible_content_explanation") or told.get("illegal_content_explanation") or "",
        "law": " ; ".join(article.law for article in cited if article.law),
        "passage": decision.passage,
        "explanation": decision.explanation,
        "source": decision.source,
        "automated": decision.moderator_id is None,
        "charter_path": f"/charte?version={decision.charter_version}",
        "public_path": f"/transparence/decisions/{decision.reference}",
        "appeal_until": links.appeal_until(decision).isoformat(),
        "appeal_path": "",
    }


def hold_back(session: Session, mails: Sequence[int]) -> bool:
    """Cancel mails that have not left; False when one of them has, or is leaving."""
    return outbox.cancel_held(session, mails)
