"""The one cookie: the session of a person who works here. Public pages set none."""

from starlette.requests import Request
from starlette.responses import Response

from app.web.rendering import settings_of


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
