"""Pages: a template, a context, a status, and whether everybody may share the answer."""

from collections.abc import Iterable
from typing import Any

from fastapi import Request
from starlette.responses import HTMLResponse, RedirectResponse

from app.settings import Settings
from app.templating import Templates, in_language, translate_said
from app.web.finishing import finished

EMPTY_FORM: dict[str, dict[str, str]] = {"values": {}, "errors": {}}


def settings_of(request: Request) -> Settings:
    settings: Settings = request.app.state.settings
    return settings


def locale_of(request: Request) -> str:
    """The language of the answer."""
    locale: str = request.scope["state"]["locale"]
    return locale


def said(request: Request, message: str) -> str:
    """A sentence or a label of ours in the language of the answer: plain text."""
    return translate_said(locale_of(request), message)


def said_as_data(request: Request, message: str) -> str:
    """The same in a feed: the typography of French is for pages."""
    return str(message) if locale_of(request) == "fr" else said(request, message)


def choices(request: Request, options: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """``(value, label)`` of a list to choose from, in the language of the answer."""
    return [(value, said(request, label)) for value, label in options]


def localised(request: Request, path: str) -> str:
    """*path* in the language that was asked for."""
    return in_language(request.scope["state"]["locale"], path)


def full_address(request: Request, path: str = "") -> str:
    """The same with our name before it, for what is read elsewhere."""
    return settings_of(request).origin + localised(request, path)


def render(request: Request, template: str, **context: Any) -> str:
    templates: Templates = request.app.state.templates
    locale = locale_of(request)
    path = request.url.path
    other = "en" if locale == "fr" else "fr"
    switch = {
        "href": path if other == "fr" else f"/en{path}",
        "label": "English" if other == "en" else "Français",
        "lang": other,
    }
    staff = getattr(request.state, "staff", None)
    html = templates.render(template, locale, **{"path": path, "staff": staff, "language_switch": switch, **context})
    return finished(html, locale)


# Its address may be a token, which never leaves for another site. Not no-referrer, which has our own forms
# come as "Origin: null", like a stranger's hidden frame; browsers too old to know same-origin keep to that.
PRIVATE = {"cache-control": "no-store", "referrer-policy": "no-referrer, same-origin"}


def page(request: Request, template: str, status: int = 200, **context: Any) -> HTMLResponse:
    """A page for one person: not kept anywhere, and tells no other site where it was."""
    return HTMLResponse(render(request, template, **context), status, headers=PRIVATE)


def public(request: Request, template: str, petition_id: int = 0, **context: Any) -> HTMLResponse:
    """A page that is the same for everybody; see ``pagecache``."""
    return HTMLResponse(render(request, template, **context), headers=shared(request, petition_id))


def shared(request: Request, petition_id: int) -> dict[str, str]:
    """The marks of an answer that is the same for whoever asks with the same values of its parameters."""
    reads = ",".join(field.alias for field in request.scope["route"].dependant.query_params)
    return {"x-signons-shared": str(petition_id), "x-signons-reads": reads}


def see_other(request: Request, path: str) -> RedirectResponse:
    """After a POST: go and look; *path* is without language prefix."""
    return RedirectResponse(localised(request, path), 303, headers={"cache-control": "no-store"})
