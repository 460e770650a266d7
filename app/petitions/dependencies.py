"""What a route may ask for: the petition of the URL."""

from typing import Annotated

from fastapi import Depends

from app.db import Db
from app.petitions import addresses
from app.petitions.models import Petition


def public_petition(slug: str, session: Db) -> Petition:
    """The petition that everybody may open. Raises NotFound, Moved."""
    return addresses.public(session, slug)


PublicPetition = Annotated[Petition, Depends(public_petition, scope="function")]
