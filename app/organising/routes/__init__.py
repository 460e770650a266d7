"""The organiser's desk over HTTP."""

from app.organising.routes import carrying, drafts, news, petitions
from app.organising.routes.base import router

__all__ = ["carrying", "drafts", "news", "petitions", "router"]
