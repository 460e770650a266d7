"""What a route may ask for: the draft of its address, for whoever may write in it."""

from typing import Annotated

from fastapi import Depends, Request

from app import clock
from app.accounts.dependencies import HalfSession, SignInFirst
from app.accounts.models import Account
from app.accounts.presence import Presence
from app.db import Db, Session
from app.drafting import links, queries
from app.drafting.models import Draft
from app.errors import NotFound
from app.organisations.rights import Right
from app.petitions import permissions
from app.petitions import queries as petition_queries

NONE = "Aucun brouillon n’est à cette adresse. Il a peut-être été supprimé, ou ses trente jours ont passé."
ORGANISERS = {"organiser", "admin"}


def writer(request: Request, signed: HalfSession) -> Account | None:
    """Who writes, when they are signed in as somebody who may have petitions."""
    if signed is None or not signed.complete or signed.account.role not in ORGANISERS:
        return None
    presence: Presence = request.app.state.presence
    presence.note(signed.key, clock.now())
    return signed.account


Writer = Annotated[Account | None, Depends(writer, scope="function")]


def open_draft(request: Request, address: str, session: Db, account: Writer) -> Draft:
    """Anybody's who holds its address; once it is somebody's, theirs. Raises NotFound, SignInFirst."""
    draft = queries.by_key(session, links.key_of(address))
    if draft is None:
        raise NotFound(NONE)
    if draft.account_id is None:
        return draft
    if account is None:
        if request.method == "GET":
            raise SignInFirst(request.url.path)
        raise NotFound(NONE)
    if not _may_write(session, draft, account):
        raise NotFound(NONE)
    return draft


def _may_write(session: Session, draft: Draft, account: Account) -> bool:
    """Its writer alone, until it is a petition; then whoever writes that one."""
    if draft.petition_id is None:
        return draft.account_id == account.id
    petition = petition_queries.alone(session, draft.petition_id)
    return permissions.holds(session, account, petition, Right.PETITIONS)


OpenDraft = Annotated[Draft, Depends(open_draft, scope="function")]
