"""What the address narrows the queue to, and in which order it is."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlencode

# Queue → its word in the address.
STATES = {
    "urgent": "urgences",
    "illegal": "illicites",
    "charter": "signalements",
    "escalated": "transmis",
    "comment": "commentaires",
    "petition": "petitions",
    "amendment": "amendements",
    "news": "nouvelles",
    "reply": "reponses",
    "appeal": "recours",
    "confirm": "secondes-personnes",
    "second": "relectures",
}
_QUEUES = {word: queue for queue, word in STATES.items()}
# By severity and age, which is nowhere in the address; the oldest first; the newest first.
ORDERS = ("", "anciens", "recents")


@dataclass(frozen=True)
class Filters:
    """``petition`` is its slug; ``etat`` and ``tri`` are words of the above, or empty."""

    petition: str = ""
    etat: str = ""
    tri: str = ""

    @property
    def queue(self) -> str:
        """The only one that is looked at; "" for all of them."""
        return _QUEUES.get(self.etat, "")

    @property
    def query(self) -> str:
        """``petition=…&etat=…``, of what is chosen."""
        asked = {"petition": self.petition, "etat": self.etat, "tri": self.tri}
        return urlencode({name: value for name, value in asked.items() if value})

    def to(self, path: str) -> str:
        """*path*, which may have a query of its own, within the same list."""
        return f"{path}{'&' if '?' in path else '?'}{self.query}" if self.query else path

    def but(self, **changes: str) -> str:
        """The list with another filter."""
        return replace(self, **changes).to("/moderation")


def filters_of(asked: Mapping[str, str]) -> Filters:
    """Of the parameters of an address; a word that means nothing filters nothing."""
    etat, tri = asked.get("etat", ""), asked.get("tri", "")
    return Filters(
        petition=asked.get("petition", "")[:200],
        etat=etat if etat in _QUEUES else "",
        tri=tri if tri in ORDERS else "",
    )
