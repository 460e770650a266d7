"""The workbench over HTTP: comments, petitions, second looks, and what its administrators set."""

from app.moderation.routes import administration, bench, petitions, second_looks
from app.moderation.routes.base import router

__all__ = ["administration", "bench", "petitions", "router", "second_looks"]
