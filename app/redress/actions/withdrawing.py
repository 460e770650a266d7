"""What ends by itself when authors take their comments back: cases, appeals, second looks."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy.orm import Session

from app.moderation import queries as moderation_queries
from app.moderation.queries import cases, workbench
from app.redress import queries
from app.redress.actions import appealing, noticing


def withdrawn(session: Session, comment_ids: Sequence[int], after: timedelta = timedelta(0)) -> list[int]:
    """Nobody has anything to decide any more; whoever reported one of them, or contested, is told *after* a while.

    Gives the ids of these mails.
    """
    mails = []
    for comment_id in comment_ids:
        for case in cases.open_cases(session, "comment", comment_id):
            mails += noticing.void(session, case, after)
        moderation_queries.release(session, "comment", comment_id)
    for appeal in queries.lock_open_appeals(session, comment_ids):
        mails += appealing.void(session, appeal, after)
    workbench.drop_looks(session, comment_ids)
    return mails
