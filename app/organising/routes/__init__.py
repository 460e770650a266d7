"""The organiser's desk over HTTP."""

from app.organising.routes import carrying, changes, delivering, drafts, leaving, news, petitions, review
from app.organising.routes.base import router

__all__ = ["carrying", "changes", "delivering", "drafts", "leaving", "news", "petitions", "review", "router"]
