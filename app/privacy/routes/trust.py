"""Legal and trust pages."""

from fastapi import Request
from starlette.responses import Response

from app.privacy.routes.base import router
from app.privacy.schedule import DAY_D, NOTICE_VERSIONS, SCHEDULE
from app.web.rendering import public


@router.get("/confidentialite")
def privacy_page(request: Request) -> Response:
    return public(request, "privacy/privacy.html", schedule=SCHEDULE, day_d=DAY_D, versions=NOTICE_VERSIONS)


@router.get("/mentions-legales")
def legal_notice(request: Request) -> Response:
    return public(request, "privacy/legal_notice.html")


@router.get("/accessibilite")
def accessibility(request: Request) -> Response:
    return public(request, "privacy/accessibility.html")


@router.get("/contact")
def contact(request: Request) -> Response:
    return public(request, "privacy/contact.html")
