"""The page of one petition: how it goes, what to do next; its tables to take away."""

from collections.abc import Callable
from operator import attrgetter
from typing import Any

from fastapi import Request
from starlette.responses import Response

from app import clock
from app.accounts.dependencies import Organiser
from app.db import Db
from app.exports import actions, csv
from app.moderation import standing
from app.moderation.queries import reviews
from app.organisations.rights import Right
from app.organising import desk, following, origins
from app.organising.dependencies import OwnPetition
from app.organising.routes.base import router
from app.petitions import permissions as petition_permissions
from app.petitions import search
from app.web.rendering import locale_of, page, settings_of
from app.web.sorting import in_order, sorting
from app.zone import ZONE

# By what the table of links may be in order; what is everything else stays last.
LINK_ORDERS: dict[str, Callable[[origins.Came], Any]] = {
    "lien": attrgetter("label"),
    "lectures": attrgetter("views"),
    "venues": attrgetter("confirmed"),
    "semaine": attrgetter("lately"),
}


@router.get("/petitions/{slug}")
def follow(
    request: Request, session: Db, organiser: Organiser, petition: OwnPetition, courbe: str = "", tri: str = ""
) -> Response:
    choice = {"courbe": courbe, "tri": "nom" if tri == "nom" else "nombre"}
    now = clock.now()
    view = following.view_of(session, petition, settings_of(request).origin, now)
    numbers = following.of(session, petition, view, organiser, choice, now, locale_of(request))
    by_link = sorting(request, LINK_ORDERS, "", keep=("courbe",))
    *links, others = numbers["came"]
    numbers["came"] = [*in_order(links, by_link, LINK_ORDERS), others]
    in_writing = petition.state in {"draft", "submitted", "refused"}
    return page(
        request,
        "organising/petition.html",
        p=view,
        **numbers,
        desk=desk.of(session, petition, organiser),
        rights=petition_permissions.rights(session, organiser, petition),
        writes=petition_permissions.may(session, organiser, petition, Right.PETITIONS),
        similar=search.similar(session, now, petition.title, besides=petition.id) if in_writing else (),
        stands=standing.of(session, petition),
        answer_days=reviews.ANSWERED_WITHIN.days,
        reading=False,
        by_link=by_link,
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
