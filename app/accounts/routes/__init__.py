"""Signing in and out, and one's own account."""

from app.accounts.routes import factors, joining, moving, own, passkeys, recovering, signing_in
from app.accounts.routes.base import router

__all__ = ["factors", "joining", "moving", "own", "passkeys", "recovering", "router", "signing_in"]
