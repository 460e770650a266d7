"""What a route may ask for: the petition of the URL."""

from typing import Annotated

from fastapi import Depends

from app.db import Db
from app.errors import NotFound
from app.petitions import queries
from app.petitions.models import Petition


def public_petition(slug: str, session: Db) -> Petition:
    """The petition that everybody may open. Raises NotFound."""
    petition = queries.public_by_slug(session, slug)
    if petition is None:
        raise NotFound("Aucune pétition n’est à cette adresse.")
    return petition


PublicPetition = Annotated[Petition, Depends(public_petition, scope="function")]
