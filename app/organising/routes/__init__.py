"""The organiser's desk over HTTP."""

from app.organising.routes import changes, drafts, news, petitions, review
from app.organising.routes.base import router

__all__ = ["changes", "drafts", "news", "petitions", "review", "router"]
