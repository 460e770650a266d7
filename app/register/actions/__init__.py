"""The verbs of the register, by what they are about.

``noting``: a count changes. ``writing``: the log itself. ``sequencing``: news become lines. ``receipts``: proofs.
``witnessing``: others sign too.
"""

from app.register.actions.noting import Person, close, correct, count, count_paper
from app.register.actions.receipts import (
    Proof,
    Receipt,
    as_text,
    checkpoint,
    commitment_of,
    proof_of,
    receipt,
    secret_of,
)
from app.register.actions.witnessing import cosign

__all__ = [
    "Person",
    "Proof",
    "Receipt",
    "as_text",
    "checkpoint",
    "close",
    "commitment_of",
    "correct",
    "cosign",
    "count",
    "count_paper",
    "proof_of",
    "receipt",
    "secret_of",
]
