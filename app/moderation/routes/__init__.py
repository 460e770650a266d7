"""Moderation over HTTP: the workbench, the other queues, what anybody may do, what is public."""

from app.moderation.routes import administration, bench, cases, figures, notices, petitions, second_looks
from app.moderation.routes.base import router

__all__ = ["administration", "bench", "cases", "figures", "notices", "petitions", "router", "second_looks"]
