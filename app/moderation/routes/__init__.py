"""The workbench over HTTP: comments, petitions, second looks, and what its administrators set."""

from app.moderation.routes import administration, amendments, bench, news, petitions, second_looks
from app.moderation.routes.base import router

__all__ = ["administration", "amendments", "bench", "news", "petitions", "router", "second_looks"]
