"""The verbs of moderation, by what they do."""

from app.moderation.actions.deciding import UNDO_FOR, decide, decide_many, not_handled, publish, refuse
from app.moderation.actions.judgment import Judgment
from app.moderation.actions.undoing import undo

__all__ = ["UNDO_FOR", "Judgment", "decide", "decide_many", "not_handled", "publish", "refuse", "undo"]
