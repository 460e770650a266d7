"""Organisations over HTTP: the desk of their members, and the way in of those who are invited."""

from app.organisations.routes import desk, invitations, members
from app.organisations.routes.base import router

__all__ = ["desk", "invitations", "members", "router"]
