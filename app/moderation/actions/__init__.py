"""The verbs of moderation, by what they do."""

from app.moderation.actions.appealing import appeal, appealable, form_view, judge
from app.moderation.actions.deciding import UNDO_FOR, decide, decide_many, not_handled, publish, refuse
from app.moderation.actions.judgment import Judgment
from app.moderation.actions.noticing import Report, confirm, notice_of, receive, settle
from app.moderation.actions.reviewing import review, submit
from app.moderation.actions.team import claim, escalate, judge_hint, look_again, note, prefer, tell_authority
from app.moderation.actions.undoing import undo
from app.moderation.actions.urgent import ask_reply, decide_reply, take_down

__all__ = [
    "UNDO_FOR", "Judgment", "Report", "appeal", "appealable", "ask_reply", "claim", "confirm", "decide", "decide_many",
    "decide_reply", "escalate", "form_view", "judge", "judge_hint", "look_again", "not_handled", "note", "notice_of",
    "prefer", "publish", "receive", "refuse", "review", "settle", "submit", "take_down", "tell_authority", "undo",
]  # fmt: skip
