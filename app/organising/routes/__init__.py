"""The organiser's desk over HTTP."""

from app.organising.routes import carrying, changes, drafts, news, petitions, review, spreading
from app.organising.routes.base import router

__all__ = ["carrying", "changes", "drafts", "news", "petitions", "review", "router", "spreading"]
