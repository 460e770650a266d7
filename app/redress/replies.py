"""Rights of reply as everybody reads them: under what they answer, signed, dated, word for word."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from app.redress import queries
from app.templating import iso


@dataclass(frozen=True)
class PublicReply:
    """``comment_id``: 0 when it answers the petition itself."""

    id: int
    comment_id: int
    name: str
    capacity: str
    text: str
    at: datetime

    def as_json(self) -> dict[str, Any]:
        return {
            "comment": self.comment_id or None, "name": self.name, "capacity": self.capacity, "text": self.text,
            "date": iso(self.at),
        }  # fmt: skip


def published(session: Session, petition_id: int) -> dict[int, list[PublicReply]]:
    """Comment (0: the petition) → the replies to it, oldest first. One to a comment goes where the comment goes."""
    found: dict[int, list[PublicReply]] = defaultdict(list)
    for row in queries.replies(session, petition_id):
        comment_id = row.comment_id or 0
        reply = PublicReply(row.id, comment_id, row.name, row.capacity, row.text, row.decided_at or row.created_at)
        found[comment_id].append(reply)
    return dict(found)
