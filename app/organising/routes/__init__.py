"""The organiser's desk over HTTP."""

from app.organising.routes import carrying, changes, delivering, drafts, leaving, news, outcomes, paper, petitions, review, sheets
from app.organising.routes.base import router

__all__ = [
    "carrying", "changes", "delivering", "drafts", "leaving", "news", "outcomes", "paper", "petitions", "review", "router", "sheets",
]
