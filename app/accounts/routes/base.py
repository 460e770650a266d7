"""The router of its modules, and where people go."""

import re

from fastapi import APIRouter, Request

from app.accounts.models import Account
from app.db import Database

router = APIRouter()
HOMES = {"organiser": "/organisation", "moderator": "/moderation", "admin": "/administration"}
OWN = "/compte"
PLACES = (*HOMES.values(), OWN)


def database_of(request: Request) -> Database:
    """For routes that hash: what is slow happens between two short sessions, never inside one."""
    database: Database = request.app.state.database
    return database


def destination(account: Account, suite: str) -> str:
    """Where the person wanted to go, within their own pages; never to another site."""
    home = HOMES[account.role]
    return wanted(suite, PLACES if account.role == "admin" else (home, OWN)) or home


def wanted(suite: str, places: tuple[str, ...] = PLACES) -> str:
    """*suite* when it is a page under one of *places*, else ""."""
    inside = re.fullmatch(rf"({'|'.join(places)})(/[\w/-]*)?(\?[\w=&%+.:-]*)?", suite, re.ASCII)
    return suite if inside and "//" not in suite else ""
