"""Petitions that wait for a moderator: the page as it will be, each block with room for a remark."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from fastapi import Request
from starlette.responses import Response

from app import clock
from app.accounts.dependencies import Moderator
from app.accounts.models import Account
from app.db import Db, Session
from app.errors import Conflict, NotFound
from app.moderation import actions, charter, proofs
from app.moderation.actions import asked_for
from app.moderation.dependencies import ReviewValues, Within
from app.moderation.desk import claim_of
from app.moderation.forms import ReviewForm
from app.moderation.forms.filtering import Filters
from app.moderation.models import Decision
from app.moderation.queries import reviews
from app.moderation.routes.base import router
from app.petitions import actions as petition_actions
from app.petitions import public, search
from app.petitions.models import Petition, PetitionState
from app.petitions.public import View
from app.web.forms import RowId, ShowAgain, Shown, shown_again, validated
from app.web.ratelimit import limited
from app.web.rendering import EMPTY_FORM, page, see_other, settings_of
from app.zone import last_day_before


@router.get("/moderation/petitions/{petition_id}")
def review_page(request: Request, session: Db, moderator: Moderator, within: Within, petition_id: RowId) -> Response:
    return _page(request, session, moderator, within, petition_id)


def _page(
    request: Request,
    session: Session,
    moderator: Account,
    within: Filters,
    petition_id: int,
    form: Shown = EMPTY_FORM,
    status: int = 0,
) -> Response:
    petition = session.get(Petition, petition_id)
    decided = reviews.decisions(session, petition_id)
    if petition is None or (petition.state == PetitionState.DRAFT and not decided):
        raise NotFound("Cette pétition n’existe pas, ou n’est pas proposée.")
    now = clock.now()
    view = public.view(session, petition, settings_of(request).origin, now)
    # What its author has written since is nobody's to read until it is proposed.
    if petition.state in {PetitionState.DRAFT, PetitionState.REFUSED} and decided:
        view = proofs.as_it_was(view, reviews.reviewed(session, decided[-1].id) or {})
    return page(
        request,
        "moderation/petition.html",
        status or (422 if form["errors"] else 200),
        petition=petition,
        p=view,
        proof=proofs.proof_of(view),
        earlier=_earlier(session, decided, view),
        record=reviews.record(session, petition),
        similar=search.similar(session, now, petition.title, besides=petition.id),
        claim=claim_of(session, f"petition-{petition.id}", moderator, now),
        charter=charter.in_force(session, now),
        answer_by=(petition.submitted_at or now) + reviews.ANSWERED_WITHIN,
        last_day=last_day_before(petition_actions.planned_end(petition, now)),
        late=petition.opened_at is None and petition.closes_at is not None and petition.closes_at <= now,
        form=form,
        kept=within.to(""),
    )


def _earlier(session: Session, decided: Sequence[Decision], view: View) -> list[dict[str, Any]]:
    """What was decided before, what was asked then, and what has changed since; the last first."""
    remarks = reviews.remarks_of(session, [decision.id for decision in decided])
    found = []
    for decision in reversed(decided):
        read = reviews.reviewed(session, decision.id)
        changes = proofs.changes(read, view) if read is not None else None
        found.append({"decision": decision, "remarks": remarks[decision.id], "changes": changes})
    return found


@router.post("/moderation/petitions/{petition_id}/decision")
@limited("staff")
def review(
    request: Request, session: Db, moderator: Moderator, within: Within, petition_id: RowId, values: ReviewValues
) -> Response:
    again = partial(_page, request, session, moderator, within, petition_id)
    with shown_again(values, again):
        form = validated(ReviewForm, values)
        try:
            actions.review(session, petition_id, form.version, moderator, asked_for(form), form.remarks)
        except Conflict as conflict:  # who decided what stands on the page, what was typed too
            raise ShowAgain(again({"values": values, "errors": {"": conflict.message}}, 409)) from None
    return see_other(request, within.to("/moderation"))
