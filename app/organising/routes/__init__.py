"""The organiser's desk over HTTP."""

from app.organising.routes import carrying, changes, drafts, leaving, news, petitions, review, spreading
from app.organising.routes.base import router

__all__ = ["carrying", "changes", "drafts", "leaving", "news", "petitions", "review", "router", "spreading"]
