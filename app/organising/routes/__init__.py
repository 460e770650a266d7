"""The organiser's desk over HTTP."""

from app.organising.routes import carrying, changes, closing, drafts, following, news, petitions, review
from app.organising.routes.base import router

__all__ = ["carrying", "changes", "closing", "drafts", "following", "news", "petitions", "review", "router"]
