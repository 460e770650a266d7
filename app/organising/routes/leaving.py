"""News before they leave: page and mail as they will be, a test to oneself, the button; and after: called back."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from fastapi import Request
from starlette.responses import HTMLResponse, Response

from app import clock
from app.accounts.dependencies import Organiser
from app.accounts.models import Account
from app.db import Db, Session
from app.errors import Conflict, Invalid, Refused
from app.mail import composing
from app.organising import desk
from app.organising.dependencies import ToldPetition
from app.organising.routes.base import router
from app.organising.routes.news import DONE, base_of, followers, here
from app.petitions.models import Petition
from app.petitions.queries import PUBLIC_STATES
from app.templating import Templates
from app.updates import actions, emails, public, queries
from app.updates.forms import SendForm, lacking
from app.updates.models import Update, UpdateKind
from app.web.forms import Form, RowId, ShowAgain, Shown, Values, shown_again, validated
from app.web.ratelimit import limited
from app.web.rendering import EMPTY_FORM, PRIVATE, locale_of, page, see_other, settings_of

# The mail in a frame of ours: its own style, nothing else.
FRAMED = {
    **PRIVATE,
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'; sandbox",
    "x-frame-options": "SAMEORIGIN",
}


@router.get("/petitions/{slug}/nouvelles/{update_id}/relire")
def look(
    request: Request, session: Db, organiser: Organiser, petition: ToldPetition, update_id: RowId, fait: str = ""
) -> Response:
    update = here(session, petition, update_id)
    if not update.is_writable:
        return see_other(request, f"{base_of(petition)}/{update.id}")
    return _look(request, session, petition, organiser, update, done=fait)


def _look(
    request: Request,
    session: Session,
    petition: Petition,
    organiser: Account,
    update: Update,
    form: Shown = EMPTY_FORM,
    status: int = 0,
    *,
    done: str = "",
) -> Response:
    now, delivery = clock.now(), update.kind == UpdateKind.DELIVERY
    return page(
        request,
        "organising/news_look.html",
        status or (422 if form["errors"] else 200),
        petition=petition,
        update=update,
        item=public.shown(update, 4, locale_of(request)),
        subject=_mail(request, petition, update, "fr", "subject.txt"),
        text=_mail(request, petition, update, "fr", "body.txt"),
        seen=actions.mark(update),
        lacking=lacking(update.title, update.markdown),
        online=petition.state in PUBLIC_STATES,
        followers=followers(session, petition),
        read_first=actions.read_first(session, update),
        mailing_from=actions.mailing_from(session, petition.id, now, delivery=delivery),
        pending=queries.mailing_pending(session, petition.id, delivery=delivery),
        to=organiser.email,
        desk=desk.of(session, petition, organiser),
        form=form,
        done=DONE.get(done, ""),
    )


def _mail(request: Request, petition: Petition, update: Update, locale: str, name: str) -> str:
    """The real template, with a link that stops nobody."""
    templates: Templates = request.app.state.templates
    origin = settings_of(request).origin
    site = origin if locale == "fr" else f"{origin}/{locale}"
    context = emails.news_context(update, petition, site, locale)
    mail = emails.test("", locale, context, f"{origin}{base_of(petition)}/{update.id}")
    return composing.part(templates, mail, f"email/updates/news/{name}")


@router.get("/petitions/{slug}/nouvelles/{update_id}/courriel")
def mail_html(
    request: Request, session: Db, organiser: Organiser, petition: ToldPetition, update_id: RowId, langue: str = ""
) -> Response:
    """The mail alone, for the frame that shows it."""
    update = here(session, petition, update_id)
    locale = "en" if langue == "en" else "fr"
    return HTMLResponse(_mail(request, petition, update, locale, "body.html"), headers=FRAMED)


@router.post("/petitions/{slug}/nouvelles/{update_id}/essai")
@limited("staff")
def try_out(request: Request, session: Db, organiser: Organiser, petition: ToldPetition, update_id: RowId) -> Response:
    actions.try_out(session, petition, update_id, organiser, settings_of(request).origin)
    return see_other(request, f"{base_of(petition)}/{update_id}/relire?fait=essai")


@router.post("/petitions/{slug}/nouvelles/{update_id}/envoi")
@limited("staff")
def send(
    request: Request, session: Db, organiser: Organiser, petition: ToldPetition, update_id: RowId, values: Form
) -> Response:
    """``mail``: to those who follow, too; anything else: on the page alone."""
    update = here(session, petition, update_id)
    with _again(request, session, petition, organiser, update, values):
        form = validated(SendForm, values)
        actions.send(session, petition.id, update.id, organiser.id, mail=form.act == "mail", seen=form.seen)
    return see_other(request, f"{base_of(petition)}/{update.id}")


@contextmanager
def _again(
    request: Request, session: Session, petition: Petition, organiser: Account, update: Update, values: Values
) -> Iterator[None]:
    """Whatever is refused within is said above the previews."""
    again = partial(_look, request, session, petition, organiser, update)
    with shown_again(values, again):
        try:
            yield
        except Invalid:
            raise
        except Refused as refused:
            raise ShowAgain(again({"values": values, "errors": {"": refused.message}}, refused.status)) from None


@router.post("/petitions/{slug}/nouvelles/{update_id}/rappel")
@limited("staff")
def recall(request: Request, session: Db, organiser: Organiser, petition: ToldPetition, update_id: RowId) -> Response:
    if here(session, petition, update_id).by_recipient:
        raise Conflict("C’est la réponse de votre destinataire : elle ne se rappelle pas.")
    actions.recall(session, petition.id, update_id, organiser.id)
    return see_other(request, f"{base_of(petition)}/{update_id}?fait=rappelee")


@router.post("/petitions/{slug}/nouvelles/{update_id}/suppression")
@limited("staff")
def discard(request: Request, session: Db, organiser: Organiser, petition: ToldPetition, update_id: RowId) -> Response:
    actions.discard(session, petition.id, update_id, organiser.id)
    return see_other(request, f"{base_of(petition)}?fait=supprimee")
