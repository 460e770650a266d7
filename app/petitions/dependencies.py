"""What a route may ask for: the petition of the URL, the picture of its form."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends

from app.db import Db, OldDb
from app.errors import Refused
from app.petitions import addresses, images
from app.petitions.models import Petition
from app.web.uploads import Upload


def public_petition(slug: str, session: Db) -> Petition:
    """The petition that everybody may open. Raises NotFound, Moved."""
    return addresses.public(session, slug)


def old_public_petition(slug: str, session: OldDb) -> Petition:
    return addresses.public(session, slug)


PublicPetition = Annotated[Petition, Depends(public_petition, scope="function")]
# Of a page that takes ``OldDb``.
OldPublicPetition = Annotated[Petition, Depends(old_public_petition, scope="function")]


@dataclass(frozen=True)
class Offered:
    """What became of a picture: to be kept, or half a sentence why not; neither when none was chosen."""

    prepared: images.Prepared | None = None
    refused: str = ""


def offered_picture(upload: Upload) -> Offered:
    if upload is None:
        return Offered()
    try:
        return Offered(images.prepared(upload.read()))
    except Refused as refused:
        return Offered(refused=refused.message)


# Of a route that is ``@in_lane("picturing")`` and ``@uploading``, before its session: it takes seconds. Nothing is
# written: that is the route's, once it knows whose petition it is.
OfferedPicture = Annotated[Offered, Depends(offered_picture)]
