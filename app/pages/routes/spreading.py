"""What other sites show of a petition: its card, its badge, and what oEmbed says of it."""

from functools import partial
from typing import Annotated
from urllib.parse import unquote, urlsplit
from xml.etree.ElementTree import Element, SubElement, tostring

from fastapi import Query, Request
from markupsafe import Markup
from starlette.responses import JSONResponse, Response

from app import clock
from app.db import Db, Session
from app.errors import NotFound, Unable
from app.pages.routes.base import router
from app.petitions import addresses, badge, network_card, public, queries
from app.petitions.dependencies import PublicPetition
from app.petitions.models import Petition
from app.settings import Settings
from app.web.admission import in_lane
from app.web.forms import asked, number
from app.web.rendering import locale_of, settings_of, shared

EVERYWHERE = {"access-control-allow-origin": "*", "cross-origin-resource-policy": "cross-origin"}
# Of the counter's frame: what it takes, and the least in which it can be read.
FRAME = (360, 300)
LEAST = (200, 150)
MOST_PIXELS = 10_000
_FRAME = Markup('<iframe src="{}" title="{}" width="{}" height="{}" loading="lazy" style="border:0"></iframe>')
NO_SUCH = "Cette adresse n’est pas celle d’une pétition de ce site."


@router.get("/petitions/{slug}/carte.png")
@in_lane("setting")
def card(request: Request, session: Db, petition: PublicPetition) -> Response:
    settings, now = settings_of(request), clock.now()
    view = public.view(session, petition, settings.origin, now)
    cards: network_card.NetworkCards = request.app.state.network_cards
    content = cards.of(view, settings.site_name, locale_of(request), settings.var / "images", now)
    headers = {"cache-control": "public, max-age=300", **EVERYWHERE, **shared(request, petition.id)}
    return Response(content, media_type="image/png", headers=headers)


@router.get("/petitions/{slug}/badge.svg")
def count_badge(request: Request, session: Db, petition: PublicPetition) -> Response:
    content = badge.svg(petition.title, queries.count(session, petition.id), locale_of(request))
    headers = {"cache-control": "public, max-age=60", **EVERYWHERE, **shared(request, petition.id)}
    return Response(content, media_type="image/svg+xml", headers=headers)


# oEmbed 1.0 (oembed.com)


@router.get("/oembed")
def oembed(
    request: Request,
    session: Db,
    url: str = "",
    kind: Annotated[str, Query(alias="format")] = "json",
    maxwidth: str = "",
    maxheight: str = "",
) -> Response:
    """The counter, which any site may frame: who asks does not say for which site, so that it is never the form."""
    settings = settings_of(request)
    prefix, petition = _of_address(session, settings, url)
    if kind not in {"json", "xml"}:
        raise Unable("Deux formats sont servis : json et xml.")
    most = [asked(typed, partial(number, most=MOST_PIXELS), MOST_PIXELS) for typed in (maxwidth, maxheight)]
    said = _said(settings, prefix, petition, most[0], most[1])
    headers = {"cache-control": "public, max-age=60", **EVERYWHERE}
    if kind == "json":
        return JSONResponse(said, headers=headers)
    return Response(_xml(said), media_type="text/xml; charset=utf-8", headers=headers)


def _of_address(session: Session, settings: Settings, url: str) -> tuple[str, Petition]:
    """The petition whose page is there, and the language's prefix. Raises NotFound."""
    try:
        parts, own = urlsplit(url), urlsplit(settings.origin)
        here = parts.scheme in {"http", "https"} and parts.netloc.lower() == own.netloc.lower()
        path = unquote(parts.path, errors="strict") if here else ""
    except ValueError:
        raise NotFound(NO_SUCH) from None
    prefix, _, slug = path.rstrip("/").rpartition("/petitions/")
    if prefix not in {"", "/en"} or not slug or not slug.isprintable():
        raise NotFound(NO_SUCH)
    return prefix, addresses.public_wherever(session, slug)


def _said(settings: Settings, prefix: str, petition: Petition, wide: int, high: int) -> dict[str, object]:
    """For at most so many pixels; where the counter has no room, a link."""
    origin, organisation = settings.origin, petition.organisation
    said: dict[str, object] = {
        "version": "1.0",
        "type": "link",
        "title": petition.title,
        "author_name": organisation.name if organisation else petition.author,
        "provider_name": settings.site_name,
        "provider_url": f"{origin}{prefix}/",
        "cache_age": 300,
    }
    if organisation:
        said["author_url"] = f"{origin}{prefix}/organisations/{organisation.slug}"
    if wide >= network_card.WIDTH and high >= network_card.HEIGHT:
        said["thumbnail_url"] = f"{origin}{prefix}/petitions/{petition.slug}/carte.png"
        said["thumbnail_width"], said["thumbnail_height"] = network_card.WIDTH, network_card.HEIGHT
    if wide >= LEAST[0] and high >= LEAST[1]:
        width, height = min(FRAME[0], wide), min(FRAME[1], high)
        address = f"{origin}{prefix}/widget/{petition.slug}/compteur"
        said |= {"type": "rich", "width": width, "height": height}
        said["html"] = str(_FRAME.format(address, petition.title, width, height))
    return said


def _xml(said: dict[str, object]) -> bytes:
    root = Element("oembed")
    for name, value in said.items():
        SubElement(root, name).text = str(value)
    return f'<?xml version="1.0" encoding="utf-8" standalone="yes"?>\n{tostring(root, encoding="unicode")}'.encode()
