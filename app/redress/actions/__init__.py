"""The verbs of redress, by what they do."""

from app.redress.actions.appealing import appeal, appealable, form_view, judge
from app.redress.actions.noticing import Report, confirm, notice_of, receive, settle
from app.redress.actions.replying import ask_reply, decide_reply
from app.redress.actions.rewriting import rewritable, rewrite
from app.redress.actions.taking_down import take_down

__all__ = [
    "Report", "appeal", "appealable", "ask_reply", "confirm", "decide_reply", "form_view", "judge", "notice_of",
    "receive", "rewritable", "rewrite", "settle", "take_down",
]  # fmt: skip
