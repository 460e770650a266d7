"""The verbs of a moderator: publish, refuse."""

import secrets
from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session

from app import audit, clock
from app.accounts.models import Account
from app.comments import queries as comment_queries
from app.comments.models import Comment
from app.db import changed
from app.errors import Conflict, Invalid, NotFound
from app.mail import outbox
from app.moderation import charter, emails
from app.moderation.models import CharterArticle, Decision
from app.petitions import keys as petition_keys
from app.petitions.models import Petition
from app.signatures import queries as signature_queries
from app.signatures.public import open_field

# A decision's mail waits this long, so that a slip of the hand reaches nobody.
UNDO_FOR = timedelta(seconds=60)
APPEAL_FOR = timedelta(days=183)


def publish(session: Session, comment_id: int, version: int, moderator: Account, origin: str) -> Decision:
    """Publish as it is. Raises NotFound, Conflict (decided meanwhile)."""
    comment = _lock_waiting(session, comment_id, version)
    decision = _decide(session, comment, "publish", moderator, None, "", "")
    comment.state = "published"
    _mail_author(session, comment, decision, origin)
    changed(session, comment.petition_id)
    return decision


def refuse(
    session: Session,
    comment_id: int,
    version: int,
    moderator: Account,
    origin: str,
    *,
    article: int | None,
    passage: str,
    explanation: str,
) -> Decision:
    """Refuse under an article, quoting the comment. Raises NotFound, Conflict, Invalid."""
    comment = _lock_waiting(session, comment_id, version)
    version_in_force = charter.in_force(session, comment.created_at)
    errors = {}
    cited = charter.article(version_in_force, article) if article is not None else None
    if cited is None:
        errors["article"] = "Choisissez l’article de la charte qui n’est pas respecté."
    quoted = _quoted(passage, comment.text)
    if quoted is None:
        errors["passage"] = (
            "Citez le passage en cause : il doit se trouver tel quel dans le commentaire."
            if passage.strip()
            else "Citez le passage en cause."
        )
    if errors:
        raise Invalid(errors)
    assert cited is not None
    assert quoted is not None
    decision = _decide(session, comment, "refuse", moderator, cited, quoted, explanation)
    comment.state = "refused"
    _mail_author(session, comment, decision, origin)
    changed(session, comment.petition_id)
    return decision


def _lock_waiting(session: Session, comment_id: int, version: int) -> Comment:
    """The comment, ours alone until the commit, still as it was on the screen."""
    comment = comment_queries.lock(session, comment_id)
    if comment is None:
        raise NotFound("Ce commentaire n’existe pas, ou plus.")
    if comment.state != "waiting" or (version and version != comment.version):
        raise Conflict("Ce commentaire a été décidé, modifié ou retiré entre-temps.")
    return comment


def _quoted(passage: str, text: str) -> str | None:
    """The passage as it stands in the text, whatever the spaces typed around; None if it does not."""
    wanted = " ".join(passage.split())
    if not wanted:
        return None
    return wanted if wanted in " ".join(text.split()) else None


def _decide(
    session: Session,
    comment: Comment,
    kind: str,
    moderator: Account,
    cited: CharterArticle | None,
    passage: str,
    explanation: str,
) -> Decision:
    now = clock.now()
    version = charter.in_force(session, comment.created_at)
    decision = Decision(
        reference=f"D-{now:%Y%m%d}-{secrets.token_hex(4)}",
        target="comment",
        target_id=comment.id,
        revision=comment.revision,
        text_sha256=comment_queries.revision(session, comment).sha256,
        kind=kind,
        charter_version=version.number,
        article=cited.n if cited else None,
        passage=passage,
        explanation=explanation,
        statement={},
        moderator_id=moderator.id,
        decided_at=now,
    )
    if cited is not None:
        decision.statement = statement_of_reasons(
            decision, comment, cited, session.get_one(Petition, comment.petition_id)
        )
    session.add(decision)
    comment.version += 1
    comment.decided_at = now
    comment.claimed_by = comment.claimed_until = None
    session.flush()
    audit.record(
        session,
        f"comment.{kind}",
        "comment",
        comment.id,
        moderator.id,
        decision=decision.id,
        article=decision.article,
        sha256=decision.text_sha256,
    )
    return decision


def statement_of_reasons(
    decision: Decision, comment: Comment, cited: CharterArticle, petition: Petition
) -> dict[str, Any]:
    """What the author is told, in the field names of the DSA Transparency Database."""
    return {
        "puid": decision.reference,
        "decision_visibility": ["DECISION_VISIBILITY_CONTENT_REMOVED"],
        "decision_ground": "DECISION_GROUND_INCOMPATIBLE_CONTENT",
        "decision_facts": decision.passage,
        "incompatible_content_ground": f"Charte, version {decision.charter_version}, article {cited.n} : {cited.title}",
        "incompatible_content_explanation": " ".join(filter(None, [cited.applies, decision.explanation])),
        "category": f"STATEMENT_CATEGORY_{cited.category or 'OTHER_VIOLATION_TC'}",
        "content_type": ["CONTENT_TYPE_TEXT"],
        "content_date": comment.created_at.date().isoformat(),
        "application_date": decision.decided_at.date().isoformat(),
        "territorial_scope": ["FR"],
        "source_type": "SOURCE_VOLUNTARY",
        "automated_detection": "No",
        "automated_decision": "AUTOMATED_DECISION_NOT_AUTOMATED",
        "article": cited.n,
        "article_title": cited.title,
        "charter_version": decision.charter_version,
        "petition_title": petition.title,
        "law": cited.law,
        "appeal_until": (decision.decided_at + APPEAL_FOR).date().isoformat(),
    }


def _mail_author(session: Session, comment: Comment, decision: Decision, origin: str) -> None:
    """Nobody to write to when the signature is gone."""
    if comment.signature_id is None:
        return
    signature = signature_queries.get(session, comment.petition_id, comment.signature_id)
    if signature is None:
        return
    petition = session.get_one(Petition, comment.petition_id)
    keys = petition_keys.of(session, petition.id)
    email = open_field(keys, signature.email_sealed, signature.id.bytes, "email")
    context = {
        "given_name": signature.given_name,
        "title": petition.title,
        "url": f"{origin}/petitions/{petition.slug}",
        "charter_url": f"{origin}/charte",
        "text": comment.text,
        "reference": decision.reference,
    }
    if decision.kind == "publish":
        mail = emails.published(email, signature.locale, context, signature.id)
    else:
        mail = emails.refused(email, signature.locale, context | decision.statement, signature.id)
    outbox.enqueue(session, [mail], delay=UNDO_FOR)
