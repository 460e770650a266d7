"""Signing over HTTP: the petition's page with its form, the mailed links, the public list."""

from app.signatures.routes import inbox, links, page
from app.signatures.routes.base import router
from app.signatures.routes.crowd import doors
from app.signatures.routes.page import sign_again_page

__all__ = ["doors", "inbox", "links", "page", "router", "sign_again_page"]
