"""The steps: shown as they were typed, saved as they are typed."""

from functools import partial
from typing import Annotated, Any

from fastapi import Path, Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from app import clock
from app.db import Db, Session
from app.drafting import actions, forms, preview, reading, steps
from app.drafting.dependencies import OpenDraft
from app.drafting.forms import PreviewForm, SaveForm
from app.drafting.models import Draft
from app.drafting.routes.base import around, router
from app.drafting.steps import Step
from app.errors import Conflict, NotFound
from app.locale import Message
from app.petitions import images, search, themes, typed
from app.petitions.choices import SOURCE_KINDS
from app.petitions.dependencies import OfferedPicture
from app.petitions.places import matching
from app.web.admission import in_lane
from app.web.forms import Form, ShowAgain, Shown, Values, shown_again, validated
from app.web.ratelimit import limited
from app.web.rendering import PRIVATE, choices, page, see_other, settings_of
from app.web.uploads import uploading
from app.zone import time_of

JSON = "application/json"
StepName = Annotated[str, Path(pattern="^[a-z]+$", max_length=20)]


def _step(name: str) -> Step:
    if name not in steps.BY_PATH:
        raise NotFound("Aucune page n’est à cette adresse.")
    return steps.BY_PATH[name]


@router.get("/{address}/lieux")
def places(draft: OpenDraft, q: str = "") -> Response:
    """Places that may be meant by what is typed, the best first."""
    return JSONResponse([str(place) for place in matching(q)], headers=PRIVATE)


@router.get("/{address}/{name}")
def step_page(
    request: Request,
    session: Db,
    draft: OpenDraft,
    name: StepName,
    verifier: str = "",
    ligne: str = "",
) -> Response:
    step = _step(name)
    errors = step.lacking(draft.typed) if verifier else {}
    form = {"values": step.held(draft.typed), "errors": errors}
    return _page(request, session, draft, step, form, more=bool(ligne))


def _page(
    request: Request,
    session: Session,
    draft: Draft,
    step: Step,
    form: Shown,
    status: int = 200,
    *,
    more: bool = False,
) -> Response:
    return page(
        request,
        step.page,
        status,
        **around(session, draft),
        **_beside(request, session, draft, step, form, more=more),
        step=step,
        next=steps.after(step),
        seen=draft.saves.get(step.path, 0),
        form=form,
    )


def _beside(request: Request, session: Session, draft: Draft, step: Step, form: Shown, *, more: bool) -> dict[str, Any]:
    """What one step shows besides its fields."""
    now, held = clock.now(), form["values"]
    rows = {"destinataires": forms.RECIPIENT, "sources": forms.SOURCE}.get(step.path)
    if rows:
        last = max(forms.rows_of(held, rows), default=0)
        return {"rows": range(1, max(last + more, 1) + 1), "kinds": choices(request, SOURCE_KINDS.items())}
    if step.path == "demande":
        return {"similar": search.similar(session, now, held.get("title", ""))}
    if step.path == "image":
        kept = reading.kept_picture(draft.typed)
        return {"picture": images.address(kept.name, kept.width) if kept is not None else "", "kept": kept}
    if step.path == "histoire":
        return {"preview": preview.text(held.get("text", ""))}
    return {
        "latest_day": typed.latest_day(now),
        "themes": themes.offered(session),
        "places": matching(held.get("place", "")),
    }


@router.post("/{address}/apercu")
@limited("draft")
def preview_text(request: Request, draft: OpenDraft, values: Form) -> Response:
    """What the real page makes of a text; nothing is kept."""
    return HTMLResponse(preview.text(PreviewForm.model_validate(values).text), headers=PRIVATE)


@router.post("/{address}/image")
@uploading
@in_lane("picturing")
@limited("draft")
def save_picture(request: Request, offered: OfferedPicture, session: Db, draft: OpenDraft, values: Form) -> Response:
    """The words of the picture, and the file when one was chosen: opened elsewhere, before anything was held."""
    step = steps.BY_PATH["image"]
    if offered.refused:
        errors: dict[str, str] = {"file": Message("Cette image ne convient pas : %(why)s.", why=offered.refused)}
        raise ShowAgain(_page(request, session, draft, step, {"values": step.held(values), "errors": errors}, 422))
    form = _save(request, session, draft, step, values)
    if offered.prepared is not None:
        actions.set_picture(session, draft.id, offered.prepared.keep(settings_of(request).var / "images"))
        return see_other(request, f"/lancer/{request.path_params['address']}/image")
    if form.go == "sans-image":
        actions.set_picture(session, draft.id, None)
    return _saved(request, draft, step, form)


@router.post("/{address}/{name}")
@limited("draft")
def save_step(request: Request, session: Db, draft: OpenDraft, name: StepName, values: Form) -> Response:
    """Kept as it was typed, from a button or by the page itself every few seconds."""
    step = _step(name)
    return _saved(request, draft, step, _save(request, session, draft, step, values))


def _save(request: Request, session: Session, draft: Draft, step: Step, values: Values) -> SaveForm:
    """Raises ShowAgain with all that was typed."""
    with shown_again(values, partial(_page, request, session, draft, step)):
        form = validated(SaveForm, values)
    try:
        actions.save(session, draft.id, step, form.typed, form.seen)
    except Conflict as refused:
        raise _not_here(request, session, draft, step, form, refused) from None
    return form


def _saved(request: Request, draft: Draft, step: Step, form: SaveForm) -> Response:
    """The time, for a page that saves itself; else wherever its button leads."""
    if request.headers.get("accept") == JSON:
        return JSONResponse(
            {"saved_at": time_of(draft.saved_at), "seen": draft.saves.get(step.path, 0)}, headers=PRIVATE
        )
    return see_other(request, _where_to(request, draft, step, form.go))


def _not_here(request: Request, session: Session, draft: Draft, step: Step, form: SaveForm, why: Conflict) -> ShowAgain:
    """What was typed here stands, beside a way to what was saved elsewhere: whoever wrote chooses."""
    if request.headers.get("accept") == JSON:
        return ShowAgain(JSONResponse({"error": str(why)}, 409, headers=PRIVATE))
    shown = {"values": step.held(form.typed), "errors": {"": why.message}}
    return ShowAgain(_page(request, session, draft, step, shown, 409))


def _where_to(request: Request, draft: Draft, step: Step, go: str) -> str:
    base = f"/lancer/{request.path_params['address']}"
    here = f"{base}/{step.path}"
    if go == "apercu":
        return f"{here}#apercu"
    if go == "ligne":
        rows = forms.rows_of(draft.typed, forms.RECIPIENT if step.path == "destinataires" else forms.SOURCE)
        return f"{here}?ligne=oui#ligne-{max(rows, default=0) + 1}"
    if go in {*steps.BY_PATH, "relire", "ici"}:
        return here if go == "ici" else f"{base}/{go}"
    return f"{here}?verifier=oui" if step.lacking(draft.typed) else f"{base}/{steps.after(step)}"
