"""Exports: what for, seen before they leave, and why; fetched beside their line in the journal."""

from functools import partial

from fastapi import Request
from starlette.responses import Response, StreamingResponse

from app import clock
from app.accounts.dependencies import HalfSession, Organiser, Posted, require_fresh
from app.accounts.models import Account, StaffSession
from app.db import Db, Session
from app.errors import NotFound
from app.exports import actions, journal, passing_on, permissions, queries, table
from app.exports.about import PURPOSES as PURPOSE_LABELS
from app.exports.models import PURPOSES, ExportRecord
from app.organising import desk
from app.organising.dependencies import ExportedPetition
from app.organising.forms import AskForm, ChoiceForm, ExportForm
from app.organising.routes.base import router
from app.petitions.models import Petition
from app.web.forms import Form, RowId, Shown, shown_again, validated
from app.web.ratelimit import limited
from app.web.rendering import EMPTY_FORM, page, see_other
from app.web.sorting import in_order, sorting


@router.get("/petitions/{slug}/exports")
def exports(
    request: Request, session: Db, organiser: Organiser, petition: ExportedPetition, demande: str = ""
) -> Response:
    return _page(request, session, petition, organiser, asked=demande == "envoyee")


def _page(
    request: Request,
    session: Session,
    petition: Petition,
    account: Account,
    form: Shown = EMPTY_FORM,
    *,
    asked: bool = False,
) -> Response:
    of_others = permissions.needed(session, petition, account)
    allowed = permissions.held(session, petition, account)
    order = sorting(request, journal.ORDERS, "-date")
    return page(
        request,
        "organising/exports.html",
        422 if form["errors"] else 200,
        petition=petition,
        desk=desk.of(session, petition, account),
        form=form,
        purposes=[one for one in PURPOSES if not of_others or one == "audit" or one in allowed],
        last=journal.last(queries.last_finished(session, petition.id)),
        of_others=of_others,
        asked=asked,
        to_pass_on=passing_on.lines(session, petition),
        journal=in_order(journal.lines(queries.journal(session, petition.id), clock.now()), order, journal.ORDERS),
        order=order,
    )


@router.post("/petitions/{slug}/exports/apercu")
@limited("staff")
def preview(
    request: Request,
    session: Db,
    organiser: Organiser,
    signed: HalfSession,
    petition: ExportedPetition,
    fields: Posted,
    values: Form,
) -> Response:
    """A few lines of the file, and what else it takes to have it."""
    with shown_again(values, partial(_page, request, session, petition, organiser)):
        choice = validated(ChoiceForm, values)
        since = actions.last(session, petition, choice.purpose) if choice.extent == "new" else 0
        moment = actions.choose(session, petition, choice.purpose, choice.format, since)
    _allowed(request, session, petition, choice.purpose, organiser, signed, fields)
    seen = actions.look(session, petition, choice.purpose, moment, organiser.id)
    form = ExportForm(purpose=choice.purpose, format=choice.format, since=since)
    return _preview(request, session, petition, organiser, form, seen)


def _preview(
    request: Request,
    session: Session,
    petition: Petition,
    account: Account,
    chosen: ExportForm,
    seen: table.Table | None,
    form: Shown = EMPTY_FORM,
) -> Response:
    base = queries.finished(session, petition.id, chosen.purpose, chosen.since)
    return page(
        request,
        "organising/export_preview.html",
        422 if form["errors"] else 200,
        petition=petition,
        desk=desk.of(session, petition, account),
        form=form,
        chosen=chosen,
        since=base.started_at if base is not None else None,
        purpose_label=PURPOSE_LABELS[chosen.purpose],
        seen=seen,
        most=actions.COUNTED,
        people=table.names_people(petition, chosen.purpose),
    )


def _allowed(
    request: Request,
    session: Session,
    petition: Petition,
    purpose: str,
    account: Account,
    signed: StaffSession | None,
    fields: list[tuple[str, str]],
) -> None:
    """People leave, or are seen: with a fresh proof, and for an administrator with somebody's agreement."""
    if table.names_people(petition, purpose):
        require_fresh(request, signed, fields)
    permissions.check(session, petition, purpose, account)


@router.post("/petitions/{slug}/exports")
@limited("staff")
def export(
    request: Request,
    session: Db,
    organiser: Organiser,
    signed: HalfSession,
    petition: ExportedPetition,
    fields: Posted,
    values: Form,
) -> Response:
    """To a program, which sends a purpose, the file itself; from the page, its line in the journal, then the file."""
    with shown_again(values, partial(_page, request, session, petition, organiser)):
        form = validated(ExportForm, values)
        actions.choose(session, petition, form.purpose, form.format, form.since)
    _allowed(request, session, petition, form.purpose, organiser, signed, fields)
    if form.prepare:
        # Without its lines: nobody is seen without a line in the journal, and what is refused leaves none.
        with shown_again(values, partial(_preview, request, session, petition, organiser, form, None)):
            permissions.reasoned(form.reason)
    record = actions.begin(
        session,
        petition,
        form.purpose,
        organiser.id,
        form.format,
        since=form.since,
        reason=form.reason,
        waits=form.prepare,
    )
    if form.prepare:
        return see_other(request, f"/organisation/petitions/{petition.slug}/exports/{record.id}")
    return _file(request, petition, record)


@router.get("/petitions/{slug}/exports/{export_id}")
def prepared(
    request: Request, session: Db, organiser: Organiser, petition: ExportedPetition, export_id: RowId
) -> Response:
    """Its line in the journal, and as long as it waits the button that fetches it."""
    row, now = queries.line(session, petition.id, export_id), clock.now()
    if row is None:
        raise NotFound("Cet export n’existe pas.")
    order = sorting(request, journal.ORDERS, "-date")
    return page(
        request,
        "organising/export.html",
        petition=petition,
        desk=desk.of(session, petition, organiser),
        line=journal.lines([row], now)[0],
        waits_until=row.ExportRecord.waits_until,
        mine=row.ExportRecord.account_id == organiser.id,
        journal=in_order(journal.lines(queries.journal(session, petition.id), now), order, journal.ORDERS),
        order=order,
    )


@router.post("/petitions/{slug}/exports/{export_id}/fichier")
@limited("staff")
def fetch(
    request: Request, session: Db, organiser: Organiser, petition: ExportedPetition, export_id: RowId
) -> Response:
    return _file(request, petition, actions.fetch(session, petition, export_id, organiser))


def _file(request: Request, petition: Petition, record: ExportRecord) -> Response:
    """Its bytes, as they are made: they begin once this request is committed."""
    name = actions.filename(petition, record)
    return StreamingResponse(
        actions.stream(request.app.state.database, record.id),
        media_type=actions.FORMATS[record.format],
        headers={
            "content-disposition": f'attachment; filename="{name}"',
            "cache-control": "no-store",
            "x-export-id": str(record.id),
        },
    )


@router.post("/petitions/{slug}/exports/demandes")
@limited("staff")
def ask_for_export(
    request: Request, session: Db, organiser: Organiser, petition: ExportedPetition, values: Form
) -> Response:
    """Of another administrator, who agrees or not at /administration/exports."""
    with shown_again(values, partial(_page, request, session, petition, organiser)):
        form = validated(AskForm, values)
        permissions.ask(session, petition, form.asked, form.reason, organiser)
    return see_other(request, f"/organisation/petitions/{petition.slug}/exports?demande=envoyee")
