"""Error pages: in the site's style, in plain words, without a traceback or a database."""

from functools import lru_cache

from starlette.responses import HTMLResponse, Response
from starlette.types import Receive, Scope, Send

from app.templating import Templates

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
    503: "Trop de monde à la fois",
}


def error_response(
    templates: Templates, status: int, message: str, locale: str = "fr", headers: dict[str, str] | None = None
) -> Response:
    """The page of one error."""
    body = _page(templates, status, message, locale)
    return HTMLResponse(body, status, headers={"cache-control": "no-store", **(headers or {})})


@lru_cache(maxsize=512)
def _page(templates: Templates, status: int, message: str, locale: str) -> str:
    """Made once: whoever sends rubbish by the thousand is answered without cost."""
    title = TITLES.get(status, TITLES[500 if status >= 500 else 400])
    template = f"errors/{status if status in TITLES else 400}.html"
    return templates.render(template, locale, status=status, title=title, message=message, path="/", staff=None)


async def refuse(scope: Scope, receive: Receive, send: Send, status: int, message: str) -> None:
    """Answer with an error page from a middleware."""
    templates: Templates = scope["app"].state.templates
    locale = scope.get("state", {}).get("locale", "fr")
    await error_response(templates, status, message, locale)(scope, receive, send)
