"""What makes a signature look like a robot's: letters on its row, words at the fraud desk.

One of them has an effect, and it is no verdict: without the proof of work that was asked for, a signature waits,
once confirmed, until somebody has looked. The others are only shown.
"""

import re
from collections.abc import Mapping
from typing import Any

from app.signatures.models import SignatureState

NO_PROOF, TRAPPED, FAST = "p", "t", "f"
WORDS = {
    NO_PROOF: "sans la preuve de travail demandée",
    TRAPPED: "champ caché rempli",
    FAST: "rempli en moins de trois secondes",
}
# The field that people do not see, and the one in which the page's script counts seconds.
TRAP, SECONDS, PROOF = "objet", "secondes", "altcha"
# Nobody types a name, an address and a postal code faster; a browser that fills them in may.
QUICK = 3


def of_form(values: Mapping[str, str]) -> str:
    """What the fields say that nobody fills in by hand. Without JavaScript, nothing of the time."""
    found = TRAPPED if values.get(TRAP, "").strip() else ""
    seconds = values.get(SECONDS, "")
    if re.fullmatch(r"\d{1,9}", seconds, re.ASCII) and int(seconds) < QUICK:
        found += FAST
    return found


def words(letters: str | None) -> list[str]:
    return [word for letter, word in WORDS.items() if letter in (letters or "")]


def waits(row: Any) -> bool:
    """A signature that was confirmed without its proof: never counted, until somebody has looked."""
    return row.state == SignatureState.QUARANTINED and row.place is None and NO_PROOF in (row.doubt or "")
