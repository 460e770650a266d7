"""The list of open petitions, the search, and how signatures are counted."""

from functools import partial
from typing import Any
from urllib.parse import urlencode

from fastapi import Request
from starlette.responses import Response

from app import clock
from app.db import Db
from app.pages.routes.base import router
from app.petitions import public, queries, search
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
        asked = {"q": words, "theme": theme, "tri": sort, "page": str(n) if n > 1 else ""}
        return "/?" + urlencode({k: v for k, v in asked.items() if v})

    context: dict[str, Any] = {
        "petitions": public.cards(session, found.petitions, settings_of(request).origin, now),
        "found": found,
        "query": {"q": words, "theme": theme, "tri": sort},
        "themes": queries.themes(session, now),
        "sorts": _sorts(words),
        "pager": {"previous": link(number - 1), "next": link(number + 1), "page": number, "pages": pages},
    }
    return public_page(request, "petitions/home.html", **context)


def _sorts(words: str) -> list[tuple[str, str]]:
    """The choices: by itself a search begins with what answers it best, the list with the newest."""
    newest, *others = queries.SORTS.items()
    return [("", queries.BEST), newest, *others] if words else [("", newest[1]), *others]


def page_number(typed: str) -> int:
    return asked(typed, partial(number, least=1, most=99_999), 1)


@router.get("/comptage")
def how_counted(request: Request) -> Response:
    return public_page(request, "petitions/how_counted.html")
