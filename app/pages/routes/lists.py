"""The lists of petitions: those to sign, those that have ended, victories; the search; how signatures are counted."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any
from urllib.parse import urlencode

from fastapi import Request
from starlette.responses import Response

from app import clock
from app.db import OldDb, Session
from app.pages.routes.base import router
from app.petitions import covers, front, lists, public, queries, search, themes
from app.petitions.lists import Among, Page
from app.petitions.models import Petition
from app.updates import public as updates
from app.web.forms import asked, number
from app.web.rendering import locale_of, settings_of
from app.web.rendering import public as public_page


@dataclass(frozen=True)
class _Asked:
    """What an address asks for; what it says that is not there asks for nothing."""

    path: str
    among: Among
    words: str
    theme: str
    sort: str

    @property
    def sorts(self) -> dict[str, str]:
        return queries.SORTS if self.among == Among.OPEN else queries.ENDED_SORTS

    def address(self, page: int = 1, **changes: Any) -> str:
        """Of another page, of the same with *changes*."""
        to = replace(self, **changes)
        among = to.among if to.path != "/" and to.among != Among.OPEN else ""
        sort = to.sort if to.sort in to.sorts else ""
        told = {"etat": among, "q": to.words, "theme": to.theme, "tri": sort, "page": page if page > 1 else ""}
        query = urlencode({name: value for name, value in told.items() if value})
        return f"{self.path}?{query}" if query else self.path

    def choices(self) -> list[tuple[str, str]]:
        """By itself a search begins with what answers it best, a list with the newest."""
        newest, *others = self.sorts.items()
        return [("", queries.BEST), newest, *others] if self.words else [("", newest[1]), *others]


def _asked(path: str, q: str, theme: str, tri: str, etat: str = "") -> _Asked:
    among = Among(etat) if etat in set(Among) else Among.OPEN
    wanted = _Asked(path, among, q.strip()[:120], theme, "")
    return replace(wanted, sort=tri if tri in wanted.sorts else "")


@router.get("/")
def home(request: Request, session: OldDb, q: str = "", theme: str = "", tri: str = "", page: str = "1") -> Response:
    """What moves today; or, once something is asked, the list of what was."""
    now, wanted, number = clock.now(), _asked("/", q, theme, tri), page_number(page)
    if not (wanted.words or theme or wanted.sort or number > 1):
        return public_page(request, "petitions/home.html", **_front(request, session, now, wanted))
    if wanted.words:
        found = search.found(session, now, typed=wanted.words, theme=theme, sort=wanted.sort, page=number)
    else:
        found = lists.listed(session, now, Among.OPEN, theme=theme, sort=wanted.sort, page=number)
    return public_page(request, "petitions/found.html", **_context(request, session, now, wanted, found))


def _front(request: Request, session: Session, now: datetime, wanted: _Asked) -> dict[str, Any]:
    """Each section: its cards; ``since`` says how many have signed each since yesterday."""
    found, settings = front.front(session, now), settings_of(request)
    cards = {card.slug: card for card in public.cards(session, found.all, settings.origin, now)}

    def of(petitions: Sequence[Petition]) -> list[public.Card]:
        return [cards[one.slug] for one in petitions]

    return {
        "fore": cards[found.fore.slug] if found.fore else None,
        "moving": of(found.moving),
        "near": of(found.near),
        "victories": of(found.won),
        "newest": of(found.newest),
        "since": {one.slug: found.since[one.id] for one in found.all if one.id in found.since},
        "total": found.total,
        "ended": 0 if found.total else lists.numbers(session, now, [Among.ENDED])[Among.ENDED],
        "art": None if found.total else covers.of(settings.site_name),
        "latest_news": latest_news(session, found.all, now, locale_of(request)),
        "themes": _chips(session, now, wanted),
        "query": {"q": "", "theme": "", "tri": ""},
    }


@router.get("/petitions")
def petitions(
    request: Request, session: OldDb, etat: str = "", q: str = "", theme: str = "", tri: str = "", page: str = "1"
) -> Response:
    """All of them, in three lists."""
    now, wanted, number = clock.now(), _asked("/petitions", q, theme, tri, etat), page_number(page)
    numbers = {} if wanted.words or theme else lists.numbers(session, now)
    if wanted.words:
        found = search.found(
            session, now, typed=wanted.words, theme=theme, sort=wanted.sort, page=number, among=wanted.among
        )
    else:
        total = numbers.get(wanted.among)
        found = lists.listed(session, now, wanted.among, theme=theme, sort=wanted.sort, page=number, total=total)
    states = [
        {"state": among.name.lower(), "href": wanted.address(among=among), "number": numbers.get(among, 0)}
        for among in Among
    ]
    return public_page(
        request,
        "petitions/list.html",
        **_context(request, session, now, wanted, found),
        state=wanted.among.name.lower(),
        states=states,
        canonical=settings_of(request).origin + wanted.address(found.number),
    )


def _context(request: Request, session: Session, now: datetime, wanted: _Asked, found: Page) -> dict[str, Any]:
    """What every list shows."""

    def link(n: int) -> str | None:
        return wanted.address(n) if 1 <= n <= found.pages and n != found.number else None

    return {
        "latest_news": latest_news(session, found.petitions, now, locale_of(request)),
        "petitions": public.cards(session, found.petitions, settings_of(request).origin, now),
        "found": found,
        "query": {"q": wanted.words, "theme": wanted.theme, "tri": wanted.sort},
        "themes": _chips(session, now, wanted),
        "every_theme": wanted.address(theme=""),
        "sorts": [
            {"label": label, "href": wanted.address(sort=key), "chosen": key == wanted.sort}
            for key, label in wanted.choices()
        ],
        "pager": {
            "previous": link(found.number - 1),
            "next": link(found.number + 1),
            "page": found.number,
            "pages": found.pages,
        },
    }


def latest_news(
    session: Session, petitions: Sequence[Petition], now: datetime, locale: str
) -> dict[str, updates.Latest]:
    """By the address of its petition, for the cards of a list."""
    found = updates.latest(session, [petition.id for petition in petitions], now, locale)
    return {petition.slug: found[petition.id] for petition in petitions if petition.id in found}


def _chips(session: Session, now: datetime, wanted: _Asked) -> list[dict[str, Any]]:
    """The themes of the list, the chosen one always among them; each with its address."""
    chosen = themes.find(session, wanted.theme) if wanted.theme else None
    found = list(lists.themes_of(session, now, wanted.among))
    if chosen is not None and chosen not in found:
        found.append(chosen)
    return [
        {
            "fr": one.said("fr"),
            "en": one.said("en"),
            "chosen": one is chosen,
            "href": wanted.address(theme=one.name),
        }
        for one in found
    ]


def page_number(typed: str) -> int:
    return asked(typed, partial(number, least=1, most=99_999), 1)


@router.get("/comptage")
def how_counted(request: Request) -> Response:
    return public_page(request, "petitions/how_counted.html")
