"""Public pages over HTTP: the lists, a petition and what belongs to it, the sign form, the mailed links.

A petition's other addresses (papers) come before its page, whose pattern they would fit.
"""

from app.pages.routes import comments, inbox, links, lists, news, organisations, papers, petition, versions
from app.pages.routes.base import router
from app.pages.routes.crowd import doors

__all__ = [
    "comments", "doors", "inbox", "links", "lists", "news", "organisations", "papers", "petition", "router", "versions",
]  # fmt: skip
