"""Petitions that wait for a moderator; sending one for review."""

from functools import partial

from fastapi import Request
from starlette.responses import Response

from app import clock
from app.accounts.dependencies import Moderator
from app.accounts.models import Account
from app.db import Db, Session
from app.errors import NotFound
from app.moderation import actions, charter, queries
from app.moderation.actions import asked_for
from app.moderation.dependencies import DecisionValues
from app.moderation.desk import claim_of
from app.moderation.forms import ReviewForm
from app.moderation.routes.base import router
from app.petitions import actions as petition_actions
from app.petitions import queries as petition_queries
from app.petitions import search
from app.petitions.models import Petition, PetitionState
from app.web.forms import RowId, Shown, shown_again, validated
from app.web.ratelimit import limited
from app.web.rendering import EMPTY_FORM, page, see_other
from app.zone import last_day_before


@router.get("/moderation/petitions/{petition_id}")
def review_page(request: Request, session: Db, moderator: Moderator, petition_id: RowId) -> Response:
    return _page(request, session, moderator, petition_id)


def _page(
    request: Request,
    session: Session,
    moderator: Account,
    petition_id: int,
    form: Shown = EMPTY_FORM,
) -> Response:
    petition = session.get(Petition, petition_id)
    if petition is None or petition.state == PetitionState.DRAFT:
        raise NotFound("Cette pétition n’existe pas, ou n’est pas proposée.")
    text = petition_queries.text_of(session, petition)
    return page(
        request,
        "moderation/petition.html",
        422 if form["errors"] else 200,
        petition=petition,
        lines=list(enumerate(text.markdown.splitlines(), 1)),
        decisions=[d for d in queries.decisions(session, "petition", petition.id) if d.undone_at is None],
        similar=search.similar(session, clock.now(), petition.title, besides=petition.id),
        claim=claim_of(session, f"petition-{petition.id}", moderator, clock.now()),
        charter=charter.in_force(session, clock.now()),
        last_day=last_day_before(petition_actions.planned_end(petition, clock.now())),
        late=petition.closes_at is not None and petition.closes_at <= clock.now(),
        form=form,
    )


@router.post("/moderation/petitions/{petition_id}/decision")
@limited("staff")
def review(request: Request, session: Db, moderator: Moderator, petition_id: RowId, values: DecisionValues) -> Response:
    with shown_again(values, partial(_page, request, session, moderator, petition_id)):
        form = validated(ReviewForm, values)
        actions.review(session, petition_id, form.version, moderator, asked_for(form), form.remarks)
    return see_other(request, "/moderation")
