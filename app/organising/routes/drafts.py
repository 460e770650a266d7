"""One's own petitions that are not published yet: written in under /lancer, proposed again."""

from fastapi import Request
from starlette.responses import Response

from app import clock
from app.accounts.dependencies import Organiser
from app.db import Db, vault_of
from app.drafting import actions, links, queries
from app.errors import NotFound
from app.moderation import actions as moderation_actions
from app.organising.dependencies import WrittenPetition
from app.organising.routes.base import router
from app.petitions import actions as petition_actions
from app.web.ratelimit import limited
from app.web.rendering import page, see_other


@router.get("/petitions/nouvelle")
def new_draft(request: Request, organiser: Organiser) -> Response:
    return see_other(request, "/lancer")


@router.get("/petitions/{slug}/texte")
def draft_of(request: Request, session: Db, organiser: Organiser, petition: WrittenPetition) -> Response:
    """Where its text is corrected; a button where there is no draft of it yet."""
    if petition.is_open(clock.now()):
        return see_other(request, f"/organisation/petitions/{petition.slug}/version")
    if petition.state not in petition_actions.WRITABLE:
        raise NotFound("Aucun de vos brouillons n’est à cette adresse.")
    draft = queries.of_petition(session, petition.id)
    if draft is None:
        return page(request, "organising/reopen.html", petition=petition)
    return see_other(request, links.path_of(vault_of(session), draft.id, "histoire"))


@router.post("/petitions/{slug}/texte")
@limited("staff")
def reopen(request: Request, session: Db, organiser: Organiser, petition: WrittenPetition) -> Response:
    draft = actions.reopen(session, petition, organiser)
    return see_other(request, links.path_of(vault_of(session), draft.id, "histoire"))


@router.post("/petitions/{slug}/proposer")
@limited("staff")
def submit(request: Request, session: Db, organiser: Organiser, petition: WrittenPetition) -> Response:
    """To the moderators, as it stands; what is being written about it is read once more first."""
    draft = queries.of_petition(session, petition.id)
    if draft is not None:
        return see_other(request, links.path_of(vault_of(session), draft.id, "relire"))
    moderation_actions.submit(session, petition, organiser.id)
    return see_other(request, "/organisation")
