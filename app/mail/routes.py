"""The local mailbox: where the demo's mails are caught. It exists on this machine only."""

import re
from email import message_from_bytes, policy
from email.message import EmailMessage, Message

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, Response

from app.db import Db
from app.errors import NotFound
from app.mail import queries
from app.mail.models import CaughtMail
from app.web.forms import RowId
from app.web.rendering import page, settings_of

router = APIRouter(prefix="/boite-locale")


def _only_here(request: Request) -> None:
    settings = settings_of(request)
    if not settings.is_local or settings.smtp_url:
        raise NotFound("Aucune page n’est à cette adresse.")


@router.get("")
def mailbox(request: Request, session: Db) -> Response:
    _only_here(request)
    mails = [
        {
            "id": mail.id,
            "to": mail.recipient,
            "subject": mail.title,
            "at": mail.caught_at,
            "lang": _language(message_from_bytes(mail.source, policy=policy.default)),
        }
        for mail in queries.caught(session)
    ]
    return page(request, "mail/mailbox.html", mails=mails)


@router.get("/{mail_id}")
def message(request: Request, session: Db, mail_id: RowId) -> Response:
    _only_here(request)
    caught, parsed = _message(session, mail_id)
    text = parsed.get_body(("plain",))
    mail = {
        "id": caught.id,
        "to": caught.recipient,
        "from": str(parsed["From"]),
        "subject": caught.title,
        "at": caught.caught_at,
        "lang": _language(parsed),
        "text": text.get_content() if text is not None else "",
        "html_url": f"/boite-locale/{mail_id}/html",
    }
    return page(request, "mail/message.html", mail=mail)


@router.get("/{mail_id}/html")
def message_html(request: Request, session: Db, mail_id: RowId) -> Response:
    _only_here(request)
    html = _message(session, mail_id)[1].get_body(("html",))
    return HTMLResponse(
        html.get_content() if html is not None else "",
        headers={
            "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'self'",
            "x-frame-options": "SAMEORIGIN",
            "cache-control": "no-store",
        },
    )


def _language(parsed: Message) -> str:
    """Of a mail: each is written in its reader's."""
    assert isinstance(parsed, EmailMessage)
    html = parsed.get_body(("html",))
    found = re.search(r'<html lang="(\w+)"', html.get_content()) if html is not None else None
    return found[1] if found else "fr"


def _message(session: Db, mail_id: int) -> tuple[CaughtMail, EmailMessage]:
    caught = queries.caught_mail(session, mail_id)
    if caught is None:
        raise NotFound("Ce message n’existe pas, ou plus.")
    parsed = message_from_bytes(caught.source, policy=policy.default)
    assert isinstance(parsed, EmailMessage)
    return caught, parsed
