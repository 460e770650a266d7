"""What a route may ask for: a petition that is this organiser's own."""

from typing import Annotated

from fastapi import Depends

from app.accounts.dependencies import Organiser
from app.db import Db
from app.errors import Moved, NotFound
from app.petitions import queries
from app.petitions.models import Petition

NOT_YOURS = "Aucune de vos pétitions n’est à cette adresse."


def own_petition(slug: str, session: Db, organiser: Organiser) -> Petition:
    """Any other organiser's petition does not exist. Raises NotFound."""
    petition = queries.by_slug(session, slug)
    if petition is None and (now := queries.slug_now(session, slug)) is not None:
        raise Moved(NOT_YOURS, slug, own_petition(now, session, organiser).slug)
    if petition is None or not (organiser.role == "admin" or queries.owns(session, organiser.id, petition.id)):
        raise NotFound(NOT_YOURS)
    return petition


OwnPetition = Annotated[Petition, Depends(own_petition, scope="function")]
