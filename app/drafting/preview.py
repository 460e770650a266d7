"""A draft as its page will be, complete or not."""

from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import Any, TypeVar

from markupsafe import Markup

from app.drafting import forms, reading, steps
from app.errors import Invalid
from app.petitions import actions as petition_actions
from app.petitions import markdown, public
from app.petitions.actions import Picture
from app.petitions.choices import DELIVERIES, DISPLAYS, SOURCE_KINDS
from app.petitions.models import Petition, PetitionState, Recipient, Source, Theme
from app.petitions.places import chosen
from app.petitions.typed import MAX_TEXT, day, goal, last_day
from app.text import clean_line, visible
from app.zone import end_of

T = TypeVar("T")
D = TypeVar("D")


def page(typed: Mapping[str, Any], origin: str, now: datetime) -> public.View:
    """The real page's view of what is typed so far; nothing is stored."""
    values = {name: str(value) for name, value in typed.items()}
    petition = Petition(
        id=0,
        slug="brouillon",
        state=PetitionState.DRAFT,
        title=clean_line(values.get("title", "")),
        author=clean_line(values.get("author", "")),
        theme="",
        themes=[
            Theme(name=clean_line(value), english="") for name, value in values.items() if name.startswith(forms.THEME)
        ],
        goal=_or(goal, values.get("goal", ""), 1000),
        delivery_mode=_one_of(DELIVERIES, values.get("delivery_mode", ""), "identities"),
        comments_open="comments_closed" not in values,
        version=1,
        display_most=_one_of(DISPLAYS, values.get("display", ""), "full"),
        created_at=now,
        recipients=[
            Recipient(position=n, name=clean_line(row.get("name", "")), role=clean_line(row.get("role", "")))
            for n, row in forms.rows_of(values, forms.RECIPIENT).items()
        ],
        sources=[_source(n, row) for n, row in forms.rows_of(values, forms.SOURCE).items()],
    )
    petition_actions.set_picture(petition, _picture(values))
    place = _or(chosen, values.get("place", ""), None)
    petition.place_kind, petition.place_code = (place.kind, place.code) if place else ("", "")
    last = _or(lambda typed: last_day(day(typed)), values.get("closes_on", ""), None)
    petition.closes_at = end_of(last) if last else None
    return public.preview(petition, text(values.get("text", "")), origin, now)


def text(typed: str) -> Markup:
    """What the real renderer makes of it."""
    return Markup(markdown.render(visible(typed)[:MAX_TEXT].strip()))  # noqa: S704 sanitised, see markdown.py


def _or(read: Callable[[str], T], typed: str, otherwise: D) -> T | D:
    """What *read* makes of it, once it is typed to its end."""
    try:
        return read(typed)
    except ValueError:
        return otherwise


def _one_of(choices: Collection[str], typed: str, otherwise: str) -> str:
    """A draft keeps what no list of ours has: whoever posts by hand still sees the page."""
    return typed if typed in choices else otherwise


def _picture(values: Mapping[str, str]) -> Picture | None:
    """The one that is kept, whatever its words still lack."""
    held = steps.BY_PATH["image"].held(values)
    given = {"rights": "on"} | ({} if held.get("alt") else {"alt": "…"})
    try:
        return reading.picture(held | given)
    except Invalid:
        return reading.picture({forms.PICTURE: held.get(forms.PICTURE, ""), "alt": "…", "rights": "on"})


def _source(n: int, row: Mapping[str, str]) -> Source:
    return Source(
        position=n,
        kind=_one_of(SOURCE_KINDS, row.get("kind", ""), "article"),
        title=clean_line(row.get("title", "")),
        publisher=clean_line(row.get("publisher", "")),
        published_on=_or(day, row.get("date", ""), None),
        url=url if (url := clean_line(row.get("url", ""))).startswith(("https://", "http://")) else "",
    )
