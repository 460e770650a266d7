"""Error pages: in the site's style, in plain words, without a traceback or a database; for programs, the same words
as a problem (RFC 9457)."""

from functools import lru_cache

from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.types import Receive, Scope, Send

from app.templating import Templates, translate_said

TITLES = {
    400: "Demande illisible",
    403: "Refusé",
    404: "Page introuvable",
    405: "Geste impossible ici",
    408: "Trop lent",
    409: "Déjà fait",
    410: "Ce lien ne sert plus",
    413: "Envoi trop long",
    415: "Format inattendu",
    422: "À corriger",
    429: "Un instant, s’il vous plaît",
    500: "Une erreur de notre côté",
    501: "Forme non servie",
    503: "Trop de monde à la fois",
}


# Where programs ask, and read no page.
FOR_PROGRAMS = ("/api/v1/", "/oembed/")


def is_for_programs(path: str) -> bool:
    return path.endswith(".json") or f"{path.removeprefix('/en')}/".startswith(FOR_PROGRAMS)


def error_response(
    templates: Templates,
    status: int,
    message: str,
    locale: str = "fr",
    headers: dict[str, str] | None = None,
    path: str = "",
) -> Response:
    """The page of one error, or the problem where it was asked for by a program."""
    if is_for_programs(path):
        open_headers = {"cache-control": "no-store", "access-control-allow-origin": "*", **(headers or {})}
        said = problem(status, message, locale)
        return JSONResponse(said, status, headers=open_headers, media_type="application/problem+json")
    body = _page(templates, status, message, locale, framed=path.removeprefix("/en").startswith("/widget/"))
    return HTMLResponse(body, status, headers={"cache-control": "no-store", **(headers or {})})


def problem(status: int, message: str, locale: str = "fr") -> dict[str, object]:
    title = TITLES.get(status, TITLES[500 if status >= 500 else 400])
    said = {"title": translate_said(locale, title), "status": status, "detail": translate_said(locale, message)}
    return {"type": "about:blank", **said}


@lru_cache(maxsize=512)
def _page(templates: Templates, status: int, message: str, locale: str, *, framed: bool) -> str:
    """Made once: whoever sends rubbish by the thousand is answered without cost.

    *framed*: in the page of another site, where the pages that it links to do not show.
    """
    title = TITLES.get(status, TITLES[500 if status >= 500 else 400])
    template = f"errors/{status if status in TITLES else 400}.html"
    said = {"status": status, "title": title, "message": message, "framed": framed}
    return templates.render(template, locale, path="/", staff=None, **said)


async def refuse(scope: Scope, receive: Receive, send: Send, status: int, message: str) -> None:
    """Answer with an error page from a middleware."""
    templates: Templates = scope["app"].state.templates
    locale = scope.get("state", {}).get("locale", "fr")
    await error_response(templates, status, message, locale, path=scope["path"])(scope, receive, send)
