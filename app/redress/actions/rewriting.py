"""Another text in the place of a refused one, by its author, when the charter leaves that open."""

from sqlalchemy.orm import Session

from app.comments import actions as comment_actions
from app.comments import queries as comment_queries
from app.comments.models import Comment
from app.errors import Conflict, Gone, Invalid
from app.moderation import queries as moderation_queries
from app.moderation.models import Decision


def rewritable(session: Session, decision: Decision) -> Comment:
    """The comment that this decision refused. Raises Gone, Conflict."""
    comment = session.get(Comment, decision.target_id)
    if comment is None or comment.state not in {"refused", "removed"} or comment.revision != decision.revision:
        raise Conflict("Un autre texte a déjà été proposé, ou ce commentaire n’est plus refusé.")
    author = comment.signature_id
    if author is None or moderation_queries.limit(session, comment.petition_id, author) is not None:
        raise Gone("Vous ne pouvez plus commenter cette pétition.")
    return comment


def rewrite(session: Session, decision: Decision, text: str) -> None:
    """It waits for a moderator like the first one. Raises Gone, Conflict, Invalid."""
    comment_queries.lock(session, decision.target_id)  # of two texts at once, one comes second
    comment = rewritable(session, decision)
    if " ".join(text.split()) == " ".join(comment.text.split()):
        raise Invalid({"text": "C’est le texte qui a été refusé : changez le passage en cause."})
    comment_actions.rewrite(session, comment, text)
