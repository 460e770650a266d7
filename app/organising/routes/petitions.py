"""The organiser's pages: petitions, figures, exports."""

from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

from fastapi import Request
from starlette.responses import Response, StreamingResponse

from app import clock
from app.accounts.dependencies import HalfSession, Organiser, Posted, require_fresh
from app.accounts.models import Account
from app.comments import queries as comment_queries
from app.db import Db, Session, vault_of
from app.drafting import links
from app.drafting import queries as draft_queries
from app.drafting.actions import ACCOUNTS_FOR
from app.exports import actions, permissions, queries
from app.moderation import queries as moderation_queries
from app.moderation import standing
from app.moderation.queries import reviews
from app.organisations.rights import Right
from app.organising import desk
from app.organising.dependencies import ExportedPetition, OwnPetition, WrittenPetition
from app.organising.forms import AskForm, CommentsForm, ExportForm
from app.organising.routes.base import router
from app.petitions import actions as petition_actions
from app.petitions import permissions as petition_permissions
from app.petitions import public, search
from app.petitions import queries as petition_queries
from app.petitions.models import Petition
from app.signatures import queries as signature_queries
from app.web.forms import Form, Shown, shown_again, validated
from app.web.ratelimit import limited
from app.web.rendering import EMPTY_FORM, page, see_other, settings_of
from app.zone import ZONE

DAYS = 30
PURPOSE_LABELS = {"delivery": "Remise au destinataire", "contact": "Contact", "audit": "Contrôle"}


@router.get("")
def petitions(request: Request, session: Db, organiser: Organiser) -> Response:
    now = clock.now()
    owned = petition_queries.owned(session, organiser.id)
    cards = public.cards(session, owned, settings_of(request).origin, now)
    last = moderation_queries.latest(session, "petition", [petition.id for petition in owned])
    rows = [
        {
            "card": card,
            "stands": standing.name_of(petition, last.get(petition.id)),
            "since": petition.submitted_at,
            "organisation": petition.organisation,
            "confirmation_rate": _rate(card.count, signature_queries.pending_count(session, petition.id)),
        }
        for card, petition in zip(cards, owned, strict=True)
    ]
    vault = vault_of(session)
    drafts = [
        {
            "path": links.path_of(vault, draft.id, "relire"),
            "title": draft.typed.get("title", ""),
            "saved_at": draft.saved_at,
            "ends": draft.saved_at + ACCOUNTS_FOR,
        }
        for draft in draft_queries.of_account(session, organiser.id)
    ]
    return page(request, "organising/petitions.html", petitions=rows, drafts=drafts)


@router.get("/petitions/{slug}")
def figures(request: Request, session: Db, organiser: Organiser, petition: OwnPetition, demande: str = "") -> Response:
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
    shown = _figures(request, session, petition, account)
    in_writing = petition.state in {"draft", "submitted", "refused"}
    similar = search.similar(session, clock.now(), petition.title, besides=petition.id) if in_writing else ()
    status = 422 if form["errors"] else 200
    shown["desk"] = desk.of(session, petition, account)
    shown |= {"stands": standing.of(session, petition), "answer_days": reviews.ANSWERED_WITHIN.days, "reading": False}
    return page(request, "organising/petition.html", status, **shown, similar=similar, form=form, asked=asked)


def _rate(confirmed: int, pending: int) -> float | None:
    """Share of the forms sent that were confirmed; None before the first."""
    return confirmed / (confirmed + pending) if confirmed + pending else None


def _figures(request: Request, session: Session, petition: Petition, account: Account) -> dict[str, Any]:
    now = clock.now()
    view = public.view(
        session,
        petition,
        settings_of(request).origin,
        now,
        comments_count=comment_queries.published_count(session, petition.id),
    )
    pending = signature_queries.pending_count(session, petition.id)
    days = _per_day(petition_queries.counts_per_hour(session, petition.id), now)
    return {
        "p": view,
        "figures": {
            "confirmed": view.count,
            "pending": pending,
            "rate": _rate(view.count, pending),
            "today": days[-1][1],
            "week": sum(n for _, n in days[-7:]),
            "comments_waiting": comment_queries.waiting_count(session, petition.id),
            "views": view.views,
        },
        "days": days,
        "rights": petition_permissions.rights(session, account, petition),
        "writes": petition_permissions.may(session, account, petition, Right.PETITIONS),
        "carries": petition_permissions.holds(session, account, petition, Right.PETITIONS),
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


def _per_day(hours: list[tuple[datetime, int]], now: datetime) -> list[tuple[date, int]]:
    """The last thirty days, empty ones included."""
    today = now.astimezone(ZONE).date()
    days = {today - timedelta(days=n): 0 for n in range(DAYS - 1, -1, -1)}
    for hour, n in hours:
        day = hour.astimezone(ZONE).date()
        if day in days:
            days[day] += n
    return list(days.items())


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


@router.post("/petitions/{slug}/commentaires")
@limited("staff")
def open_or_close_comments(
    request: Request, session: Db, organiser: Organiser, petition: WrittenPetition, values: Form
) -> Response:
    petition_actions.set_comments_open(session, petition, validated(CommentsForm, values).open == "on", organiser.id)
    return see_other(request, f"/organisation/petitions/{petition.slug}")


@router.post("/petitions/{slug}/cloture")
@limited("staff")
def close(request: Request, session: Db, organiser: Organiser, petition: WrittenPetition) -> Response:
    petition_actions.close(session, petition, organiser.id)
    return see_other(request, f"/organisation/petitions/{petition.slug}")
