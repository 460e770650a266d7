"""Legal and trust pages, self-service, unsubscribing; the end of an account."""

from app.privacy.routes import closing, rights
from app.privacy.routes.base import router

__all__ = ["closing", "rights", "router"]
