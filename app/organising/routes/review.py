"""The author's side of a review: the page as it was proposed, the remarks beside it, the decision and its appeal."""

from functools import partial

from fastapi import Request
from starlette.responses import Response

from app import clock
from app.accounts.dependencies import Organiser
from app.accounts.models import Account
from app.db import Db, Session
from app.errors import NotFound
from app.moderation import proofs, standing
from app.moderation.queries import reviews
from app.organisations.rights import Right
from app.organising.dependencies import OwnPetition, WrittenPetition
from app.organising.routes.base import router
from app.petitions import permissions, public
from app.petitions.models import Petition
from app.redress import actions
from app.redress import queries as redress_queries
from app.redress.forms import AppealForm
from app.web.forms import Form, Shown, shown_again, validated
from app.web.ratelimit import limited
from app.web.rendering import EMPTY_FORM, page, see_other, settings_of
from app.zone import day_of


@router.get("/petitions/{slug}/relecture")
def read_again(request: Request, session: Db, organiser: Organiser, petition: OwnPetition) -> Response:
    return _page(request, session, petition, organiser)


def _page(
    request: Request, session: Session, petition: Petition, organiser: Account, form: Shown = EMPTY_FORM
) -> Response:
    stands = standing.of(session, petition)
    view = public.view(session, petition, settings_of(request).origin, clock.now())
    decision, remarks = stands.decision, reviews.remarks(session, petition)
    changed = False
    # While it is read by others it cannot change; afterwards its author writes on, and this page does not move.
    read = reviews.reviewed(session, decision.id) if decision is not None and not stands.submitted_at else None
    if read is not None:
        changed = not proofs.is_the_same(view, read)
        view = proofs.as_it_was(view, read)
    return page(
        request,
        "organising/review.html",
        422 if form["errors"] else 200,
        petition=petition,
        p=view,
        proof=proofs.proof_of(view, remarks),
        stands=stands,
        answer_days=reviews.ANSWERED_WITHIN.days,
        changed=changed,
        asked_before=bool(remarks) and stands.submitted_at is not None,
        appeal=redress_queries.appeal_of(session, stands.refusal.id, "author") if stands.refusal is not None else None,
        writes=permissions.may(session, organiser, petition, Right.PETITIONS),
        responsible=permissions.holds(session, organiser, petition, Right.PETITIONS),
        today=day_of(clock.now()),
        form=form,
    )


@router.post("/petitions/{slug}/recours")
@limited("staff")
def contest(request: Request, session: Db, organiser: Organiser, petition: WrittenPetition, values: Form) -> Response:
    """The refusal or the removal, by its author, without the link of the mail; somebody else judges."""
    refusal = standing.of(session, petition).refusal
    # An administrator may read whose petition it is not, and does not speak for its author.
    if refusal is None or not permissions.holds(session, organiser, petition, Right.PETITIONS):
        raise NotFound("Aucune de vos pétitions n’attend de recours à cette adresse.")
    with shown_again(values, partial(_page, request, session, petition, organiser)):
        text = validated(AppealForm, values).text
        actions.appeal(session, refusal.id, "author", text, organiser.id)
    return see_other(request, f"/organisation/petitions/{petition.slug}/relecture#recours")
