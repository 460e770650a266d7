"""The organiser's desk over HTTP."""

from app.organising.routes import carrying, changes, drafts, exports, news, petitions, review
from app.organising.routes.base import router

__all__ = ["carrying", "changes", "drafts", "exports", "news", "petitions", "review", "router"]
