"""A petition elsewhere than on its page: data, paper, other sites."""

import io
from dataclasses import replace
from functools import lru_cache
from typing import Any

import segno
from fastapi import Request
from starlette.responses import FileResponse, JSONResponse, Response

from app import clock
from app.db import Db, OldDb, Session
from app.deliveries import public as delivery_public
from app.errors import NotFound
from app.locale import Message
from app.pages.published import Counter
from app.pages.routes.api import PROBLEMS
from app.pages.routes.base import router
from app.petitions import addresses, images, pdf, public, queries
from app.petitions.dependencies import PublicPetition
from app.petitions.models import Petition
from app.petitions.public import View
from app.redress import replies
from app.updates import public as updates
from app.web.admission import in_lane
from app.web.rendering import full_address, locale_of, page, settings_of, shared

CACHE = "public, max-age=1"


@router.get("/petitions/{slug}.json")
def data(request: Request, session: OldDb, slug: str) -> Response:
    petition = addresses.public(session, slug)
    now = clock.now()
    view = public.view(session, petition, settings_of(request).origin, now)
    body: dict[str, object] = {
        "slug": view.slug,
        "url": view.url,
        "title": view.title,
        "state": view.state,
        "theme": view.theme,
        "themes": [theme["fr"] for theme in view.themes],
        "place": {"kind": petition.place_kind, "code": petition.place_code, "name": view.place} if view.place else None,
        "author": view.author,
        "organisation": view.organisation,
        "recipients": view.recipients,
        "count": view.count,
        "paper": view.paper,
        "goal": view.goal,
        "opened_at": view.opened_at.isoformat() if view.opened_at else None,
        "closes_at": view.closes_at.isoformat() if view.closes_at else None,
        "closed_at": view.closed_at.isoformat() if view.closed_at else None,
        "outcome": _outcome(view),
        "image": _image(request, view),
        "version": view.version,
        "html": str(view.body_html),
        "sources": [_source(source) for source in view.sources],
        "news": [one.as_json(view.url) for one in updates.of_petition(session, petition.id)],
        "delivery": delivery_public.as_json(delivery_public.of_petition(session, petition), view.erased_on),
        "replies": [reply.as_json() for found in replies.published(session, petition.id).values() for reply in found],
    }
    return _open_json(body, petition.id)


def _source(source: dict[str, Any]) -> dict[str, object]:
    day = source["date"]
    return {name: source[name] for name in ("kind", "title", "publisher", "url")} | {
        "date": day.isoformat() if day else None
    }


def _outcome(view: View) -> dict[str, object] | None:
    """What became of it, and where that can be verified."""
    told = view.outcome
    if told is None:
        return None
    source = {"title": told["title"], "url": told["url"] or None} if told["title"] else None
    return {"kind": told["kind"], "at": told["at"].isoformat(), "source": source}


def _image(request: Request, view: View) -> dict[str, object] | None:
    if view.image is None:
        return None
    told = {name: view.image[name] for name in ("alt", "caption", "credit", "width", "height")}
    return {"url": f"{settings_of(request).origin}{view.image['url']}", **told}


@router.get(
    "/petitions/{slug}/compteur.json",
    response_model=Counter,
    responses={404: PROBLEMS[404], 503: PROBLEMS[503]},
    summary=Message("Le compte d’une pétition, à la seconde près"),
)
def counter(session: Db, petition: PublicPetition) -> Response:
    return _open_json({"count": queries.count(session, petition.id), "goal": petition.goal}, petition.id)


def _open_json(body: dict[str, object], petition_id: int) -> Response:
    headers = {
        "access-control-allow-origin": "*",
        "cache-control": CACHE,
        "cross-origin-resource-policy": "cross-origin",
        "x-signons-shared": str(petition_id),
    }
    return JSONResponse(body, headers=headers)


@router.get("/petitions/{slug}/petition.pdf")
@in_lane("setting")
def printable(request: Request, session: Db, petition: PublicPetition) -> Response:
    view = _view(request, session, petition)
    return _paper(request, petition, f"{petition.slug}.pdf", pdf.render(view, locale_of(request)))


@router.get("/petitions/{slug}/affiche.pdf")
@in_lane("setting")
def poster(request: Request, session: Db, petition: PublicPetition) -> Response:
    view = _view(request, session, petition)
    content = pdf.poster(view, _qr_svg(f"{view.url}?s=affiche"), locale_of(request))
    return _paper(request, petition, f"affiche-{petition.slug}.pdf", content)


def _view(request: Request, session: Session, petition: Petition) -> View:
    """Its address is that of the page in the paper's language."""
    origin = settings_of(request).origin
    url = full_address(request, f"/petitions/{petition.slug}")
    return replace(public.view(session, petition, origin, clock.now()), url=url)


def _paper(request: Request, petition: Petition, name: str, content: bytes) -> Response:
    headers = {"content-disposition": f'inline; filename="{name}"', "cache-control": "public, max-age=60"}
    return Response(content, media_type="application/pdf", headers=headers | shared(request, petition.id))


@lru_cache(maxsize=256)
def _qr_svg(url: str) -> bytes:
    output = io.BytesIO()
    segno.make(url, error="m").save(output, kind="svg", border=0, scale=4)
    return output.getvalue()


@router.get("/petitions/{slug}/partager")
def share_elsewhere(request: Request, session: Db, petition: PublicPetition) -> Response:
    view = public.view(session, petition, settings_of(request).origin, clock.now())
    return page(request, "petitions/share.html", p=view)


@router.get("/images/{name}")
def image(request: Request, name: str) -> Response:
    """Of the store: an address never changes what it shows."""
    kind = images.type_of(name)
    path = settings_of(request).var / "images" / name
    if not kind or not path.is_file():
        raise NotFound("Aucune image n’est à cette adresse.")
    return FileResponse(path, media_type=kind, headers={"cache-control": "public, max-age=31536000, immutable"})
