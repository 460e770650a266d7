"""Legal and trust pages, and what signers may ask about their own data."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from app import clock
from app.db import Db, vault_of
from app.mail import outbox
from app.privacy import erasure
from app.privacy.schedule import SCHEDULE
from app.signatures import emails
from app.signatures.forms import EmailForm
from app.web.forms import Form, FormRefused, validated
from app.web.ratelimit import limited
from app.web.rendering import EMPTY_FORM, locale_of, page, public, see_other, settings_of

router = APIRouter()


@router.get("/confidentialite")
def privacy_page(request: Request) -> Response:
    return public(request, "privacy/privacy.html", schedule=SCHEDULE)


@router.get("/mentions-legales")
def legal_notice(request: Request) -> Response:
    return public(request, "privacy/legal_notice.html")


@router.get("/accessibilite")
def accessibility(request: Request) -> Response:
    return public(request, "privacy/accessibility.html")


@router.get("/transparence")
def transparency(request: Request) -> Response:
    return public(request, "privacy/transparency.html")


@router.get("/contact")
def contact(request: Request) -> Response:
    return public(request, "privacy/contact.html")


@router.get("/mes-signatures")
def ask(request: Request) -> Response:
    return page(request, "signatures/mine.html", form=EMPTY_FORM)


@router.post("/mes-signatures")
@limited()
def send_link(request: Request, session: Db, values: Form) -> Response:
    """The same answer for every address; only a mailbox learns more."""
    try:
        form = validated(EmailForm, values)
    except FormRefused as refused:
        refused.page = ("signatures/mine.html", {"form": refused.form})
        raise
    settings = settings_of(request)
    if next(erasure.signatures_of(session, form.email), None) is not None:
        mail = emails.manage_link(vault_of(session), form.email, locale_of(request), settings.origin, clock.now())
        outbox.enqueue(session, [mail])
    return see_other(request, "/mes-signatures/envoye")


@router.get("/mes-signatures/envoye")
def link_sent(request: Request) -> Response:
    return page(request, "signatures/mine_sent.html", sender=settings_of(request).mail_from)
