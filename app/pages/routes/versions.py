"""The history of a text: its versions, what changed between two of them, each in full."""

from fastapi import Request
from starlette.responses import Response

from app import clock
from app.db import Db
from app.errors import NotFound
from app.pages.routes.base import router
from app.petitions import history, markdown, public, texts
from app.petitions.dependencies import PublicPetition
from app.petitions.models import PetitionText
from app.web.forms import asked, identifier
from app.web.rendering import public as public_page
from app.web.rendering import settings_of


@router.get("/petitions/{slug}/versions")
def versions(
    request: Request, session: Db, petition: PublicPetition, lire: str = "", de: str = "", a: str = ""
) -> Response:
    """The last two compared, or those asked for; ``lire``: one in full."""
    view = public.view(session, petition, settings_of(request).origin, clock.now())
    published = {text.version: text for text in texts.published(session, petition.id)}
    numbers = sorted(published)
    read = _asked(published, lire) if lire else None
    old = _asked(published, de) if de else published[numbers[-2]] if len(numbers) > 1 else None
    new = _asked(published, a) if a else published[numbers[-1]] if numbers else None
    return public_page(
        request,
        "petitions/versions.html",
        petition.id,
        p=view,
        versions=history.versions(session, petition, view.count),
        read=read,
        html=markdown.shown(read.markdown) if read is not None else "",
        old=old,
        new=new,
        comparison=history.passages(history.compared(old, new)) if old and new and old is not new else None,
        numbers=numbers,
    )


def _asked(published: dict[int, PetitionText], typed: str) -> PetitionText:
    """Raises NotFound."""
    number = asked(typed, identifier, 0)
    if number not in published:
        raise NotFound("Cette version n’existe pas.")
    return published[number]
