"""What ends by itself when authors take their comments back: cases, appeals, second looks."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from app.moderation import queries
from app.moderation.actions import appealing, noticing
from app.moderation.queries import notices


def withdrawn(session: Session, comment_ids: Sequence[int]) -> None:
    """Nobody has anything to decide any more; whoever reported one of them, or contested, is told."""
    for comment_id in comment_ids:
        for case in notices.open_cases(session, "comment", comment_id):
            noticing.void(session, case)
        queries.release(session, "comment", comment_id)
    for appeal in notices.lock_open_appeals(session, comment_ids):
        appealing.void(session, appeal)
    notices.drop_looks(session, comment_ids)
