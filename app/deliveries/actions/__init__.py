"""The verbs of deliveries, by what they do."""

from app.deliveries.actions.answering import acknowledge, answer, report, waiting
from app.deliveries.actions.handing import (
    Handed,
    add_proof,
    check,
    end_after,
    hand_over,
    left_out,
    may_be,
    open_proof,
)
from app.deliveries.actions.linking import address_of, ask, cancel, opened, send

__all__ = [
    "Handed", "acknowledge", "add_proof", "address_of", "answer", "ask", "cancel", "check", "end_after", "hand_over",
    "left_out", "may_be", "open_proof", "opened", "report", "send", "waiting",
]  # fmt: skip
