"""What everybody may know of an organisation: who it is, and the petitions that it carries."""

from fastapi import Request
from starlette.responses import Response

from app import clock
from app.db import OldDb
from app.errors import NotFound
from app.organisations import queries as organisations
from app.pages.routes.base import router
from app.pages.routes.lists import latest_news, page_number
from app.petitions import public, queries, summary
from app.web.rendering import locale_of, settings_of
from app.web.rendering import public as public_page


@router.get("/organisations/{slug}")
def organisation_page(request: Request, session: OldDb, slug: str, page: str = "1") -> Response:
    organisation = organisations.by_slug(session, slug)
    if organisation is None:
        raise NotFound("Aucune organisation n’est à cette adresse.")
    now, number, origin = clock.now(), page_number(page), settings_of(request).origin
    carried, total = queries.carried_by(session, organisation.id, now, number)
    pages = max(1, -(-total // queries.PER_PAGE))

    def link(n: int) -> str | None:
        there = f"/organisations/{slug}" + (f"?page={n}" if n > 1 else "")
        return there if 1 <= n <= pages and n != number else None

    return public_page(
        request,
        "organisations/public.html",
        organisation=organisation,
        url=f"{origin}/organisations/{slug}",
        linked=summary.linked_organisation(
            organisation.name, f"{origin}/organisations/{slug}", organisation.description, organisation.site
        ),
        petitions=public.cards(session, carried, origin, now),
        latest_news=latest_news(session, carried, now, locale_of(request)),
        total=total,
        pager={"previous": link(number - 1), "next": link(number + 1), "page": number, "pages": pages},
    )
