"""What is done to comments: received, withdrawn by their author."""

import hashlib
import uuid
from collections.abc import Sequence

from sqlalchemy.orm import Session

from app import clock
from app.comments import hints, queries
from app.comments.models import Comment, CommentState
from app.db import changed
from app.errors import Conflict
from app.petitions.models import Petition
from app.signatures.actions import Draft


def receive_drafts(session: Session, drafts: Sequence[Draft]) -> None:
    """Comments typed with signatures that have just been confirmed now wait for a moderator."""
    now = clock.now()
    accepted = [d for d in drafts if session.get_one(Petition, d.petition_id).comments_open]
    if not accepted:
        return
    off = queries.hints_off(session)
    seen = [hints.look(draft.text, off) for draft in accepted]
    ids = queries.insert_waiting(
        session,
        [
            {
                "petition_id": draft.petition_id,
                "signature_id": draft.signature_id,
                "state": CommentState.WAITING,
                "text": draft.text,
                "revision": 1,
                "version": 1,
                "locale": draft.locale,
                "created_at": now,
                "waiting_since": now,
                "hints": hints.stored(found),
                "severity": hints.severity(found),
            }
            for draft, found in zip(accepted, seen, strict=True)
        ],
    )
    queries.insert_revisions(
        session,
        [
            {
                "comment_id": comment_id,
                "number": 1,
                "text": draft.text,
                "sha256": hashlib.sha256(draft.text.encode()).hexdigest(),
                "created_at": now,
            }
            for comment_id, draft in zip(ids, accepted, strict=True)
        ],
    )


def rewrite(session: Session, comment: Comment, text: str) -> None:
    """Another text by its author, after a refusal: it waits for a moderator like the first one. Raises Conflict."""
    if comment.state not in {CommentState.REFUSED, CommentState.REMOVED}:
        raise Conflict("Ce commentaire n’est pas refusé : il ne change plus.")
    now = clock.now()
    found = hints.look(text, queries.hints_off(session))
    comment.text, comment.revision = text, comment.revision + 1
    comment.version += 1
    comment.state, comment.decided_at, comment.waiting_since = CommentState.WAITING, None, now
    comment.masks, comment.tombstone = [], None
    comment.hints, comment.severity = hints.stored(found), hints.severity(found)
    digest = hashlib.sha256(text.encode()).hexdigest()
    row = {"comment_id": comment.id, "number": comment.revision, "text": text, "sha256": digest, "created_at": now}
    queries.insert_revisions(session, [row])


def withdraw_all(session: Session, signature_id: uuid.UUID) -> int:
    """The author takes back everything that was said with one signature."""
    comments = queries.of_signature(session, signature_id)
    for comment in comments:
        comment.state = CommentState.WITHDRAWN
        comment.version += 1
        comment.signature_id = None
        changed(session, comment.petition_id)
    return len(comments)
