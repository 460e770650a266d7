"""News as everybody reads them on the petition's page."""

from dataclasses import dataclass
from datetime import datetime

from markupsafe import Markup
from sqlalchemy.orm import Session

from app.updates import queries


@dataclass(frozen=True)
class News:
    id: int
    title: str
    at: datetime
    html: Markup


def of_petition(session: Session, petition_id: int) -> list[News]:
    """The newest first."""
    return [
        # Sanitised when it was written; its headings stand two levels lower on the page.
        News(row.id, row.title, row.at, Markup(row.html.replace("h3>", "h5>").replace("h2>", "h4>")))  # noqa: S704
        for row in queries.published(session, petition_id)
    ]
