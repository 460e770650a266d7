"""The list of open petitions, the search, and how signatures are counted."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Any
from urllib.parse import urlencode

from fastapi import Request
from starlette.responses import Response

from app import clock
from app.db import Db, Session
from app.pages.routes.base import router
from app.petitions import public, queries, search, themes
from app.petitions.models import Petition
from app.updates import public as updates
from app.web.forms import asked, number
from app.web.rendering import public as public_page
from app.web.rendering import settings_of


@router.get("/")
def home(request: Request, session: Db, q: str = "", theme: str = "", tri: str = "", page: str = "1") -> Response:
    now = clock.now()
    number = page_number(page)
    sort = tri if tri in queries.SORTS else ""
    words = q.strip()[:120]
    if words:
        found = search.found(session, now, typed=words, theme=theme, sort=sort, page=number)
    else:
        found = search.listed(session, now, theme=theme, sort=sort, page=number)
    pages = max(1, -(-found.total // queries.PER_PAGE))

    def link(n: int) -> str | None:
        if not 1 <= n <= pages or n == number:
            return None
        return _address(words, theme, sort, n)

    context: dict[str, Any] = {
        "latest_news": latest_news(session, found.petitions, now),
        "petitions": public.cards(session, found.petitions, settings_of(request).origin, now),
        "found": found,
        "query": {"q": words, "theme": theme, "tri": sort},
        "themes": _chips(session, now, words, theme, sort),
        "every_theme": _address(words, "", sort),
        "sorts": _sorts(words),
        "pager": {"previous": link(number - 1), "next": link(number + 1), "page": number, "pages": pages},
    }
    return public_page(request, "petitions/home.html", **context)


def latest_news(session: Session, petitions: Sequence[Petition], now: datetime) -> dict[str, updates.Latest]:
    """By the address of its petition, for the cards of a list."""
    found = updates.latest(session, [petition.id for petition in petitions], now)
    return {petition.slug: found[petition.id] for petition in petitions if petition.id in found}


def _chips(session: Session, now: datetime, words: str, theme: str, sort: str) -> list[dict[str, Any]]:
    """The themes of the open petitions, the chosen one always among them; each with its address."""
    chosen = themes.find(session, theme) if theme else None
    found = list(themes.of_open(session, now))
    if chosen is not None and chosen not in found:
        found.append(chosen)
    return [
        {"fr": one.said("fr"), "en": one.said("en"), "chosen": one is chosen, "href": _address(words, one.name, sort)}
        for one in found
    ]


def _address(words: str, theme: str, sort: str, page: int = 1) -> str:
    asked = {"q": words, "theme": theme, "tri": sort, "page": str(page) if page > 1 else ""}
    return "/?" + urlencode({name: value for name, value in asked.items() if value}) if any(asked.values()) else "/"


def _sorts(words: str) -> list[tuple[str, str]]:
    """The choices: by itself a search begins with what answers it best, the list with the newest."""
    newest, *others = queries.SORTS.items()
    return [("", queries.BEST), newest, *others] if words else [("", newest[1]), *others]


def page_number(typed: str) -> int:
    return asked(typed, partial(number, least=1, most=99_999), 1)


@router.get("/comptage")
def how_counted(request: Request) -> Response:
    return public_page(request, "petitions/how_counted.html")
