"""What an organiser has: petitions and drafts."""

from collections.abc import Callable
from operator import itemgetter
from typing import Any

from fastapi import Request
from starlette.responses import Response

from app import clock
from app.accounts.dependencies import Organiser
from app.db import Db, vault_of
from app.drafting import links
from app.drafting import queries as draft_queries
from app.drafting.actions import ACCOUNTS_FOR
from app.moderation import queries as moderation_queries
from app.moderation import standing
from app.organising.routes.base import router
from app.petitions import public
from app.petitions import queries as petition_queries
from app.signatures import figures
from app.web.rendering import page, settings_of
from app.web.sorting import in_order, sorting

# What the list may be narrowed to; where each stands, in words.
STATES = {
    "draft": "brouillons",
    "corrections": "corrections demandées",
    "submitted": "en relecture",
    "open": "ouvertes",
    "closed": "closes",
    "delivered": "remises",
    "refused": "refusées",
    "removed": "retirées",
}
ORDERS: dict[str, Callable[[dict[str, Any]], Any]] = {
    "petition": lambda row: row["card"].title,
    "etat": lambda row: [*STATES, _state(row)].index(_state(row)),
    "signatures": lambda row: row["card"].count,
    "palier": lambda row: row["card"].step,
    "confirmees": itemgetter("confirmation_rate"),
    "cloture": lambda row: row["card"].last_day,
}


@router.get("")
def petitions(request: Request, session: Db, organiser: Organiser, etat: str = "") -> Response:
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
            "confirmation_rate": figures.sent(session, petition.id, card.count - card.paper).rate,
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
    order = sorting(request, ORDERS, "", keep=("etat",))
    asked = etat if etat in STATES else ""
    return page(
        request,
        "organising/petitions.html",
        petitions=in_order([row for row in rows if not asked or _state(row) == asked], order, ORDERS),
        found=len(rows),
        order=order,
        filters={"etat": asked},
        choices=STATES,
        drafts=drafts,
    )


def _state(row: dict[str, Any]) -> str:
    stands: str = row["stands"] or row["card"].state
    return stands
