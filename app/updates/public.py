"""The timeline of a petition as everybody reads it: on pages, in feeds and in data."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from markupsafe import Markup
from sqlalchemy.orm import Session

from app.updates import queries, words
from app.updates.models import FACTS, Update, UpdateKind, UpdateState

# On the card of its petition, the last one is told so long.
RECENT = timedelta(days=30)
# On the petition's page; the others are one click away.
ON_PAGE = 5
PER_PAGE = 50


@dataclass(frozen=True)
class News:
    """One entry of the timeline; ``html`` is a part of a page, its headings below that of the entry."""

    id: int
    kind: str
    title: str
    at: datetime
    html: Markup
    facts: dict[str, Any]
    # A moderator took it off: under which article. Its words are gone.
    taken_off: bool = False
    article: int | None = None
    # Of its title: French, as people write here, or that of the page where the site wrote it.
    tongue: str = "fr"

    def as_json(self, url: str) -> dict[str, object]:
        return {
            "id": self.id,
            "kind": self.kind,
            "title": self.title,
            "at": self.at.isoformat(),
            "html": str(self.html),
            "facts": self.facts,
            "url": f"{url}/nouvelles#n{self.id}",
        }


@dataclass(frozen=True)
class Latest:
    """What the card of a petition says in one line."""

    title: str
    at: datetime


def shown(update: Update, top: int = 4, locale: str = "fr") -> News:
    """As it stands on the page, or will; *top* is the level of its first heading: below its title.

    What the site itself wrote in it is said in the language of the page.
    """
    if update.state == UpdateState.REFUSED and update.published_at is not None:
        return News(update.id, update.kind, "", update.at, Markup(), {}, taken_off=True, article=update.article)
    return as_written(update, top, locale)


def as_written(update: Update, top: int = 4, locale: str = "fr") -> News:
    """The same, for those who decide about it."""
    facts = {name: update.facts[name] for name in FACTS if name in update.facts}
    title = words.title(update.kind, update.title, update.facts, locale)
    html = _lowered(words.html(update.kind, update.html, update.facts, locale), top)
    tongue = "fr" if title == update.title else locale
    return News(update.id, update.kind, title, update.at, html, facts, tongue=tongue)


def _lowered(html: str, top: int) -> Markup:
    """Sanitised when it was written, with headings from the second level."""
    return Markup(html.replace("h3>", f"h{top + 1}>").replace("h2>", f"h{top}>"))  # noqa: S704


def of_petition(session: Session, petition_id: int, limit: int = PER_PAGE, locale: str = "fr") -> list[News]:
    """The newest first."""
    return [shown(row, locale=locale) for row in queries.published(session, petition_id, limit)]


def of_petition_rows(session: Session, petition_id: int) -> Sequence[Update]:
    """The same, as they were written."""
    return queries.published(session, petition_id, PER_PAGE)


def page_of(
    session: Session, petition_id: int, before: tuple[datetime, int] | None, locale: str
) -> tuple[list[News], tuple[datetime, int] | None]:
    """One page of the whole timeline, what was taken off it too; and where the next one begins."""
    rows = queries.told(session, petition_id, PER_PAGE + 1, before)
    kept = rows[:PER_PAGE]
    more = (kept[-1].at, kept[-1].id) if len(rows) > PER_PAGE else None
    return [shown(row, 3, locale) for row in kept], more


def latest(session: Session, petition_ids: Iterable[int], now: datetime, locale: str) -> dict[int, Latest]:
    """Of each petition, its last news of the last thirty days; one query for all of them."""
    rows = queries.titles_since(session, list(petition_ids), now - RECENT)
    return {row[0]: Latest(words.title(row.kind, row.title, row.facts, locale), row.at) for row in rows}


def recent(session: Session, limit: int) -> Sequence[tuple[Update, str, str, str]]:
    """The newest of all petitions; with each, the address, the title and the author of its petition."""
    return queries.recent(session, limit)


# What precedes the title where nothing else tells the kind, in feeds.
KINDS = {
    UpdateKind.NEWS: "Nouvelle",
    UpdateKind.ANSWER: "Réponse",
    UpdateKind.DELIVERY: "Remise",
    UpdateKind.OUTCOME: "Issue",
}
