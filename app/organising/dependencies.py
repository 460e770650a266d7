"""What a route may ask for: a petition of the organiser's, and the right to do with it what the route does."""

from collections.abc import Callable
from typing import Annotated

from fastapi import Depends

from app.accounts.dependencies import Organiser
from app.db import Db
from app.errors import Moved, NotFound
from app.organisations.rights import Right
from app.petitions import permissions, queries
from app.petitions.models import Petition

NOT_YOURS = "Aucune de vos pétitions n’est à cette adresse."


def _with(*rights: Right | None) -> Callable[..., Petition]:
    def own_petition(slug: str, session: Db, organiser: Organiser) -> Petition:
        """Raises NotFound, also for a member of its organisation without any of these rights; Moved."""
        petition = queries.by_slug(session, slug)
        if petition is None and (now := queries.slug_now(session, slug)) is not None:
            raise Moved(NOT_YOURS, slug, own_petition(now, session, organiser).slug)
        if petition is None or not any(permissions.may(session, organiser, petition, right) for right in rights):
            raise NotFound(NOT_YOURS)
        return petition

    return own_petition


# Seen on the desk by any member; written and set; told the news of; exported; its sheets entered and checked.
OwnPetition = Annotated[Petition, Depends(_with(None), scope="function")]
WrittenPetition = Annotated[Petition, Depends(_with(Right.PETITIONS), scope="function")]
ToldPetition = Annotated[Petition, Depends(_with(Right.UPDATES), scope="function")]
ExportedPetition = Annotated[Petition, Depends(_with(Right.SIGNATURES), scope="function")]
PaperPetition = Annotated[Petition, Depends(_with(Right.PETITIONS, Right.SIGNATURES), scope="function")]
