"""Writing: one's own drafts, until they are proposed."""

from collections.abc import Sequence
from functools import partial

from fastapi import Request
from starlette.responses import Response

from app import clock
from app.accounts.dependencies import Organiser
from app.accounts.models import Account
from app.db import Db, Session
from app.errors import Invalid, NotFound
from app.moderation import actions as moderation_actions
from app.organisations.rights import Right
from app.organising import actions
from app.organising.dependencies import WrittenPetition
from app.organising.routes.base import router
from app.petitions import actions as petition_actions
from app.petitions import drafts, permissions, queries, search, typed
from app.petitions.forms import DraftForm
from app.petitions.importing import PetitionFile
from app.petitions.models import Petition
from app.web.forms import Form, ShowAgain, Shown, Values, shown_again, validated
from app.web.ratelimit import limited
from app.web.rendering import EMPTY_FORM, page, see_other, settings_of

LATE = "Ce texte est en relecture ou publié : il ne change plus. Ce que vous venez d’écrire n’est pas enregistré."


@router.get("/petitions/nouvelle")
def new_draft(request: Request, organiser: Organiser) -> Response:
    return _page(request)


def _page(
    request: Request, slug: str = "", form: Shown = EMPTY_FORM, status: int = 0, similar: Sequence[Petition] = ()
) -> Response:
    latest = typed.latest_day(clock.now())
    status = status or (422 if form["errors"] else 200)
    return page(request, "organising/draft.html", status, form=form, slug=slug, latest_day=latest, similar=similar)


@router.post("/petitions/nouvelle")
@limited("staff")
def write_draft(request: Request, session: Db, organiser: Organiser, values: Form) -> Response:
    form, file = _draft(request, values)
    image_store = settings_of(request).var / "images"
    petition = actions.write(session, file, form.delivery_mode, image_store, organiser.id)
    return see_other(request, f"/organisation/petitions/{petition.slug}")


def _draft(request: Request, values: Values, slug: str = "") -> tuple[DraftForm, PetitionFile]:
    """Raises ShowAgain with the page on which everything typed still stands."""
    with shown_again(values, partial(_page, request, slug)):
        form = validated(DraftForm, values)
        try:
            return form, form.file()
        except ValueError as error:
            raise Invalid({"sources": error.args[0]}) from None


def _own(session: Session, organiser: Account, slug: str) -> Petition:
    petition = queries.by_slug(session, slug)
    if petition is None or not permissions.holds(session, organiser, petition, Right.PETITIONS):
        raise NotFound("Aucun de vos brouillons n’est à cette adresse.")
    return petition


@router.get("/petitions/{slug}/texte")
def edit_draft(request: Request, session: Db, organiser: Organiser, slug: str) -> Response:
    petition = _own(session, organiser, slug)
    if petition.state not in petition_actions.WRITABLE:
        raise NotFound("Aucun de vos brouillons n’est à cette adresse.")
    values = drafts.values_of(petition, queries.text_of(session, petition))
    similar = search.similar(session, clock.now(), petition.title, besides=petition.id)
    return _page(request, slug, {"values": values, "errors": {}}, similar=similar)


@router.post("/petitions/{slug}/texte")
@limited("staff")
def rewrite_draft(request: Request, session: Db, organiser: Organiser, slug: str, values: Form) -> Response:
    petition = _own(session, organiser, slug)
    if petition.state not in petition_actions.WRITABLE:  # proposed from another window meanwhile
        raise ShowAgain(_page(request, slug, {"values": values, "errors": {"": LATE}}, 409))
    form, file = _draft(request, values, slug)
    actions.rewrite(session, petition, file, form.delivery_mode, organiser.id)
    return see_other(request, f"/organisation/petitions/{slug}")


@router.post("/petitions/{slug}/proposer")
@limited("staff")
def submit(request: Request, session: Db, organiser: Organiser, petition: WrittenPetition) -> Response:
    """A draft, or a corrected one, goes to the moderators."""
    moderation_actions.submit(session, petition, organiser.id)
    return see_other(request, "/organisation")
