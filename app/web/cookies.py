"""The cookies of people who work here: their session, and what lets a browser be known again.

Public pages set none, and are sent the session's only. The page after the sign form has one of its own, for half an
hour: what this browser has just sent.
"""

from starlette.requests import Request
from starlette.responses import Response

from app.web.rendering import localised, settings_of

# As long as what it holds is worth something.
HALF_A_YEAR = 180 * 24 * 3600


def _name(request: Request) -> str:
    # __Host- needs https; on this machine alone the plain name has to do.
    return "__Host-session" if settings_of(request).base_url.startswith("https") else "session"


def session_cookie(request: Request) -> str | None:
    return request.cookies.get(_name(request))


def set_session_cookie(request: Request, response: Response, value: str) -> None:
    response.set_cookie(
        _name(request),
        value,
        path="/",
        httponly=True,
        samesite="lax",
        secure=settings_of(request).base_url.startswith("https"),
    )


def clear_session_cookie(request: Request, response: Response) -> None:
    response.delete_cookie(
        _name(request),
        path="/",
        httponly=True,
        samesite="lax",
        secure=settings_of(request).base_url.startswith("https"),
    )


def _browser_name(request: Request, account_id: int) -> str:
    """One for each account: people share computers."""
    prefix = "__Secure-" if settings_of(request).base_url.startswith("https") else ""
    return f"{prefix}browser-{account_id}"


def browser_cookie(request: Request, account_id: int) -> str:
    """What this browser keeps of an earlier sign-in, or ""."""
    return request.cookies.get(_browser_name(request, account_id), "")


def set_browser_cookie(request: Request, response: Response, account_id: int, value: str) -> None:
    """Sent back to the sign-in page only."""
    response.set_cookie(
        _browser_name(request, account_id),
        value,
        max_age=HALF_A_YEAR,
        path=localised(request, "/connexion"),
        httponly=True,
        samesite="lax",
        secure=settings_of(request).base_url.startswith("https"),
    )


def _inbox_name(request: Request) -> str:
    return "__Secure-inbox" if settings_of(request).base_url.startswith("https") else "inbox"


def inbox_cookie(request: Request) -> str:
    """What this browser has just sent, still sealed; or ""."""
    return request.cookies.get(_inbox_name(request), "")


def set_inbox_cookie(request: Request, response: Response, slug: str, value: str, seconds: int) -> None:
    """Sent back to the page after the form, of this petition and in this language, and to what is under it.

    Written by hand: a crowd gets one each, and ``set_cookie`` costs more than all the rest of its answer. Lax,
    because the mail leads to that page from another site.
    """
    name = _inbox_name(request)
    secure = "; Secure" if name.startswith("__Secure-") else ""
    path = localised(request, f"/petitions/{slug}/verifier")
    response.headers.append(
        "set-cookie", f"{name}={value}; Path={path}; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}"
    )


def clear_inbox_cookie(request: Request, response: Response, slug: str) -> None:
    set_inbox_cookie(request, response, slug, "", 0)
