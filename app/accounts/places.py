"""Where people with an account may be sent: their own pages, never another site."""

import re

from app.accounts.models import Account

HOMES = {"organiser": "/organisation", "moderator": "/moderation", "admin": "/administration"}
OWN, LAUNCH = "/compte", "/lancer"
PLACES = (*HOMES.values(), OWN, LAUNCH)
_OF_ROLE = {"organiser": (HOMES["organiser"], OWN, LAUNCH), "moderator": (HOMES["moderator"], OWN), "admin": PLACES}


def destination(account: Account, suite: str) -> str:
    """Where the person wanted to go, within their own pages."""
    return wanted(suite, _OF_ROLE[account.role]) or HOMES[account.role]


def wanted(suite: str, places: tuple[str, ...] = PLACES) -> str:
    """*suite* when it is a page under one of *places*, else ""."""
    inside = re.fullmatch(rf"({'|'.join(places)})(/[\w/-]*)?(\?[\w=&%+.:-]*)?", suite, re.ASCII)
    return suite if inside and "//" not in suite else ""
