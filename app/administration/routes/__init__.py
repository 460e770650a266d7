"""The administrator's pages."""

from app.administration.routes import accounts, fraud, home, journal
from app.administration.routes.base import router

__all__ = ["accounts", "fraud", "home", "journal", "router"]
