"""The administrator's pages."""

from app.administration.routes import accounts, fraud, home, journal, letters
from app.administration.routes.base import router

__all__ = ["accounts", "fraud", "home", "journal", "letters", "router"]
