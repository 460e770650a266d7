"""Legal and trust pages, self-service, unsubscribing; the end of an account."""

from app.privacy.routes import closing, mailings, rights, trust
from app.privacy.routes.base import router

__all__ = ["closing", "mailings", "rights", "router", "trust"]
