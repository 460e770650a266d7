"""A recipient follows the link that the operator sent to an official address: to acknowledge, and to answer."""

from functools import partial

from fastapi import APIRouter, Request
from starlette.responses import Response

from app import crypto
from app.db import Db, Session
from app.deliveries import actions
from app.deliveries.forms import MAX_ANSWER, AnswerForm
from app.deliveries.models import RecipientLink
from app.deliveries.public import handed
from app.updates.models import UpdateState
from app.web.forms import Form, Shown, shown_again, validated
from app.web.ratelimit import limited
from app.web.rendering import EMPTY_FORM, page, see_other

router = APIRouter()
DONE = {
    "recu": "Merci. Votre accusé de réception paraît sur la page de la pétition.",
    "repondu": "Votre réponse est enregistrée. Une personne de la modération la relit avant qu’elle paraisse.",
}


@router.get("/destinataire/{token}")
def recipient(request: Request, session: Db, token: str, fait: str = "") -> Response:
    return _page(request, session, actions.opened(session, token), token, done=DONE.get(fait, ""))


def _page(
    request: Request, session: Session, link: RecipientLink, token: str, form: Shown = EMPTY_FORM, *, done: str = ""
) -> Response:
    last = actions.waiting(session, link)
    waits = last is not None and last.state == UpdateState.WAITING
    if waits and last is not None and not form["values"]:
        form = {"values": {"text": last.markdown, "url": last.facts.get("source_url", "")}, "errors": {}}
    return page(
        request,
        "deliveries/recipient.html",
        422 if form["errors"] else 200,
        petition=link.delivery.petition,
        handed=handed(link.delivery, [link]),
        link=link,
        last=last,
        waits=waits,
        token=crypto.trimmed(token),
        form=form,
        done=done,
        longest=MAX_ANSWER,
    )


@router.post("/destinataire/{token}/reception")
@limited()
def acknowledge(request: Request, session: Db, token: str) -> Response:
    actions.acknowledge(session, token)
    return see_other(request, f"/destinataire/{crypto.trimmed(token)}?fait=recu")


@router.post("/destinataire/{token}/reponse")
@limited()
def answer(request: Request, session: Db, token: str, values: Form) -> Response:
    """The one that waits is changed; one that has appeared stays, and this is another."""
    link = actions.opened(session, token)
    with shown_again(values, partial(_page, request, session, link, token)):
        form = validated(AnswerForm, values)
        actions.answer(session, token, form.text, form.url)
    return see_other(request, f"/destinataire/{crypto.trimmed(token)}?fait=repondu")
