"""Another text for a published petition, read beside the present one."""

from functools import partial

from fastapi import Request
from starlette.responses import Response

from app import clock
from app.accounts.dependencies import Moderator
from app.accounts.models import Account
from app.db import Db, Session
from app.errors import NotFound
from app.moderation import charter
from app.moderation.actions.amending import decide_amendment
from app.moderation.dependencies import Within
from app.moderation.desk import claim_of
from app.moderation.forms.amending import AmendmentForm
from app.moderation.forms.filtering import Filters
from app.moderation.routes.base import router
from app.petitions import history, markdown, texts
from app.petitions import queries as petition_queries
from app.petitions.models import Petition
from app.web.forms import Form, RowId, Shown, shown_again, validated
from app.web.ratelimit import limited
from app.web.rendering import EMPTY_FORM, page, see_other


@router.get("/moderation/amendements/{amendment_id}")
def amendment_page(
    request: Request, session: Db, moderator: Moderator, within: Within, amendment_id: RowId
) -> Response:
    return _page(request, session, moderator, within, amendment_id)


def _page(
    request: Request, session: Session, moderator: Account, within: Filters, amendment_id: int, form: Shown = EMPTY_FORM
) -> Response:
    amendment = texts.amendment(session, amendment_id)
    if amendment is None:
        raise NotFound("Cet amendement n’existe pas.")
    petition = session.get_one(Petition, amendment.petition_id)
    present = petition_queries.text_of(session, petition)
    now = clock.now()
    return page(
        request,
        "moderation/amendment.html",
        422 if form["errors"] else 200,
        amendment=amendment,
        petition=petition,
        is_open=petition.is_open(now),
        signatures=petition_queries.count(session, petition.id),
        comparison=history.between(present.title, present.markdown, amendment.title, amendment.markdown),
        html=markdown.shown(amendment.markdown),
        charter=charter.in_force(session, amendment.created_at),
        claim=claim_of(session, f"amendment-{amendment.id}", moderator, now),
        form=form,
        kept=within.to(""),
    )


@router.post("/moderation/amendements/{amendment_id}/decision")
@limited("staff")
def decide(
    request: Request, session: Db, moderator: Moderator, within: Within, amendment_id: RowId, values: Form
) -> Response:
    with shown_again(values, partial(_page, request, session, moderator, within, amendment_id)):
        form = validated(AmendmentForm, values)
        decide_amendment(
            session,
            amendment_id,
            moderator,
            publish=form.decision == "publish",
            article=form.article,
            explanation=form.explanation,
        )
    return see_other(request, within.to("/moderation"))
