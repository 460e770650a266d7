"""Petitions over HTTP: the list, the data, the printable text."""

import io
from functools import lru_cache, partial
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import segno
from fastapi import APIRouter, Request
from starlette.responses import FileResponse, JSONResponse, Response

from app import clock
from app.accounts.dependencies import Organiser
from app.accounts.models import Account
from app.db import Db, Session
from app.errors import NotFound
from app.moderation import replies
from app.petitions import actions, drafts, pdf, public, queries, typed
from app.petitions.dependencies import PublicPetition
from app.petitions.forms import DraftForm
from app.petitions.importing import PetitionFile
from app.petitions.models import Petition
from app.signatures import queries as signature_queries
from app.web.admission import in_lane
from app.web.forms import Form, FormRefused, Values, asked, number, validated
from app.web.ratelimit import limited
from app.web.rendering import EMPTY_FORM, page, see_other, settings_of, shared
from app.web.rendering import public as public_page

router = APIRouter()
CACHE = "public, max-age=1"
DRAFT_PAGE = "petitions/draft.html"
LATE = "Ce texte est en relecture ou publié : il ne change plus. Ce que vous venez d’écrire n’est pas enregistré."


@router.get("/")
def home(
    request: Request, session: Db, q: str = "", theme: str = "", tri: str = "recentes", page: str = "1"
) -> Response:
    now = clock.now()
    number = _page_number(page)
    sort = tri if tri in queries.SORTS else "recentes"
    words = q.strip()[:120]
    petitions, total = queries.open_page(session, now, words=words, theme=theme, sort=sort, page=number)
    pages = max(1, -(-total // queries.PER_PAGE))

    def link(n: int) -> str | None:
        if not 1 <= n <= pages or n == number:
            return None
        asked = {"q": words, "theme": theme, "tri": sort if sort != "recentes" else "", "page": str(n) if n > 1 else ""}
        return "/?" + urlencode({k: v for k, v in asked.items() if v})

    context: dict[str, Any] = {
        "petitions": public.cards(session, petitions, settings_of(request).origin, now),
        "query": {"q": words, "theme": theme, "tri": sort},
        "themes": queries.themes(session, now),
        "sorts": list(queries.SORTS.items()),
        "pager": {
            "previous": link(number - 1),
            "next": link(number + 1),
            "page": number,
            "pages": pages,
            "total": total,
        },
    }
    return public_page(request, "petitions/home.html", **context)


def _page_number(typed: str) -> int:
    return asked(typed, partial(number, least=1, most=99_999), 1)


@router.get("/comptage")
def how_counted(request: Request) -> Response:
    return public_page(request, "petitions/how_counted.html")


@router.get("/petitions/{slug}.json")
def data(request: Request, session: Db, slug: str) -> Response:
    petition = queries.public_by_slug(session, slug)
    if petition is None:
        raise NotFound("Aucune pétition n’est à cette adresse.")
    now = clock.now()
    view = public.view(session, petition, settings_of(request).origin, now)
    body = {
        "slug": view.slug,
        "url": view.url,
        "title": view.title,
        "state": view.state,
        "theme": view.theme,
        "author": view.author,
        "recipients": view.recipients,
        "count": view.count,
        "goal": view.goal,
        "opened_at": view.opened_at.isoformat() if view.opened_at else None,
        "closes_at": view.closes_at.isoformat() if view.closes_at else None,
        "closed_at": view.closed_at.isoformat() if view.closed_at else None,
        "version": view.version,
        "html": str(view.body_html),
        "sources": [{**s, "date": s["date"].isoformat() if s["date"] else None} for s in view.sources],
        "replies": [reply.as_json() for found in replies.published(session, petition.id).values() for reply in found],
    }
    return _open_json(body, petition.id)


@router.get("/petitions/{slug}/compteur.json")
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
    view = public.view(session, petition, settings_of(request).origin, clock.now())
    return _paper(request, petition, f"{petition.slug}.pdf", pdf.render(view))


@router.get("/petitions/{slug}/affiche.pdf")
@in_lane("setting")
def poster(request: Request, session: Db, petition: PublicPetition) -> Response:
    view = public.view(session, petition, settings_of(request).origin, clock.now())
    return _paper(request, petition, f"affiche-{petition.slug}.pdf", pdf.poster(view, _qr_svg(view.url)))


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


@router.get("/widget/{slug}")
def widget(request: Request, session: Db, petition: PublicPetition) -> Response:
    view = public.view(session, petition, settings_of(request).origin, clock.now())
    return public_page(request, "petitions/widget.html", petition.id, p=view)


@router.get("/images/{name}")
def image(request: Request, name: str) -> Response:
    path = Path(settings_of(request).var) / "images" / name
    if "/" in name or not name.endswith(".webp") or not path.is_file():
        raise NotFound("Aucune image n’est à cette adresse.")
    return FileResponse(path, media_type="image/webp", headers={"cache-control": "public, max-age=31536000, immutable"})


# Writing: an organiser's own drafts.


@router.get("/organisation/petitions/nouvelle")
def new_draft(request: Request, organiser: Organiser) -> Response:
    return page(request, DRAFT_PAGE, **_draft_context(EMPTY_FORM))


def _draft_context(form: dict[str, Any], slug: str = "") -> dict[str, Any]:
    return {"form": form, "slug": slug, "latest_day": typed.latest_day(clock.now())}


@router.post("/organisation/petitions/nouvelle")
@limited("staff")
def write_draft(request: Request, session: Db, organiser: Organiser, values: Form) -> Response:
    form, file = _draft(values)
    petition = actions.create(
        session, file, folder=None, image_store=settings_of(request).var / "images", by=organiser.id
    )
    signed = signature_queries.any_signature(session, petition.id)
    actions.set_delivery_mode(session, petition, form.delivery_mode, signed=signed, by=organiser.id)
    actions.add_owner(session, petition, organiser.id, organiser.id)
    return see_other(request, f"/organisation/petitions/{petition.slug}")


def _draft(values: Values, slug: str = "") -> tuple[DraftForm, PetitionFile]:
    """Raises FormRefused with the page on which everything typed still stands."""
    try:
        form = validated(DraftForm, values)
        try:
            return form, form.file()
        except ValueError as error:
            raise FormRefused({"sources": error.args[0]}, values) from None
    except FormRefused as refused:
        refused.page = (DRAFT_PAGE, _draft_context(refused.form, slug))
        raise


def _own(session: Session, organiser: Account, slug: str) -> Petition:
    petition = queries.by_slug(session, slug)
    if petition is None or not queries.owns(session, organiser.id, petition.id):
        raise NotFound("Aucun de vos brouillons n’est à cette adresse.")
    return petition


@router.get("/organisation/petitions/{slug}/texte")
def edit_draft(request: Request, session: Db, organiser: Organiser, slug: str) -> Response:
    petition = _own(session, organiser, slug)
    if petition.state not in actions.WRITABLE:
        raise NotFound("Aucun de vos brouillons n’est à cette adresse.")
    values = drafts.values_of(petition, queries.text_of(session, petition))
    return page(request, DRAFT_PAGE, **_draft_context({"values": values, "errors": {}}, slug))


@router.post("/organisation/petitions/{slug}/texte")
@limited("staff")
def rewrite_draft(request: Request, session: Db, organiser: Organiser, slug: str, values: Form) -> Response:
    petition = _own(session, organiser, slug)
    if petition.state not in actions.WRITABLE:  # proposed from another window meanwhile
        refused = FormRefused({"": LATE}, values, 409)
        refused.page = (DRAFT_PAGE, _draft_context(refused.form, slug))
        raise refused
    form, file = _draft(values, slug)
    actions.rewrite(session, petition, file, organiser.id)
    signed = signature_queries.any_signature(session, petition.id)
    actions.set_delivery_mode(session, petition, form.delivery_mode, signed=signed, by=organiser.id)
    return see_other(request, f"/organisation/petitions/{slug}")
