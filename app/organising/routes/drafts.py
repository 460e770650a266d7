"""Writing: one's own drafts, until they are proposed."""

from typing import Any

from fastapi import Request
from starlette.responses import Response

from app import clock
from app.accounts.dependencies import Organiser
from app.accounts.models import Account
from app.db import Db, Session
from app.errors import NotFound
from app.moderation import actions as moderation_actions
from app.organising import actions
from app.organising.dependencies import OwnPetition
from app.organising.routes.base import router
from app.petitions import drafts, queries, typed
from app.petitions.forms import DraftForm
from app.petitions.importing import PetitionFile
from app.petitions.models import Petition
from app.web.forms import Form, FormRefused, Values, validated
from app.web.ratelimit import limited
from app.web.rendering import EMPTY_FORM, page, see_other, settings_of

DRAFT_PAGE = "organising/draft.html"
WRITABLE = {"draft", "refused"}
LATE = "Ce texte est en relecture ou publié : il ne change plus. Ce que vous venez d’écrire n’est pas enregistré."


@router.get("/petitions/nouvelle")
def new_draft(request: Request, organiser: Organiser) -> Response:
    return page(request, DRAFT_PAGE, **_draft_context(EMPTY_FORM))


def _draft_context(form: dict[str, Any], slug: str = "") -> dict[str, Any]:
    return {"form": form, "slug": slug, "latest_day": typed.latest_day(clock.now())}


@router.post("/petitions/nouvelle")
@limited("staff")
def write_draft(request: Request, session: Db, organiser: Organiser, values: Form) -> Response:
    form, file = _draft(values)
    image_store = settings_of(request).var / "images"
    petition = actions.write(session, file, form.delivery_mode, image_store, organiser.id)
    return see_other(request, f"/organisation/petitions/{petition.slug}")


def _draft(values: Values, slug: str = "") -> tuple[DraftForm, PetitionFile]:
    """Raises FormRefused with the page on which everything typed still stands."""
    try:
        form = validated(DraftForm, values)
        try:
            return form, form.file()
        except ValueError as error:
            raise FormRefused({"sources": str(error)}, values) from None
    except FormRefused as refused:
        refused.page = (DRAFT_PAGE, _draft_context(refused.form, slug))
        raise


def _own(session: Session, organiser: Account, slug: str) -> Petition:
    petition = queries.by_slug(session, slug)
    if petition is None or not queries.owns(session, organiser.id, petition.id):
        raise NotFound("Aucun de vos brouillons n’est à cette adresse.")
    return petition


@router.get("/petitions/{slug}/texte")
def edit_draft(request: Request, session: Db, organiser: Organiser, slug: str) -> Response:
    petition = _own(session, organiser, slug)
    if petition.state not in WRITABLE:
        raise NotFound("Aucun de vos brouillons n’est à cette adresse.")
    values = drafts.values_of(petition, queries.text_of(session, petition))
    return page(request, DRAFT_PAGE, **_draft_context({"values": values, "errors": {}}, slug))


@router.post("/petitions/{slug}/texte")
@limited("staff")
def rewrite_draft(request: Request, session: Db, organiser: Organiser, slug: str, values: Form) -> Response:
    petition = _own(session, organiser, slug)
    if petition.state not in WRITABLE:  # proposed from another window meanwhile
        refused = FormRefused({"": LATE}, values, 409)
        refused.page = (DRAFT_PAGE, _draft_context(refused.form, slug))
        raise refused
    form, file = _draft(values, slug)
    actions.rewrite(session, petition, file, form.delivery_mode, organiser.id)
    return see_other(request, f"/organisation/petitions/{slug}")


@router.post("/petitions/{slug}/proposer")
@limited("staff")
def submit(request: Request, session: Db, organiser: Organiser, petition: OwnPetition) -> Response:
    """A draft, or a corrected one, goes to the moderators."""
    moderation_actions.submit(session, petition, organiser.id)
    return see_other(request, "/organisation")
