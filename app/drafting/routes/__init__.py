"""Launching a petition over HTTP: ``/lancer``."""

from app.drafting.routes import ending, start, steps
from app.drafting.routes.base import router

__all__ = ["ending", "router", "start", "steps"]
