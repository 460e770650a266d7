"""The organiser's desk over HTTP."""

from app.organising.routes import (
    carrying,
    changes,
    closing,
    delivering,
    drafts,
    exports,
    following,
    leaving,
    news,
    outcomes,
    paper,
    petitions,
    review,
    sheets,
    spreading,
)
from app.organising.routes.base import router

__all__ = [
    "carrying",
    "changes",
    "closing",
    "delivering",
    "drafts",
    "exports",
    "following",
    "leaving",
    "news",
    "outcomes",
    "paper",
    "petitions",
    "review",
    "router",
    "sheets",
    "spreading",
]
