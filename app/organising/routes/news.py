"""The organiser's news: where each stands, and writing them."""

from functools import partial

from fastapi import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from app import clock
from app.accounts.dependencies import Organiser
from app.accounts.models import Account
from app.db import Db, Session
from app.errors import Conflict, NotFound
from app.organising import desk
from app.organising.dependencies import ToldPetition
from app.organising.routes.base import router
from app.petitions import markdown
from app.petitions.models import Petition
from app.petitions.queries import PUBLIC_STATES
from app.subscriptions import queries as subscription_queries
from app.updates import actions, queries
from app.updates.forms import DraftForm, TextForm, UpdateForm
from app.updates.models import Update
from app.web.forms import Form, RowId, ShowAgain, Shown, shown_again, validated
from app.web.ratelimit import limited
from app.web.rendering import EMPTY_FORM, PRIVATE, page, see_other
from app.zone import time_of

JSON = "application/json"
DONE = {
    "essai": "L’essai part à votre adresse. Il peut mettre une minute à arriver.",
    "rappelee": "La nouvelle est rappelée : personne ne l’a vue. Elle est de nouveau un brouillon.",
    "supprimee": "Le brouillon est supprimé.",
}


def base_of(petition: Petition) -> str:
    return f"/organisation/petitions/{petition.slug}/nouvelles"


def here(session: Session, petition: Petition, update_id: int) -> Update:
    """Raises NotFound."""
    update = queries.get(session, update_id)
    if update is None or update.petition_id != petition.id:
        raise NotFound("Cette nouvelle n’existe pas.")
    return update


@router.get("/petitions/{slug}/nouvelles")
def updates(request: Request, session: Db, organiser: Organiser, petition: ToldPetition, fait: str = "") -> Response:
    rows = queries.of_desk(session, petition.id)
    return page(
        request,
        "organising/news.html",
        petition=petition,
        online=petition.state in PUBLIC_STATES,
        updates=rows,
        left={row.id: _left(session, row) for row in rows if row.finished_at is None},
        followers=followers(session, petition),
        bounced=subscription_queries.count_bounced(session, "updates", petition.id),
        desk=desk.of(session, petition, organiser),
        done=DONE.get(fait, ""),
    )


def followers(session: Session, petition: Petition) -> int:
    return subscription_queries.count_willing(session, "updates", petition.id)


def _left(session: Session, update: Update) -> int:
    """Whom the mail has still to be written to."""
    return subscription_queries.count_willing(session, "updates", update.petition_id, update.sent_after)


@router.post("/petitions/{slug}/nouvelles")
@limited("staff")
def begin(request: Request, session: Db, organiser: Organiser, petition: ToldPetition, values: Form) -> Response:
    """A draft, with what was typed if anything was."""
    again = partial(_edit, request, session, petition, organiser, None)
    with shown_again(values, again):
        form = validated(DraftForm, values)
    update = actions.begin(session, petition.id, form.title, form.text, organiser.id)
    return see_other(request, f"{base_of(petition)}/{update.id}")


@router.post("/petitions/{slug}/nouvelles/apercu")
@limited("draft")
def preview_text(request: Request, organiser: Organiser, petition: ToldPetition, values: Form) -> Response:
    """What the real page makes of a text; nothing is kept."""
    return HTMLResponse(markdown.shown(TextForm.model_validate(values).text), headers=PRIVATE)


@router.get("/petitions/{slug}/nouvelles/{update_id}")
def one(
    request: Request, session: Db, organiser: Organiser, petition: ToldPetition, update_id: RowId, fait: str = ""
) -> Response:
    update = here(session, petition, update_id)
    if update.is_rewritable:
        return _edit(request, session, petition, organiser, update, done=fait)
    return _standing(request, session, petition, organiser, update, done=fait)


def _edit(
    request: Request,
    session: Session,
    petition: Petition,
    organiser: Account,
    update: Update | None,
    form: Shown = EMPTY_FORM,
    status: int = 0,
    *,
    done: str = "",
) -> Response:
    if update is not None and not form["values"]:
        form = {**form, "values": {"title": update.title, "text": update.markdown, "seen": actions.mark(update)}}
    return page(
        request,
        "organising/news_edit.html",
        status or (422 if form["errors"] else 200),
        petition=petition,
        update=update,
        preview=markdown.shown(form["values"].get("text", "")),
        desk=desk.of(session, petition, organiser),
        form=form,
        done=DONE.get(done, ""),
    )


def _standing(
    request: Request, session: Session, petition: Petition, organiser: Account, update: Update, *, done: str = ""
) -> Response:
    return page(
        request,
        "organising/news_sent.html",
        petition=petition,
        update=update,
        html=markdown.shown(update.markdown),
        followers=followers(session, petition),
        left={update.id: _left(session, update)} if update.finished_at is None else {},
        desk=desk.of(session, petition, organiser),
        done=DONE.get(done, ""),
    )


@router.post("/petitions/{slug}/nouvelles/{update_id}")
@limited("draft")
def save(
    request: Request, session: Db, organiser: Organiser, petition: ToldPetition, update_id: RowId, values: Form
) -> Response:
    """Kept as it was typed, from a button or by the page itself every few seconds."""
    update = here(session, petition, update_id)
    if update.is_writable and not update.is_rewritable:
        raise Conflict(actions.OURS)
    by_itself = request.headers.get("accept") == JSON
    with shown_again(values, partial(_edit, request, session, petition, organiser, update)):
        form = validated(DraftForm, values)
        if form.go == "relire":
            form = validated(UpdateForm, values)
    try:
        update = actions.save(session, petition.id, update.id, form.title, form.text, form.seen)
    except Conflict as conflict:
        if by_itself:
            raise ShowAgain(JSONResponse({"error": str(conflict)}, 409, headers=PRIVATE)) from None
        # What was typed here stands, beside a way to what was saved elsewhere.
        shown = {"values": {**values, "seen": actions.mark(update)}, "errors": {"": conflict.message}}
        raise ShowAgain(_edit(request, session, petition, organiser, update, shown, 409)) from None
    if by_itself:
        at = time_of(update.saved_at or clock.now())
        return JSONResponse({"saved_at": at, "seen": actions.mark(update)}, headers=PRIVATE)
    then = {"relire": "/relire", "apercu": "#apercu"}.get(form.go, "")
    return see_other(request, f"{base_of(petition)}/{update.id}{then}")
