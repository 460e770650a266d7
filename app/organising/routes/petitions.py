"""The organiser's pages: petitions, figures."""

from datetime import date, datetime, timedelta
from typing import Any

from fastapi import Request
from starlette.responses import Response

from app import clock
from app.accounts.dependencies import Organiser
from app.accounts.models import Account
from app.comments import queries as comment_queries
from app.db import Db, Session, vault_of
from app.drafting import links
from app.drafting import queries as draft_queries
from app.drafting.actions import ACCOUNTS_FOR
from app.moderation import queries as moderation_queries
from app.moderation import standing
from app.moderation.queries import reviews
from app.organisations.rights import Right
from app.organising import desk
from app.organising.dependencies import OwnPetition, WrittenPetition
from app.organising.forms import CommentsForm
from app.organising.routes.base import router
from app.petitions import actions as petition_actions
from app.petitions import permissions as petition_permissions
from app.petitions import public, search
from app.petitions import queries as petition_queries
from app.petitions.models import Petition
from app.signatures import queries as signature_queries
from app.web.forms import Form, validated
from app.web.ratelimit import limited
from app.web.rendering import page, see_other, settings_of
from app.zone import ZONE

DAYS = 30


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
def figures(request: Request, session: Db, organiser: Organiser, petition: OwnPetition) -> Response:
    return _page(request, session, petition, organiser)


def _page(request: Request, session: Session, petition: Petition, account: Account) -> Response:
    shown = _figures(request, session, petition, account)
    in_writing = petition.state in {"draft", "submitted", "refused"}
    similar = search.similar(session, clock.now(), petition.title, besides=petition.id) if in_writing else ()
    shown["desk"] = desk.of(session, petition, account)
    shown |= {"stands": standing.of(session, petition), "answer_days": reviews.ANSWERED_WITHIN.days, "reading": False}
    return page(request, "organising/petition.html", **shown, similar=similar)


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
    }


def _per_day(hours: list[tuple[datetime, int]], now: datetime) -> list[tuple[date, int]]:
    """The last thirty days, empty ones included."""
    today = now.astimezone(ZONE).date()
    days = {today - timedelta(days=n): 0 for n in range(DAYS - 1, -1, -1)}
    for hour, n in hours:
        day = hour.astimezone(ZONE).date()
        if day in days:
            days[day] += n
    return list(days.items())


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
