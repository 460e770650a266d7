"""The router of its modules, the cookie that remembers a draft, and what every page of a draft shows."""

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from app.db import Session, vault_of
from app.drafting import links, steps
from app.drafting.actions import STRANGERS_FOR
from app.drafting.models import Draft
from app.web.rendering import localised, settings_of

router = APIRouter(prefix="/lancer")
_COOKIE = "brouillon"


def draft_cookie(request: Request) -> str:
    """The address that this browser last began, or ""."""
    return request.cookies.get(_COOKIE, "")[:64]


def set_draft_cookie(request: Request, response: Response, address: str) -> None:
    """Sent back under /lancer only."""
    response.set_cookie(
        _COOKIE,
        address,
        max_age=int(STRANGERS_FOR.total_seconds()),
        path=localised(request, "/lancer"),
        httponly=True,
        samesite="lax",
        secure=settings_of(request).base_url.startswith("https"),
    )


def clear_draft_cookie(request: Request, response: Response) -> None:
    response.delete_cookie(_COOKIE, path=localised(request, "/lancer"))


def around(session: Session, draft: Draft) -> dict[str, Any]:
    """Its address, its steps, and what each lacks, for the list beside every page."""
    base = f"/lancer/{links.address_of(vault_of(session), draft.id)}"
    lacking = steps.lacking(draft.typed)
    return {
        "base": base,
        "steps": [
            {"path": step.path, "title": step.title, "begun": step.path in draft.saves, "lacking": step.path in lacking}
            for step in steps.STEPS
        ],
        "draft": draft,
    }
