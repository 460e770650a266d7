"""What everybody may know of a petition, ready for pages, JSON and PDF."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from markupsafe import Markup
from sqlalchemy.orm import Session

from app.petitions import covers, history, images, on_paper, places, queries
from app.petitions.choices import SOURCE_KINDS
from app.petitions.covers import Cover
from app.petitions.end_of_life import erased_on
from app.petitions.goals import current_step, percent
from app.petitions.models import Petition, PetitionState
from app.zone import day_of, last_day_before, start_of

# So near that even a few lines about it tell its last day.
SOON = timedelta(days=7)


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
    # Those of the count that were signed on paper.
    paper: int
    goal: int
    step: int
    percent: int
    author: str
    opened_at: datetime | None
    closes_at: datetime | None
    closed_at: datetime | None
    # The last day on which it may, or might, be signed.
    last_day: date | None
    ends_soon: bool
    recipients: list[dict[str, str]]
    # What became of it: ``kind``, ``at``, and the source's ``title`` and ``url``.
    outcome: dict[str, Any] | None
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
    # Of these, the ones of this day in France.
    views_today: int
    version: int
    version_at: datetime
    # (version, signatures), once there are several.
    by_version: list[tuple[int, int]]
    comments_open: bool
    comments_count: int
    delivery_mode: str
    # What a signer may show, from nothing up to what the petition allows.
    displays: list[str]
    erased_on: datetime
    last_hour: int
    # The name and the address of the organisation that carries it.
    organisation: dict[str, str] | None
    purged: bool


def _card_fields(petition: Petition, count: int, paper: int, origin: str, now: datetime) -> dict[str, Any]:
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
        "paper": paper,
        "goal": petition.goal,
        "step": current_step(count, petition.goal),
        "percent": percent(count, petition.goal),
        "author": petition.author,
        "opened_at": petition.opened_at,
        "closes_at": petition.closes_at,
        "closed_at": ended,
        "last_day": last_day_before(end) if end else None,
        "ends_soon": petition.is_open(now) and end is not None and end - now <= SOON,
        "recipients": [{"name": r.name, "role": r.role} for r in petition.recipients],
        "outcome": _outcome(petition),
        "image": picture_of(petition),
        "cover": covers.of(petition.slug),
        "url": f"{origin}/petitions/{petition.slug}",
    }


def _outcome(petition: Petition) -> dict[str, Any] | None:
    if not petition.outcome:
        return None
    source = {"title": petition.outcome_source_title, "url": petition.outcome_source_url}
    return {"kind": petition.outcome, "at": petition.outcome_at, **source}


def _carried_by(petition: Petition, origin: str) -> dict[str, str] | None:
    found = petition.organisation
    return {"name": found.name, "slug": found.slug, "url": f"{origin}/organisations/{found.slug}"} if found else None


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
    ids = [petition.id for petition in petitions]
    counts, paper = queries.counts(session, ids), on_paper.counts(session, ids)
    return [Card(**_card_fields(one, counts[one.id], paper[one.id], origin, now)) for one in petitions]


def preview(petition: Petition, html: str, origin: str, now: datetime) -> View:
    """The page of a petition that is in no table yet; *html* is what markdown.py made of its text."""
    return View(
        **_card_fields(petition, 0, 0, origin, now),
        **_page_fields(petition, now),
        id=0,
        body_html=Markup(html),  # noqa: S704 sanitised when it was made
        steps_passed=[],
        views=0,
        views_today=0,
        version_at=now,
        by_version=[],
        comments_open=petition.comments_open,
        comments_count=0,
        last_hour=0,
        organisation=_carried_by(petition, origin),
    )


def _page_fields(petition: Petition, now: datetime) -> dict[str, Any]:
    """What the petition alone tells of its page."""
    return {
        "sources": _sources(petition),
        "version": petition.version,
        "delivery_mode": petition.delivery_mode,
        "displays": petition.displays,
        "erased_on": erased_on(petition, now),
        "purged": petition.purged_at is not None,
    }


def _sources(petition: Petition) -> list[dict[str, Any]]:
    return [
        {
            "kind": s.kind,
            "kind_label": SOURCE_KINDS[s.kind],
            "title": s.title,
            "publisher": s.publisher,
            "date": s.published_on,
            "url": s.url,
        }
        for s in petition.sources
    ]


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
    count = queries.count(session, petition.id)
    return View(
        **_card_fields(petition, count, on_paper.count(session, petition.id), origin, now),
        **_page_fields(petition, now),
        id=petition.id,
        body_html=Markup(text.html),  # noqa: S704 sanitised when it was made, see markdown.py
        steps_passed=[{"step": row.step, "at": row.passed_at} for row in queries.steps_passed(session, petition.id)],
        views=queries.views(session, petition.id),
        views_today=queries.views_since(session, petition.id, start_of(day_of(now))),
        version_at=text.published_at or text.created_at,
        by_version=history.by_version(session, petition, count),
        comments_open=petition.comments_open and petition.is_open(now),
        comments_count=comments_count,
        last_hour=last_hour,
        organisation=_carried_by(petition, origin),
    )
