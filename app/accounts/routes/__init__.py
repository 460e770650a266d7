"""Signing in and out, and one's own account."""

from app.accounts.routes import factors, joining, own, passkeys, signing_in
from app.accounts.routes.base import router

__all__ = ["factors", "joining", "own", "passkeys", "router", "signing_in"]
