"""What a route may ask for: the person whose self-service session is open."""

from typing import Annotated

from fastapi import Depends, Request

from app.db import Db
from app.errors import Gone
from app.privacy.actions import self_service
from app.privacy.actions.self_service import Person

# Its own cookie, sent to the self-service pages only, never to a public page.
COOKIE = "mes-signatures"
PATH = "/mes-signatures"


def person(request: Request, session: Db) -> Person:
    """Raises Gone when there is no session, or not any more."""
    cookie = request.cookies.get(COOKIE)
    found = self_service.person(session, cookie) if cookie else None
    if found is None:
        raise Gone("Votre accès a pris fin : il dure trente minutes. Demandez un nouveau lien.")
    return found


SignedPerson = Annotated[Person, Depends(person, scope="function")]
