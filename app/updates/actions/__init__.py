"""The verbs of news and letters, by what they do."""

from app.updates.actions.letters import Progress, check_letter, progress, write_letter
from app.updates.actions.outcomes import tell
from app.updates.actions.sending import BATCH, send_some, stop, try_out
from app.updates.actions.writing import (
    CALL_BACK,
    REVIEWED,
    accept,
    begin,
    discard,
    mailing_from,
    mark,
    post,
    publish_due,
    read_first,
    recall,
    refuse,
    save,
    send,
    take_off,
    under_review,
)

__all__ = [
    "BATCH", "CALL_BACK", "REVIEWED", "Progress", "accept", "begin", "check_letter", "discard", "mailing_from", "mark",
    "post", "progress", "publish_due", "read_first", "recall", "refuse", "save", "send", "send_some", "stop",
    "take_off", "tell", "try_out", "under_review", "write_letter",
]  # fmt: skip
