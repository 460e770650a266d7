"""An organiser opens and closes the comments, and closes the petition."""

from fastapi import Request
from starlette.responses import Response

from app.accounts.dependencies import Organiser
from app.db import Db
from app.organising.dependencies import WrittenPetition
from app.organising.forms import CommentsForm
from app.organising.routes.base import router
from app.petitions import actions as petition_actions
from app.web.forms import Form, validated
from app.web.ratelimit import limited
from app.web.rendering import see_other


@router.post("/petitions/{slug}/commentaires")
@limited("staff")
def open_or_close_comments(
    request: Request, session: Db, organiser: Organiser, petition: WrittenPetition, values: Form
) -> Response:
    petition_actions.set_comments_open(session, petition, validated(CommentsForm, values).open == "on", organiser.id)
    return see_other(request, f"/organisation/petitions/{petition.slug}")


@router.post("/petitions/{slug}/cloture")
@limited("staff")
def close(request: Request, session: Db, organiser: Organiser, petition: WrittenPetition) -> Response:
    petition_actions.close(session, petition, organiser.id)
    return see_other(request, f"/organisation/petitions/{petition.slug}")
