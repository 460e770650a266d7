"""What has happened to a petition since: the whole timeline, and feeds of it."""

import re
from collections.abc import Iterable
from datetime import datetime
from urllib.parse import urlsplit
from xml.sax.saxutils import escape, quoteattr

from fastapi import Request
from starlette.responses import Response

from app import clock
from app.db import Db, OldDb
from app.locale import Message
from app.pages.routes.base import router
from app.petitions import markdown, public, queries
from app.petitions.dependencies import PublicPetition
from app.petitions.models import Petition
from app.updates import public as updates
from app.updates import words
from app.updates.models import Update, UpdateKind
from app.web.forms import cursor, cursor_text, identifier
from app.web.rendering import full_address, locale_of, said_as_data, settings_of, shared
from app.web.rendering import public as public_page

NEWEST = 50
# What XML cannot say, in titles that were written before it was taken out of them.
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@router.get("/petitions/{slug}/nouvelles")
def timeline(request: Request, session: Db, petition: PublicPetition, avant: str = "") -> Response:
    """From a keyset cursor: ``avant=<microseconds>-<id>``."""
    found, more = updates.page_of(session, petition.id, cursor(avant, identifier), locale_of(request))
    base = f"/petitions/{petition.slug}/nouvelles"
    return public_page(
        request,
        "petitions/news.html",
        petition.id,
        p=public.view(session, petition, settings_of(request).origin, clock.now()),
        news=found,
        older=f"{base}?avant={cursor_text(*more)}" if more else None,
        newest=base if avant else None,
    )


@router.get("/petitions/{slug}/nouvelles.atom")
def feed(request: Request, session: Db, petition: PublicPetition) -> Response:
    site = full_address(request)
    url = f"{site}/petitions/{petition.slug}"
    rows = updates.of_petition_rows(session, petition.id)
    entries = [_news_entry(request, row, petition.slug, petition.title, petition.author) for row in rows]
    return atom(
        request,
        petition.id,
        about=f"petition/{petition.id}/nouvelles",
        title=said_as_data(request, Message("Nouvelles : %(title)s", title=petition.title)),
        path=f"/petitions/{petition.slug}/nouvelles.atom",
        page=f"{url}/nouvelles?s=flux",
        author=petition.author,
        updated=rows[0].at if rows else petition.opened_at or petition.created_at,
        entries=entries,
    )


@router.get("/petitions.atom")
def every_feed(request: Request, session: OldDb) -> Response:
    """The newest petitions and the newest news of all of them, in one order."""
    settings = settings_of(request)
    told = [
        (row.at, _news_entry(request, row, slug, title, author))
        for row, slug, title, author in updates.recent(session, NEWEST)
    ]
    opened = [
        (petition.opened_at or petition.created_at, _petition_entry(request, petition, html))
        for petition, html in queries.newest(session, NEWEST)
    ]
    entries = sorted([*told, *opened], key=lambda one: one[0], reverse=True)[:NEWEST]
    return atom(
        request,
        0,
        about="petitions",
        title=said_as_data(request, Message("Pétitions et nouvelles : %(site)s", site=settings.site_name)),
        path="/petitions.atom",
        page=f"{full_address(request)}/?s=flux",
        author=settings.site_name,
        updated=entries[0][0] if entries else clock.now(),
        entries=[entry for _, entry in entries],
    )


def _news_entry(request: Request, row: Update, slug: str, petition: str, author: str) -> str:
    locale, url = locale_of(request), f"{full_address(request)}/petitions/{slug}"
    title = words.title(row.kind, row.title, row.facts, locale)
    if row.kind != UpdateKind.NEWS and title == row.title:  # what the site itself wrote tells its kind
        kind = Message(updates.KINDS[UpdateKind(row.kind)])
        title = said_as_data(request, Message("%(kind)s : %(title)s", kind=kind, title=title))
    html = words.html(row.kind, row.html, row.facts, locale)
    link = f"{url}/nouvelles?s=flux#n{row.id}"
    about = f"petition/{row.petition_id}/nouvelle/{row.id}"
    return entry(request, about, title, link, row.at, author, markdown.absolute(html, url), petition)


def _petition_entry(request: Request, petition: Petition, html: str) -> str:
    url = f"{full_address(request)}/petitions/{petition.slug}"
    at = petition.opened_at or petition.created_at
    text = markdown.absolute(html, url)
    return entry(request, f"petition/{petition.id}", petition.title, f"{url}?s=flux", at, petition.author, text)


def entry(
    request: Request, about: str, title: str, link: str, at: datetime, author: str, html: str, petition: str = ""
) -> str:
    origin = settings_of(request).origin
    theirs = "" if locale_of(request) == "fr" else ' xml:lang="fr"'
    category = f"<category term={quoteattr(_said(petition))}/>" if petition else ""
    return (
        f"<entry><id>{_tag(origin, about)}</id><title>{escape(_said(title))}</title>"
        f'<link rel="alternate" type="text/html" href={quoteattr(link)}/>'
        f"<published>{_moment(at)}</published><updated>{_moment(at)}</updated>"
        f"<author><name>{escape(_said(author))}</name></author>{category}"
        f'<content type="html"{theirs}>{escape(_said(html))}</content></entry>'
    )


def atom(
    request: Request,
    petition_id: int,
    *,
    about: str,
    title: str,
    path: str,
    page: str,
    author: str,
    updated: datetime,
    entries: Iterable[str],
) -> Response:
    """In the language of its address, but for what people tell: RFC 4287."""
    origin, locale = settings_of(request).origin, locale_of(request)
    body = [
        f'<?xml version="1.0" encoding="utf-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="{locale}">',
        f"<id>{_tag(origin, about)}</id><title>{escape(_said(title))}</title><updated>{_moment(updated)}</updated>",
        f'<link rel="self" type="application/atom+xml" href={quoteattr(full_address(request, path))}/>',
        f'<link rel="alternate" type="text/html" href={quoteattr(page)}/>',
        f"<author><name>{escape(_said(author))}</name></author>",
        *entries,
        "</feed>",
    ]
    return Response(
        "\n".join(body),
        media_type="application/atom+xml; charset=utf-8",
        headers={"access-control-allow-origin": "*", **shared(request, petition_id)},
    )


def _tag(origin: str, about: str) -> str:
    """For good: the address of a petition may change, its number does not (RFC 4151)."""
    return f"tag:{escape(urlsplit(origin).hostname or '')},2026:{about}"


def _said(text: str) -> str:
    return _NOT_XML.sub("", text)


def _moment(at: datetime) -> str:
    return at.isoformat(timespec="seconds")
