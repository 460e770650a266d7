"""The administrator's pages."""

from app.administration.routes import (
    accounts,
    deliveries,
    exports,
    fraud,
    home,
    journal,
    keeping,
    letters,
    mails,
    requests,
    themes,
)
from app.administration.routes.base import router

__all__ = [
    "accounts",
    "deliveries",
    "exports",
    "fraud",
    "home",
    "journal",
    "keeping",
    "letters",
    "mails",
    "requests",
    "router",
    "themes",
]
