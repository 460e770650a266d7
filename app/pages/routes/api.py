"""``/api/v1``: public JSON for other programs, its description in OpenAPI, and the page that tells people of it."""

import json
from datetime import datetime
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from fastapi import Query, Request
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from starlette.responses import JSONResponse, Response

from app import clock
from app.db import OldDb, Session
from app.errors import NotFound
from app.locale import Message
from app.organisations import queries as organisations
from app.pages import published
from app.pages.routes.base import router
from app.petitions import lists, public, queries, search, themes
from app.petitions.dependencies import OldPublicPetition
from app.petitions.lists import Among
from app.petitions.models import Petition
from app.settings import Settings
from app.templating import in_language, translate_said
from app.updates import public as updates
from app.web.errors import problem
from app.web.rendering import locale_of, settings_of, shared
from app.web.rendering import public as public_page

PROBLEMS: dict[int | str, dict[str, Any]] = {
    400: {"model": published.Problem, "description": Message("Un paramètre n’est pas lisible")},
    404: {"model": published.Problem, "description": Message("Rien n’est à cette adresse")},
    503: {
        "model": published.Problem,
        "description": Message("Trop de demandes à la fois : réessayez après Retry-After secondes"),
    },
}
ASKED = {
    "etat": Message("Celles qui se signent, celles qui ne se signent plus, ou celles qui ont été entendues"),
    "theme": Message("Le nom d’un thème"),
    "q": Message("Des mots à trouver, 120 signes au plus ; les plus proches d’abord"),
    "page": Message("La page, à partir de 1"),
    "slug": Message("Ce qui désigne la pétition ou l’organisation dans son adresse"),
}
Etat = Annotated[Literal["ouvertes", "closes", "victoires"], Query(description=ASKED["etat"])]
ThemeName = Annotated[str, Query(max_length=80, description=ASKED["theme"])]
Words = Annotated[str, Query(max_length=120, description=ASKED["q"])]
PageNumber = Annotated[int, Query(ge=1, le=99_999, description=ASKED["page"])]


def _kept(request: Request, response: Response, petition_id: int, seconds: int) -> None:
    """For everybody, from anywhere; asked again after so many seconds."""
    response.headers.update(
        {
            "access-control-allow-origin": "*",
            "cross-origin-resource-policy": "cross-origin",
            "cache-control": f"public, max-age={seconds}",
            **shared(request, petition_id),
        }
    )


@router.get("/api/v1/petitions", responses=PROBLEMS, summary=Message("Les pétitions, les plus récentes d’abord"))
def petitions(
    request: Request,
    response: Response,
    session: OldDb,
    etat: Etat = "ouvertes",
    theme: ThemeName = "",
    q: Words = "",
    page: PageNumber = 1,
) -> published.Petitions:
    _kept(request, response, 0, 10)
    return _petitions(session, settings_of(request), Among(etat), theme, q.strip(), page)


def _petitions(
    session: Session, settings: Settings, among: Among, theme: str, typed: str, page: int
) -> published.Petitions:
    now = clock.now()
    if typed:
        found = search.found(session, now, typed=typed, theme=theme, sort="", page=page, among=among)
    else:
        found = lists.listed(session, now, among, theme=theme, sort="", page=page)
    asked = {"etat": among.value, "theme": theme, "q": typed}
    return published.Petitions(
        total=found.total,
        page=found.number,
        pages=found.pages,
        next=_next(f"{settings.origin}/api/v1/petitions", asked, found.number, found.pages),
        petitions=published.listed(session, found.petitions, settings.origin, now),
    )


def _next(address: str, asked: dict[str, Any], page: int, pages: int) -> str | None:
    if page >= pages:
        return None
    return f"{address}?{urlencode({name: value for name, value in asked.items() if value} | {'page': page + 1})}"


@router.get("/api/v1/petitions/{slug}", responses=PROBLEMS, summary=Message("Une pétition, avec son texte"))
def petition(request: Request, response: Response, session: OldDb, petition: OldPublicPetition) -> published.Detail:
    _kept(request, response, petition.id, 1)
    return _petition(session, settings_of(request), petition, clock.now())


def _petition(session: Session, settings: Settings, petition: Petition, now: datetime) -> published.Detail:
    return published.Detail.of_view(petition, public.view(session, petition, settings.origin, now), settings.origin)


@router.get("/api/v1/petitions/{slug}/nouvelles", responses=PROBLEMS, summary=Message("Les nouvelles d’une pétition"))
def news(request: Request, response: Response, session: OldDb, petition: OldPublicPetition) -> published.News:
    _kept(request, response, petition.id, 10)
    url = f"{settings_of(request).origin}/petitions/{petition.slug}"
    return published.told(updates.of_petition(session, petition.id), url)


@router.get("/api/v1/themes", responses={503: PROBLEMS[503]}, summary=Message("Les thèmes de ce site"))
def every_theme(request: Request, response: Response, session: OldDb) -> published.Themes:
    _kept(request, response, 0, 60)
    return published.themes(themes.offered(session))


@router.get(
    "/api/v1/organisations/{slug}",
    responses=PROBLEMS,
    summary=Message("Une organisation et les pétitions qu’elle porte"),
)
def organisation(
    request: Request, response: Response, session: OldDb, slug: str, page: PageNumber = 1
) -> published.Organisation:
    _kept(request, response, 0, 10)
    return _organisation(session, settings_of(request), slug, page)


def _organisation(session: Session, settings: Settings, slug: str, page: int) -> published.Organisation:
    found = organisations.by_slug(session, slug)
    if found is None:
        raise NotFound("Aucune organisation n’est à cette adresse.")
    now = clock.now()
    carried, total = queries.carried_by(session, found.id, now, page)
    pages = max(1, -(-total // queries.PER_PAGE))
    following = _next(f"{settings.origin}/api/v1/organisations/{slug}", {}, page, pages)
    listed = published.listed(session, carried, settings.origin, now)
    return published.organisation(found, listed, settings.origin, total, page, pages, following)


# Their description


@router.get("/api/v1/openapi.json", include_in_schema=False)
def openapi(request: Request) -> Response:
    """OpenAPI 3.1, in the language that is asked for."""
    response = JSONResponse(_translated(described(settings_of(request)), locale_of(request)))
    _kept(request, response, 0, 60)
    return response


def described(settings: Settings) -> dict[str, Any]:
    told = [route for route in router.routes if isinstance(route, APIRoute) and _is_told(route)]
    said = get_openapi(
        title=f"{settings.site_name}, API v1",
        version="1",
        openapi_version="3.1.0",
        summary=Message("Les données publiques de ce site : aucune donnée personnelle, aucune clé, aucun compte."),
        servers=[{"url": settings.origin}],
        routes=told,
    )
    for methods in said["paths"].values():
        _tidy(methods["get"])
    things = said["components"]["schemas"]
    for name in things.keys() & {"HTTPValidationError", "ValidationError"}:
        del things[name]
    for thing in things.values():
        thing.pop("description", None)  # for those who read the code
    return said


def _tidy(operation: dict[str, Any]) -> None:
    """What FastAPI says of any application, as it is in this one."""
    answers = operation["responses"]
    answers.pop("422", None)  # what cannot be read is 400 or 404
    answers["200"]["description"] = Message("Ce qui est demandé")
    for status in answers.keys() - {"200"}:
        answers[status]["content"] = {"application/problem+json": answers[status]["content"]["application/json"]}
    for parameter in operation.get("parameters", []):
        parameter.setdefault("description", ASKED[parameter["name"]])


def _is_told(route: APIRoute) -> bool:
    return route.include_in_schema and (route.path.startswith("/api/v1/") or route.path.endswith("/compteur.json"))


def _translated(said: Any, locale: str) -> Any:
    """Its sentences; of a name that a field has, nothing."""
    if isinstance(said, list):
        return [_translated(one, locale) for one in said]
    if isinstance(said, dict):
        return {
            name: translate_said(locale, str(value))
            if name in {"description", "summary"} and isinstance(value, str)
            else _translated(value, locale)
            for name, value in said.items()
        }
    return said


# The page


@router.get("/api")
def api_page(request: Request, session: OldDb) -> Response:
    settings = settings_of(request)
    said = described(settings)
    return public_page(
        request,
        "pages/api.html",
        examples=_examples(session, settings, locale_of(request)),
        doors=[_door(path, methods["get"]) for path, methods in said["paths"].items()],
        things=[{"name": name, "fields": thing["properties"]} for name, thing in said["components"]["schemas"].items()],
    )


def _door(path: str, operation: dict[str, Any]) -> dict[str, Any]:
    answer = operation["responses"]["200"]["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
    asked = operation.get("parameters", [])
    return {"path": path, "summary": operation["summary"], "asked": asked, "answer": answer}


def _examples(session: Session, settings: Settings, locale: str) -> list[dict[str, Any]]:
    """Questions that whoever reads may ask again, of what is here today, and their answers, the long ones cut."""
    newest = _petitions(session, settings, Among.OPEN, "", "", 1)
    asked: list[tuple[str, object]] = [("/api/v1/petitions?etat=ouvertes", newest.model_dump(mode="json"))]
    if newest.petitions:
        found = queries.by_slug(session, newest.petitions[0].slug)
        assert found is not None
        detail = _petition(session, settings, found, clock.now())
        asked.append((f"/api/v1/petitions/{detail.slug}", detail.model_dump(mode="json")))
        asked.append((f"/petitions/{detail.slug}/compteur.json", {"count": detail.count, "goal": detail.goal}))
    asked.append(("/api/v1/themes", published.themes(themes.offered(session)).model_dump(mode="json")))
    path = in_language(locale, "/api/v1/petitions/absente")
    asked.append((path, problem(404, "Aucune pétition n’est à cette adresse.", locale)))
    return [{"path": path, "answer": json.dumps(_cut(said), ensure_ascii=False, indent=2)} for path, said in asked]


CUT = "…"


def _cut(said: Any) -> Any:
    """As much of an answer as shows what it is like."""
    if isinstance(said, str):
        return said if len(said) <= 120 else said[:80] + CUT
    if isinstance(said, list):
        return [_cut(one) for one in said[:2]] + ([CUT] if len(said) > 2 else [])
    if isinstance(said, dict):
        return {name: _cut(value) for name, value in said.items()}
    return said
