"""The public register for people: which ones there are, how to verify them, a receipt checked in the browser, feeds."""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from fastapi import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from app import clock
from app.db import Db
from app.locale import Message
from app.pages.routes.base import router
from app.pages.routes.news import NEWEST, atom, entry
from app.petitions.dependencies import PublicPetition
from app.register import queries, receipts, verifier
from app.register.actions.writing import Pen
from app.register.models import RegisterCheckpoint, RegisterCosignature
from app.register.notes import Head, Note, Verifier
from app.register.receipts import Flaw
from app.web.forms import asked, number
from app.web.rendering import localised, said_as_data, settings_of, shared
from app.web.rendering import public as public_page

PER_PAGE = 50
LAST_PAGE = 99_999
SCRIPT = Path(verifier.__file__)


def keys_of(request: Request) -> list[str]:
    """What this instance signs with, as printed, the present key first."""
    return Pen.of(settings_of(request), request.app.state.vault).vkeys


@router.get("/registre")
def registers(request: Request, session: Db, page: str = "1") -> Response:
    at = asked(page, lambda text: number(text, 1, LAST_PAGE), 1)
    rows, total = queries.listed(session, at, PER_PAGE)
    pages = max(1, -(-total // PER_PAGE))

    def link(n: int) -> str | None:
        return f"/registre?page={n}" if 1 <= n <= pages else None

    return public_page(
        request,
        "register/registers.html",
        registers=[{"row": row, "slug": slug, "title": title} for row, slug, title in rows],
        total=total,
        keys=keys_of(request),
        pager={"previous": link(at - 1), "next": link(at + 1), "page": at, "pages": pages},
    )


@router.get("/registre/cles.txt")
def keys(request: Request) -> Response:
    """For programs: a public key (vkey) a line, the present one first."""
    text = "".join(f"{key}\n" for key in keys_of(request))
    return PlainTextResponse(text, headers={"access-control-allow-origin": "*", **shared(request, 0)})


@router.get("/registre/verifier")
def verify(request: Request) -> Response:
    return public_page(
        request,
        "register/verify.html",
        keys=keys_of(request),
        flaws=[(flaw.value, receipts.SENTENCES[flaw]) for flaw in Flaw],
        lines=_script().count("\n"),
    )


@router.get("/registre/verifier.py")
def script(request: Request) -> Response:
    """The same file everywhere: whoever doubts this site takes it from another one."""
    headers = {"content-disposition": 'attachment; filename="verifier.py"', **shared(request, 0)}
    return Response(_script(), media_type="text/x-python; charset=utf-8", headers=headers)


@lru_cache(maxsize=1)
def _script() -> str:
    return SCRIPT.read_text("utf-8")


@router.get("/registre/{slug}/tetes.atom")
def heads(request: Request, session: Db, petition: PublicPetition) -> Response:
    """The heads that are kept, one an hour: whoever archives this feed has what nobody can take back."""
    site, about = settings_of(request).origin, f"registre/{petition.id}"
    kept = queries.checkpoints(session, petition.id, NEWEST)
    cosigned = queries.cosignatures(session, petition.id)
    title = said_as_data(request, Message("Têtes du registre : %(title)s", title=petition.title))
    page = f"{site}{localised(request, f'/petitions/{petition.slug}/comptage')}"
    return atom(
        request,
        petition.id,
        about=f"{about}/tetes",
        title=title,
        path=f"/registre/{petition.slug}/tetes.atom",
        page=page,
        author=settings_of(request).site_name,
        updated=kept[0].at if kept else petition.opened_at or clock.now(),
        entries=[_head(request, one, about, page, cosigned) for one in kept],
    )


def _head(
    request: Request, kept: RegisterCheckpoint, about: str, page: str, cosigned: Sequence[RegisterCosignature]
) -> str:
    head = Head.read(Note.read(kept.note).text)
    lines = [one.line for one in cosigned if (one.size, one.root) == (head.size, head.root)]
    title = said_as_data(request, Message("Tête de taille %(n)s", n=head.size))
    text = f"<pre>{escape(kept.note + ''.join(lines))}</pre>"
    author = settings_of(request).site_name
    return entry(request, f"{about}/tete/{kept.size}", title, page, kept.at, author, text)


@router.get("/registre/{slug}")
def register(request: Request, petition: PublicPetition) -> Response:
    """What the origin of a log says, typed as an address, leads to its petition's page."""
    return RedirectResponse(localised(request, f"/petitions/{petition.slug}/comptage"), 307)


def log_context(request: Request, session: Db, petition_id: int) -> dict[str, Any] | None:
    """The register on the page of its petition; None before its first head."""
    row = queries.head(session, petition_id)
    if row is None or not row.note:
        return None
    return {
        "path": f"/registre/{row.name}",
        "origin": row.origin,
        "size": row.signed_size,
        "at": row.signed_at,
        "rolled_back_at": row.rolled_back_at,
        "url": f"{settings_of(request).origin}/registre/{row.name}",
        "cosigned": [
            {"name": Verifier.read(one.witness).name, "at": one.at, "size": one.size}
            for one in queries.cosignatures(session, petition_id)
        ],
    }
