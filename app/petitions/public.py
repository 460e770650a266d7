"""What everybody may know of a petition, ready for pages, JSON and PDF."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode

from markupsafe import Markup
from sqlalchemy.orm import Session

from app.petitions import covers, images, places, queries
from app.petitions.choices import SOURCE_KINDS
from app.petitions.covers import Cover
from app.petitions.end_of_life import erased_on
from app.petitions.goals import current_step, percent
from app.petitions.models import Petition, PetitionState
from app.zone import last_day_before


@dataclass(frozen=True)
class Card:
    """A petition in a list."""

    slug: str
    title: str
    theme: str
    themes: list[dict[str, str]]
    # ``Rennes (35)``, or "".
    place: str
    state: str
    is_open: bool
    count: int
    goal: int
    step: int
    percent: int
    author: str
    opened_at: datetime | None
    closes_at: datetime | None
    closed_at: datetime | None
    # The last day on which it may, or might, be signed.
    last_day: date | None
    recipients: list[dict[str, str]]
    image: dict[str, Any] | None
    # In its place, where there is none.
    cover: Cover
    url: str


@dataclass(frozen=True)
class View(Card):
    """A petition on its page."""

    id: int
    body_html: Markup
    sources: list[dict[str, Any]]
    steps_passed: list[dict[str, Any]]
    views: int
    version: int
    version_at: datetime
    comments_open: bool
    comments_count: int
    delivery_mode: str
    # What a signer may show, from nothing up to what the petition allows.
    displays: list[str]
    erased_on: datetime
    last_hour: int
    purged: bool


def _card_fields(petition: Petition, count: int, origin: str, now: datetime) -> dict[str, Any]:
    ended = petition.ended_at(now)
    end = ended or petition.closes_at
    state = PetitionState.CLOSED if petition.state == PetitionState.OPEN and ended else petition.state
    return {
        "slug": petition.slug,
        "title": petition.title,
        "theme": petition.theme,
        "themes": [
            {"fr": theme.said("fr"), "en": theme.said("en"), "href": "/?" + urlencode({"theme": theme.name})}
            for theme in petition.themes
        ],
        "place": places.named(petition.place_kind, petition.place_code),
        "state": state,
        "is_open": petition.is_open(now),
        "count": count,
        "goal": petition.goal,
        "step": current_step(count, petition.goal),
        "percent": percent(count, petition.goal),
        "author": petition.author,
        "opened_at": petition.opened_at,
        "closes_at": petition.closes_at,
        "closed_at": ended,
        "last_day": last_day_before(end) if end else None,
        "recipients": [{"name": r.name, "role": r.role} for r in petition.recipients],
        "image": picture_of(petition),
        "cover": covers.of(petition.slug),
        "url": f"{origin}/petitions/{petition.slug}",
    }


def picture_of(petition: Petition) -> dict[str, Any] | None:
    if petition.image is None:
        return None
    return {
        "url": images.address(petition.image, petition.image_width),
        "sets": images.sets(petition.image, petition.image_width),
        "alt": petition.image_alt,
        "caption": petition.image_caption,
        "credit": petition.image_credit,
        "width": petition.image_width,
        "height": petition.image_height,
        "focus": (petition.image_focus_x, petition.image_focus_y),
    }


def cards(session: Session, petitions: Sequence[Petition], origin: str, now: datetime) -> list[Card]:
    counts = queries.counts(session, [petition.id for petition in petitions])
    return [Card(**_card_fields(petition, counts[petition.id], origin, now)) for petition in petitions]


def view(
    session: Session,
    petition: Petition,
    origin: str,
    now: datetime,
    *,
    comments_count: int = 0,
    last_hour: int = 0,
) -> View:
    text = queries.text_of(session, petition)
    return View(
        **_card_fields(petition, queries.count(session, petition.id), origin, now),
        id=petition.id,
        body_html=Markup(text.html),  # noqa: S704 sanitised when it was made, see markdown.py
        sources=[
            {
                "kind": s.kind,
                "kind_label": SOURCE_KINDS[s.kind],
                "title": s.title,
                "publisher": s.publisher,
                "date": s.published_on,
                "url": s.url,
            }
            for s in petition.sources
        ],
        steps_passed=[{"step": row.step, "at": row.passed_at} for row in queries.steps_passed(session, petition.id)],
        views=queries.views(session, petition.id),
        version=petition.version,
        version_at=text.created_at,
        comments_open=petition.comments_open and petition.is_open(now),
        comments_count=comments_count,
        delivery_mode=petition.delivery_mode,
        displays=petition.displays,
        erased_on=erased_on(petition, now),
        last_hour=last_hour,
        purged=petition.purged_at is not None,
    )
