"""What became of a petition, told by its organiser; and its closing undone."""

from functools import partial

from fastapi import Request
from starlette.responses import Response

from app import clock
from app.accounts.dependencies import Organiser
from app.accounts.models import Account
from app.db import Db, Session
from app.errors import Conflict, Refused
from app.organisations.rights import Right
from app.organising import desk
from app.organising.dependencies import WrittenPetition
from app.organising.outcomes import OutcomeForm
from app.organising.routes.base import router
from app.petitions import permissions, public, reopening
from app.petitions.models import Petition
from app.petitions.outcomes import TOLD_OF
from app.subscriptions import queries as subscription_queries
from app.updates import actions, queries
from app.updates.models import Update, UpdateState
from app.web.forms import Form, ShowAgain, Shown, shown_again, validated
from app.web.ratelimit import limited
from app.web.rendering import EMPTY_FORM, page, see_other, settings_of
from app.zone import day_of


@router.get("/petitions/{slug}/issue")
def outcome_page(
    request: Request, session: Db, organiser: Organiser, petition: WrittenPetition, fait: str = ""
) -> Response:
    return _page(request, session, organiser, petition, done=fait)


def _page(
    request: Request,
    session: Session,
    organiser: Account,
    petition: Petition,
    form: Shown = EMPTY_FORM,
    *,
    status: int = 0,
    done: str = "",
) -> Response:
    now, told = clock.now(), queries.outcomes(session, petition.id)
    if not form["values"]:
        form = {**form, "values": _typed(told[0]) if told else {"on": day_of(now).isoformat()}}
    return page(
        request,
        "organising/outcome.html",
        status or (422 if form["errors"] else 200),
        p=public.view(session, petition, settings_of(request).origin, now),
        desk=desk.of(session, petition, organiser),
        may_tell=petition.state in TOLD_OF,
        may_mail=permissions.may(session, organiser, petition, Right.UPDATES),
        subscribers=subscription_queries.count(session, "updates", petition.id),
        mailing_from=actions.mailing_from(session, petition.id, now),
        pending=queries.mailing_pending(session, petition.id),
        under_way=queries.outcome_under_way(session, petition.id),
        told=told,
        form=form,
        done=done,
    )


def _typed(last: Update) -> dict[str, str]:
    """What was recalled is still there, to be mended; what was decided is not."""
    if last.state != UpdateState.RECALLED:
        return {"on": day_of(clock.now()).isoformat()}
    facts = last.facts
    sources = {name: facts.get(name, "") for name in ("source_title", "source_url")}
    mail = {"mail": "on"} if last.mail else {}
    return {"kind": facts["kind"], "on": facts["at"], "text": last.markdown, **sources, **mail}


@router.post("/petitions/{slug}/issue")
@limited("staff")
def tell(request: Request, session: Db, organiser: Organiser, petition: WrittenPetition, values: Form) -> Response:
    """A moderator reads it; mailed only by who may tell the news."""
    again = partial(_page, request, session, organiser, petition)
    try:
        with shown_again(values, again):
            form = validated(OutcomeForm, values)
            mail = form.mail and permissions.may(session, organiser, petition, Right.UPDATES)
            actions.tell(session, petition, form.told, form.text, organiser.id, mail=mail, close=form.close)
    except Refused as refused:  # what came too late is still there, to be copied
        raise ShowAgain(again({"values": values, "errors": {"": refused.message}}, status=refused.status)) from None
    return see_other(request, f"/organisation/petitions/{petition.slug}/issue?fait=dite")


@router.post("/petitions/{slug}/issue/rappel")
@limited("staff")
def recall(request: Request, session: Db, organiser: Organiser, petition: WrittenPetition) -> Response:
    """Before anybody has read it. Raises Conflict."""
    update = queries.outcome_under_way(session, petition.id)
    if update is None:
        raise Conflict("Aucune issue n’est en route : elle est parue, refusée, ou rappelée entre-temps.")
    actions.recall(session, petition.id, update.id, organiser.id)
    return see_other(request, f"/organisation/petitions/{petition.slug}/issue?fait=rappelee")


@router.post("/petitions/{slug}/reouverture")
@limited("staff")
def reopen(request: Request, session: Db, organiser: Organiser, petition: WrittenPetition) -> Response:
    reopening.reopen(session, petition, organiser.id)
    return see_other(request, f"/organisation/petitions/{petition.slug}")
