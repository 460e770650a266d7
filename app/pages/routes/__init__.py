"""Public pages over HTTP: the lists, a petition and what belongs to it, the sign form, the mailed links.

A petition's other addresses (papers) come before its page, whose pattern they would fit.
"""

from app.pages.routes import (
    api,
    comments,
    counting,
    inbox,
    links,
    lists,
    news,
    organisations,
    papers,
    petition,
    receipts,
    register,
    spreading,
    versions,
    widget,
)
from app.pages.routes.base import router
from app.pages.routes.crowd import doors

__all__ = [
    "api",
    "comments",
    "counting",
    "doors",
    "inbox",
    "links",
    "lists",
    "news",
    "organisations",
    "papers",
    "petition",
    "receipts",
    "register",
    "router",
    "spreading",
    "versions",
    "widget",
]
