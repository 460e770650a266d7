"""What changes on a published petition: its text, by a correction or an amendment; its settings, by dated lines."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from fastapi import Request
from starlette.responses import Response

from app import clock
from app.accounts.dependencies import Organiser
from app.db import Db, Session
from app.drafting import forms as draft_forms
from app.drafting import reading
from app.drafting.forms import PictureForm
from app.errors import Conflict, Invalid, Refused
from app.locale import Message
from app.organising.dependencies import WrittenPetition
from app.organising.forms import AmendmentForm, SettingsForm, TextForm
from app.organising.routes.base import router
from app.petitions import edits, history, queries, texts, typed, versions
from app.petitions.actions import Picture
from app.petitions.dependencies import OfferedPicture
from app.petitions.forms import text_typed, title_typed
from app.petitions.models import Petition, PetitionText
from app.signatures import queries as signature_queries
from app.web.admission import in_lane
from app.web.forms import Form, ShowAgain, Shown, Values, shown_again, validated
from app.web.ratelimit import limited
from app.web.rendering import EMPTY_FORM, page, see_other, settings_of
from app.web.uploads import uploading

DONE = {
    "corrigee": "La correction est publiée.",
    "propose": "L’amendement est chez la modération, qui vous répondra par message.",
    "repris": "L’amendement est repris : le texte reste ce qu’il était.",
}


@router.get("/petitions/{slug}/version")
def text_page(
    request: Request, session: Db, organiser: Organiser, petition: WrittenPetition, fait: str = ""
) -> Response:
    return _text_page(request, session, petition, done=DONE.get(fait, ""))


def _text_page(
    request: Request,
    session: Session,
    petition: Petition,
    form: Shown = EMPTY_FORM,
    *,
    status: int = 0,
    done: str = "",
    seen: dict[str, Any] | None = None,
) -> Response:
    present = queries.text_of(session, petition)
    waiting = texts.waiting_amendment(session, petition.id)
    if not form["values"]:
        form = {**form, "values": {"title": present.title, "text": present.markdown}}
    return page(
        request,
        "organising/version.html",
        status or (422 if form["errors"] else 200),
        p=petition,
        form=form,
        mark=versions.mark(present),
        done=done,
        seen=seen,
        is_open=petition.is_open(clock.now()),
        signed=signature_queries.any_signature(session, petition.id),
        left=max(0, edits.MOST - texts.corrected(session, petition.id, petition.version)),
        waiting=waiting,
        waiting_diff=_diff(present, waiting.title, waiting.markdown) if waiting is not None else None,
        past=[row for row in texts.amendments(session, petition.id) if row.state != "waiting"],
    )


def _seen(session: Session, petition: Petition, title: str, text: str) -> dict[str, Any]:
    """What a new text changes, and why it takes an amendment, if it does. Raises Invalid."""
    present = queries.text_of(session, petition)
    why = versions.not_a_typo(session, petition, title, text)
    return {"diff": _diff(present, title, text), "why": why}


def _diff(present: PetitionText, title: str, text: str) -> history.Comparison:
    return history.passages(history.between(present.title, present.markdown, title, text))


@contextmanager
def _kept(request: Request, session: Session, petition: Petition, values: Values) -> Iterator[None]:
    """What came too late is still there, to be copied."""
    try:
        yield
    except Conflict as conflict:
        shown = {"values": values, "errors": {"": conflict.message}}
        raise ShowAgain(_text_page(request, session, petition, shown, status=conflict.status)) from None


def _text_again(request: Request, session: Session, petition: Petition, form: Shown) -> Response:
    """With what it changes, where the text itself can be read: an amendment is then offered."""
    present, why = queries.text_of(session, petition), form["errors"].get("text", "")
    try:
        title = title_typed(form["values"].get("title", ""))
        text = text_typed(form["values"].get("text", ""))
    except ValueError:
        return _text_page(request, session, petition, form)
    seen = None
    if why != versions.SAME:
        seen = {"diff": _diff(present, title, text), "why": why}
    return _text_page(request, session, petition, form, seen=seen)


@router.post("/petitions/{slug}/version")
@limited("staff")
def change_text(
    request: Request, session: Db, organiser: Organiser, petition: WrittenPetition, values: Form
) -> Response:
    """``correct``, ``amend``; anything else shows what would change, and which of the two it takes."""
    here = f"/organisation/petitions/{petition.slug}/version"
    with (
        _kept(request, session, petition, values),
        shown_again(values, partial(_text_again, request, session, petition)),
    ):
        form = validated(TextForm, values)
        if form.act == "amend":
            amended = validated(AmendmentForm, values)
            versions.propose(
                session, petition.id, amended.title, amended.text, amended.reasons, organiser.id, amended.seen
            )
            return see_other(request, f"{here}?fait=propose")
        if form.act == "correct":
            versions.correct(session, petition.id, form.title, form.text, organiser.id, form.seen)
            return see_other(request, f"{here}?fait=corrigee")
        seen = _seen(session, petition, form.title, form.text)
    return _text_page(request, session, petition, {"values": values, "errors": {}}, seen=seen)


@router.post("/petitions/{slug}/version/reprise")
@limited("staff")
def take_back(request: Request, session: Db, organiser: Organiser, petition: WrittenPetition) -> Response:
    versions.take_back(session, petition.id, organiser.id)
    return see_other(request, f"/organisation/petitions/{petition.slug}/version?fait=repris")


@router.get("/petitions/{slug}/modifier")
def settings_page(
    request: Request, session: Db, organiser: Organiser, petition: WrittenPetition, fait: str = ""
) -> Response:
    return _settings_page(request, session, petition, done=fait == "enregistre")


def _settings_page(
    request: Request,
    session: Session,
    petition: Petition,
    form: Shown = EMPTY_FORM,
    *,
    image_form: Shown = EMPTY_FORM,
    status: int = 0,
    done: bool = False,
) -> Response:
    if not form["values"]:
        present = reading.written(petition, queries.text_of(session, petition))
        present |= {name: getattr(petition, name) for name in versions.IMAGE}
        form = {**form, "values": present}
    return page(
        request,
        "organising/settings.html",
        status or (422 if form["errors"] or image_form["errors"] else 200),
        p=petition,
        form=form,
        image_form=image_form,
        done=done,
        is_open=petition.is_open(clock.now()),
        rows=range(1, max(draft_forms.rows_of(form["values"], draft_forms.RECIPIENT), default=0) + 2),
        latest_day=typed.latest_day(petition.opened_at) if petition.opened_at else None,
        changes=texts.changes(session, petition.id),
    )


@router.post("/petitions/{slug}/modifier")
@limited("staff")
def change_settings(
    request: Request, session: Db, organiser: Organiser, petition: WrittenPetition, values: Form
) -> Response:
    try:
        with shown_again(values, partial(_settings_page, request, session, petition)):
            form = validated(SettingsForm, values)
            recipients = draft_forms.recipients(values)
            versions.change(
                session,
                petition.id,
                goal=form.goal,
                last_day=form.closes_on,
                recipients=[row.model_dump() for row in recipients],
                image={name: getattr(form, name) for name in versions.IMAGE},
                by=organiser.id,
            )
    except Refused as refused:
        shown = {"values": values, "errors": {"": refused.message}}
        raise ShowAgain(_settings_page(request, session, petition, shown, status=refused.status)) from None
    return see_other(request, f"/organisation/petitions/{petition.slug}/modifier?fait=enregistre")


@router.post("/petitions/{slug}/image")
@uploading
@in_lane("picturing")
@limited("staff")
def change_picture(
    request: Request,
    offered: OfferedPicture,
    session: Db,
    organiser: Organiser,
    petition: WrittenPetition,
    values: Form,
) -> Response:
    """Another picture, and its words. Raises ShowAgain."""
    with shown_again(values, lambda shown: _settings_page(request, session, petition, image_form=shown)):
        if offered.prepared is None:
            why = Message("Cette image ne convient pas : %(why)s.", why=offered.refused)
            raise Invalid({"file": why if offered.refused else "Choisissez une image."})
        form = validated(PictureForm, {**values, "picture": "chosen"})
        kept = offered.prepared.keep(settings_of(request).var / "images")
        picture = Picture(kept, form.alt, form.caption, form.credit, (form.focus_x, form.focus_y))
        versions.change_picture(session, petition.id, picture, organiser.id)
    return see_other(request, f"/organisation/petitions/{petition.slug}/modifier?fait=enregistre")
