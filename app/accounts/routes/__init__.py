"""Signing in and out, and one's own account."""

from app.accounts.routes import joining, own, signing_in
from app.accounts.routes.base import router

__all__ = ["joining", "own", "router", "signing_in"]
