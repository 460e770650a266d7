"""Other open petitions about the same place, or of the same theme: for those who have just signed one.

Looked for among the newest: asked at every confirmation, it may cost a few reads of an index and no more.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.petitions import lists, queries
from app.petitions.models import Petition, PetitionTheme

# Of each theme, and of all that are open.
LOOKED_AT = 60


def nearby(session: Session, petition: Petition, now: datetime, most: int = 2) -> Sequence[Petition]:
    """The same place before the same theme, then the newest; not *petition* itself, nor one that was won."""
    themes = [theme.id for theme in petition.themes]
    alike: set[int] = set()
    for theme in themes:
        of_theme = select(PetitionTheme.petition_id).where(PetitionTheme.theme_id == theme)
        alike.update(session.scalars(of_theme.order_by(PetitionTheme.petition_id.desc()).limit(LOOKED_AT)))
    ids = (alike | set(lists.newest_open(session, now, LOOKED_AT))) - {petition.id}
    columns = (Petition.id, Petition.place_kind, Petition.place_code)
    rows = session.execute(select(*columns).where(Petition.id.in_(ids), queries.is_open(now), ~queries.is_won()))
    here = (petition.place_kind, petition.place_code)
    found = [
        (bool(kind) and (kind, code) == here, petition_id in alike, petition_id) for petition_id, kind, code in rows
    ]
    best = sorted((one for one in found if one[0] or one[1]), reverse=True)[:most]
    return lists.in_order(session, [petition_id for *_, petition_id in best])
