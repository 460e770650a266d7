"""The verbs of the register, by what they are about.

``noting``: a count changes. ``writing``: the log itself. ``sequencing``: news become lines. ``receipts``: proofs.
"""

from app.register.actions.noting import Person, close, correct, count, count_paper
from app.register.actions.receipts import Proof, Receipt, checkpoint, commitment_of, proof_of, receipt, secret_of

__all__ = [
    "Person",
    "Proof",
    "Receipt",
    "checkpoint",
    "close",
    "commitment_of",
    "correct",
    "count",
    "count_paper",
    "proof_of",
    "receipt",
    "secret_of",
]
