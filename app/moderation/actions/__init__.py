"""The verbs of moderation, by what they do."""

from app.moderation.actions.deciding import UNDO_FOR, decide, decide_many, not_handled, publish, refuse
from app.moderation.actions.judgment import Judgment, asked_for
from app.moderation.actions.proposing import may_propose, submit
from app.moderation.actions.reviewing import review
from app.moderation.actions.team import claim, escalate, judge_hint, look_again, note, prefer, tell_authority
from app.moderation.actions.undoing import undo

__all__ = [
    "UNDO_FOR", "Judgment", "asked_for", "claim", "decide", "decide_many", "escalate", "judge_hint",
    "look_again", "may_propose", "not_handled", "note", "prefer", "publish", "refuse", "review", "submit",
    "tell_authority", "undo",
]  # fmt: skip
