"""Redress over HTTP: what anybody may do, and what moderators answer."""

from app.redress.routes import cases, public
from app.redress.routes.base import router

__all__ = ["cases", "public", "router"]
