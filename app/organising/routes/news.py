"""The organiser tells the news; everybody may read them on the petition's page."""

from functools import partial

from fastapi import Request
from starlette.responses import Response

from app import clock
from app.accounts.dependencies import Organiser
from app.accounts.models import Account
from app.db import Db, Session
from app.organising import desk
from app.organising.dependencies import ToldPetition
from app.organising.routes.base import router
from app.petitions import public
from app.petitions.models import Petition
from app.subscriptions import queries as subscription_queries
from app.updates import actions, queries
from app.updates.forms import UpdateForm
from app.web.forms import Form, Shown, shown_again, validated
from app.web.ratelimit import limited
from app.web.rendering import EMPTY_FORM, page, see_other, settings_of


@router.get("/petitions/{slug}/nouvelles")
def updates(request: Request, session: Db, organiser: Organiser, petition: ToldPetition) -> Response:
    return _page(request, session, petition, organiser)


def _page(
    request: Request, session: Session, petition: Petition, organiser: Account, form: Shown = EMPTY_FORM
) -> Response:
    return page(
        request,
        "organising/news.html",
        422 if form["errors"] else 200,
        p=public.view(session, petition, settings_of(request).origin, clock.now()),
        updates=queries.of_petition(session, petition.id),
        subscribers=subscription_queries.count_willing(session, "updates", petition.id),
        bounced=subscription_queries.count_bounced(session, "updates", petition.id),
        desk=desk.of(session, petition, organiser),
        form=form,
    )


@router.post("/petitions/{slug}/nouvelles")
@limited("staff")
def write(request: Request, session: Db, organiser: Organiser, petition: ToldPetition, values: Form) -> Response:
    with shown_again(values, partial(_page, request, session, petition, organiser)):
        form = validated(UpdateForm, values)
    actions.write(session, petition, form.title, form.text, organiser.id)
    return see_other(request, f"/organisation/petitions/{petition.slug}/nouvelles")
