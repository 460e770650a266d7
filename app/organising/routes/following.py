"""The page of one petition: how it goes, what to do next; its tables to take away."""

from functools import partial
from typing import Any

from fastapi import Request
from starlette.responses import Response, StreamingResponse

from app import clock
from app.accounts.dependencies import HalfSession, Organiser, Posted, require_fresh
from app.accounts.models import Account
from app.db import Db, Session
from app.exports import actions, csv, permissions, queries
from app.moderation import standing
from app.moderation.queries import reviews
from app.organisations.rights import Right
from app.organising import desk, following
from app.organising.dependencies import ExportedPetition, OwnPetition
from app.organising.forms import AskForm, ExportForm
from app.organising.routes.base import router
from app.petitions import permissions as petition_permissions
from app.petitions import search
from app.petitions.models import Petition
from app.signatures import queries as signature_queries
from app.web.forms import Form, Shown, shown_again, validated
from app.web.ratelimit import limited
from app.web.rendering import EMPTY_FORM, page, see_other, settings_of
from app.zone import ZONE


@router.get("/petitions/{slug}")
def follow(
    request: Request,
    session: Db,
    organiser: Organiser,
    petition: OwnPetition,
    courbe: str = "",
    tri: str = "",
    demande: str = "",
) -> Response:
    choice = {"courbe": courbe, "tri": "nom" if tri == "nom" else "nombre"}
    return _page(request, session, petition, organiser, choice=choice, asked=demande == "envoyee")


def _page(
    request: Request,
    session: Session,
    petition: Petition,
    account: Account,
    form: Shown = EMPTY_FORM,
    *,
    choice: dict[str, str] | None = None,
    asked: bool = False,
) -> Response:
    now = clock.now()
    view = following.view_of(session, petition, settings_of(request).origin, now)
    numbers = following.of(session, petition, view, account, choice or {"courbe": "", "tri": "nombre"}, now)
    in_writing = petition.state in {"draft", "submitted", "refused"}
    return page(
        request,
        "organising/petition.html",
        422 if form["errors"] else 200,
        p=view,
        **numbers,
        desk=desk.of(session, petition, account),
        rights=petition_permissions.rights(session, account, petition),
        writes=petition_permissions.may(session, account, petition, Right.PETITIONS),
        similar=search.similar(session, now, petition.title, besides=petition.id) if in_writing else (),
        stands=standing.of(session, petition),
        answer_days=reviews.ANSWERED_WITHIN.days,
        reading=False,
        **_exports(session, petition, account, form, asked),
    )


@router.get("/petitions/{slug}/suivi/{table}.csv")
def take_table(session: Db, petition: OwnPetition, table: str) -> Response:
    """Numbers alone, of groups that the page shows: nobody's data, hence no line in the journal of exports."""
    now = clock.now()
    header, lines = following.table(session, petition, table, now)
    content = b"".join(piece for piece, _ in csv.stream(header, lines))
    name = f"{petition.slug}-{table}-{now.astimezone(ZONE):%Y-%m-%d}.csv"
    headers = {"content-disposition": f'attachment; filename="{name}"', "cache-control": "private, no-store"}
    return Response(content, media_type=actions.FORMATS["csv"], headers=headers)


# Exports of people: until they have their own page.

PURPOSE_LABELS = {"delivery": "Remise au destinataire", "contact": "Contact", "audit": "Contrôle"}


def _exports(session: Session, petition: Petition, account: Account, form: Shown, asked: bool) -> dict[str, Any]:
    return {
        "form": form,
        "asked": asked,
        "theirs": permissions.needed(session, petition, account),
        "allowed": permissions.held(session, petition, account),
        "to_pass_on": _to_pass_on(session, petition),
        "exports": [
            {
                "at": record.started_at,
                "purpose_label": PURPOSE_LABELS[record.purpose],
                "rows": record.rows,
                "sha256": record.sha256 or "",
                "by": email or "ligne de commande",
            }
            for record, email in queries.journal(session, petition.id)
        ],
    }


def _to_pass_on(session: Session, petition: Petition) -> list[dict[str, Any]]:
    """Lines of earlier exports that have to be dropped now: a reference, no name."""
    with_people = {"contact", "delivery"} if petition.delivery_mode == "identities" else {"contact"}
    exports = [record for record in queries.begun(session, petition.id) if record.purpose in with_people]
    return [
        {
            "reference": row.reference,
            "at": row.withdrawn_at,
            "purpose_label": PURPOSE_LABELS[row.purpose],
            "exports": found,
        }
        for row in signature_queries.withdrawals_after_export(session, petition.id)
        if (
            found := [
                record.started_at
                for record in exports
                if record.purpose == row.purpose
                and row.confirmed_at
                and row.confirmed_at <= record.started_at < row.withdrawn_at
            ]
        )
    ]


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
    form = validated(ExportForm, values)
    if form.purpose == "contact":  # addresses leave
        require_fresh(request, signed, fields)
    permissions.check(session, petition, form.purpose, organiser)
    record = actions.begin(session, petition, form.purpose, organiser.id, form.format)
    name = actions.filename(petition, record.purpose, record.started_at, form.format)
    return StreamingResponse(
        actions.stream(request.app.state.database, record.id, form.format),
        media_type=actions.FORMATS[form.format],
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
    return see_other(request, f"/organisation/petitions/{petition.slug}?demande=envoyee#titre-exports")
